/** What this browser found out about a message by itself: its hash, and whether the key opens it. */
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

/** Of the key that is unlocked now; messages never change, so it is done once for each. */
let known = new WeakMap<Message, Inspection>();
sealingKey.subscribe(() => {
  known = new WeakMap();
});

/** undefined while it is being done. */
export function useInspection(message: Message): Inspection | undefined {
  const key = sealingKey.value;
  const [, done] = useState<Inspection>();
  // Another key opens other messages
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

/** What a message is, in a few words. */
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
