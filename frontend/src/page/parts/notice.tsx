import type { ComponentChildren } from 'preact';

interface NoticeProps {
  readonly tone: 'bad' | 'warn' | 'plain';
  readonly title?: string;
  readonly children?: ComponentChildren;
}

/** A sentence that matters. What is bad interrupts a screen reader, the rest waits. */
export function Notice({ tone, title, children }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {title && <strong>{title}</strong>}
      <div>{children}</div>
    </div>
  );
}
