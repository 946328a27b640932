/** A form for a change. It is closed until a person opens it, and shows the result of the last change as a sentence. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Failure } from '../../client';
import { Notice } from './notice';

/** Makes a change. The work returns the result as a sentence, or nothing. */
export type Attempt = (work: () => Promise<string | undefined>) => void;

interface ChangeProps {
  readonly title: string;
  readonly children: (attempt: Attempt) => ComponentChildren;
}

export function Change({ title, children }: ChangeProps) {
  const [became, setBecame] = useState<{ readonly tone: 'plain' | 'bad'; readonly words: string }>();
  const attempt: Attempt = (work) => {
    setBecame(undefined);
    work().then(
      (words) => setBecame(words === undefined ? undefined : { tone: 'plain', words }),
      (error) => {
        if (!(error instanceof Failure)) throw error;
        setBecame({ tone: 'bad', words: error.message });
      },
    );
  };
  return (
    <details>
      <summary>{title}</summary>
      <div class="change">
        {children(attempt)}
        {became && <Notice tone={became.tone}>{became.words}</Notice>}
      </div>
    </details>
  );
}

/** The trimmed text of a form's field. */
export function fieldOf(event: Event, name: string): string {
  return String(new FormData(event.currentTarget as HTMLFormElement).get(name)).trim();
}
