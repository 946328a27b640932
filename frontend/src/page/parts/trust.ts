/** What a read is worth, in words: what a lying node would have done, and whether it would have been caught. */
import type { Trust } from '../../client';
import { formatTime } from '../format';

/** In a word. */
export function trustWord({ kind }: Trust): string {
  return kind === 'verified' ? 'verified' : 'unproved';
}

/** Of a list's last page. */
export function listTrustWords(trust: Trust): string {
  return trust.kind === 'verified'
    ? `Verified as of ${formatTime(trust.asOf)}, when the subnet certified this key. A node that forged, left out, repeated or moved a message, or passed off an older state as this one, would have been caught.`
    : 'Not proved: one node says so. Lists of ids or times across keys have no proof. The node could have invented messages, left some out, or answered from an older state. Look up a key or an id to have a proof.';
}

export function messageTrustWords(trust: Trust): string {
  return trust.kind === 'verified'
    ? `Verified as of ${formatTime(trust.asOf)}: the subnet certified its content, time, id and place among the messages of its key. A node that forged one of them would have been caught.`
    : 'Not proved: one node says so. It could have invented this message. Look it up by its id to have a proof.';
}
