/** Checks that this browser makes on a message: its hash, and whether the key opens it. */
import { useEffect, useState } from 'preact/hooks';
import type { Message } from '../../client';
import { type Opened, open } from '../../sealing';
import { sealingKey } from '../state/sealing';

export interface Inspection {
  readonly hashMatches: boolean;
  readonly opened: Opened;
}

async function inspect(message: Message): Promise<Inspection> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(message.ciphertext)));
  const hashMatches = digest.length === message.hash.length && digest.every((byte, at) => byte === message.hash[at]);
  return { hashMatches, opened: await open(message.ciphertext, message.key_id, sealingKey.peek()) };
}

/** Results for the unlocked key. Messages never change, so each is inspected once. */
let known = new WeakMap<Message, Inspection>();
sealingKey.subscribe(() => {
  known = new WeakMap();
});

/** undefined until the checks are done. */
export function useInspection(message: Message): Inspection | undefined {
  const key = sealingKey.value;
  const [, done] = useState<Inspection>();
  // The key is a dependency: another key opens other messages.
  useEffect(() => {
    if (known.has(message)) return;
    let wanted = true;
    const cache = known;
    void inspect(message).then((inspection) => {
      cache.set(message, inspection);
      if (wanted) done(inspection);
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
