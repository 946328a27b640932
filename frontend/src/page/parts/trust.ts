/** The trust in a read, in words: the possible lies of a node, and whether the page would have noticed them. */
import type { Trust } from '../../client';
import { formatTime } from '../format';

/** The trust in one word. */
export function trustWord({ kind }: Trust): string {
  return kind === 'verified' ? 'verified' : 'unproved';
}

/** The trust in a list, from its last page. */
export function listTrustWords(trust: Trust): string {
  return trust.kind === 'verified'
    ? `Verified as of ${formatTime(trust.asOf)}, when the subnet certified this key. This page would have noticed a forged, missing, repeated or moved message, and an older state.`
    : 'Not proved: this comes from one node. Lists of ids or times across keys have no proof. The node could have invented messages, left some out, or answered from an older state. Look up a key or an id to get a proof.';
}

export function messageTrustWords(trust: Trust): string {
  return trust.kind === 'verified'
    ? `Verified as of ${formatTime(trust.asOf)}: the subnet certified its content, time, id and place among the messages of its key. This page would have noticed if one of them was forged.`
    : 'Not proved: this comes from one node. It could have invented this message. Look it up by its id to get a proof.';
}
