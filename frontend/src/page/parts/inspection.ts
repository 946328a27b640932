/** Whether the unlocked key opens a message. The message's hash was checked when it was read. */
import { useEffect, useState } from 'preact/hooks';
import type { Message } from '../../client';
import { type Opened, open } from '../../sealing';
import { sealingKey } from '../state/sealing';

function inspect(message: Message): Promise<Opened> {
  return open(message.ciphertext, message.key_id, sealingKey.peek());
}

/** Results for the unlocked key. Messages never change, so each is inspected once. */
let known = new WeakMap<Message, Opened>();
sealingKey.subscribe(() => {
  known = new WeakMap();
});

/** undefined: not tried yet. */
export function useInspection(message: Message): Opened | undefined {
  const key = sealingKey.value;
  const [, done] = useState<Opened>();
  // The key is a dependency, because another key opens other messages.
  useEffect(() => {
    if (known.has(message)) return;
    let wanted = true;
    const cache = known;
    void inspect(message).then((opened) => {
      cache.set(message, opened);
      if (wanted) done(opened);
    });
    return () => {
      wanted = false;
    };
  }, [message, key]);
  return known.get(message);
}

/** The state of a message in a few words. */
export function stateWords(opened: Opened, underOwnKey: boolean): string {
  switch (opened.state) {
    case 'opened':
      return 'Sealed, opened with your key';
    case 'unknown-content':
      return 'Sealed with your key, unknown content';
    case 'other-key':
      return underOwnKey ? 'Sealed format, does not open' : 'Sealed format, not your key';
    case 'bytes':
      return 'Bytes only';
  }
}
