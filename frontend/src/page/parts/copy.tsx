/** A value with a copy button. The value may be shortened, but it is copied whole. */
import { useState } from 'preact/hooks';
import { announce } from './announcer';

const SHOWN_MS = 1500;

interface CopyProps {
  readonly value: string;
  /** The name of the value: "canister id". */
  readonly name: string;
  /** The text to show; by default the value. */
  readonly shown?: string;
}

export function Copy({ value, name, shown = value }: CopyProps) {
  const [said, setSaid] = useState<string>();
  const copy = async () => {
    const done = await navigator.clipboard.writeText(value).then(
      () => true,
      () => false,
    );
    const text = done ? 'Copied' : 'Copying is not allowed';
    announce(`${text}: ${name}`);
    setSaid(text);
    setTimeout(() => setSaid(undefined), SHOWN_MS);
  };
  return (
    <span class="copy">
      <code title={value}>{shown}</code>
      <button type="button" class="quiet" aria-label={`Copy the ${name}`} onClick={copy}>
        {said ?? 'Copy'}
      </button>
    </span>
  );
}
