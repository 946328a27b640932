import type { ComponentChildren } from 'preact';

interface NoticeProps {
  readonly tone: 'bad' | 'warn' | 'plain';
  readonly title?: string;
  readonly children?: ComponentChildren;
}

/** An important sentence. A `bad` notice interrupts a screen reader; the others wait. */
export function Notice({ tone, title, children }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {title && <strong>{title}</strong>}
      <div>{children}</div>
    </div>
  );
}
