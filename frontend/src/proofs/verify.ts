/**
 * Verifies a page: every message is genuine, none is left out, and both ends are where the question puts them.
 *
 *     older                                                                      newer
 *     below ◀── oldest ◀── … ◀── newest ◀── step ◀── … ◀── step = the key's newest ◀── leaf ◀── root ◀── certificate
 *       └ lower end: why nothing older belongs to the page        └ upper end
 *
 * The chain value of each message follows from its content and its links, so hashing from `below` upwards must end at the head
 * that the trie commits to.
 */
import { certifiedDataOf } from './certified';
import { chainOf, type Fields } from './chain';
import { type EndsRefused, moreBeyond } from './ends';
import { equal, type Hash } from './hash';
import { type Certified, type Head, labelOf, rootOf, type State } from './head';
import { type Below, type Jump, type PageProof, readPageProof, type Step } from './page';
import type { Question, Shown } from './question';
import { verifyWitness, type WitnessError } from './trie';
import { judged, type Refuse, type Refused } from './verdict';
import { type MalformedProof, Reader } from './wire';
import { zip } from './zip';

/** A verified page. */
export interface VerifiedPage {
  readonly kind: 'verified';
  /** The certificate's time in unix seconds: the page is that of this time. */
  readonly asOf: number;
  /** The key's head. null: the store does not know the key. */
  readonly head: Head | null;
  readonly state: State;
  /** The rank of the page's oldest message; 0: the page is empty. */
  readonly firstRank: number;
  /** Whether the key has more live messages after the page, in its order. */
  readonly more: boolean;
  /** The id of the message that follows the page's newest. 0: none. undefined: the proof jumps over it. */
  readonly above: number | undefined;
  /** Every message that the proof shows, for seen.ts. */
  readonly known: readonly Known[];
}

/** The place of a message in its key's list. */
export interface Known {
  readonly rank: number;
  readonly id: number;
  readonly chain: Hash;
}

/** The reason why a page is refused. */
export type PageRefused =
  | MalformedProof
  /** The labels of this store cannot be computed from key ids: its reads are closed. */
  | { readonly kind: 'label-unknown' }
  /** The witness is not valid for this key. */
  | { readonly kind: 'witness'; readonly error: WitnessError }
  /** Witness and state belong to another root than the certified one. */
  | { readonly kind: 'root' }
  /** The number of the proof's parts is not that of the messages. */
  | { readonly kind: 'count'; readonly shown: number; readonly proved: number }
  /** There are messages or steps, but the proof does not show what the first of them follows. */
  | { readonly kind: 'below-missing' }
  /** The answer has messages, or the proof has steps, of a key that is not there. */
  | { readonly kind: 'no-such-key' }
  /** This message's jump link leads outside the page. */
  | { readonly kind: 'jump-outside'; readonly id: number }
  /** Messages or steps are not in the order of the key's list. This is the first of them. */
  | { readonly kind: 'order'; readonly id: number }
  /** Messages and steps do not hash to the key's head: something was forged, left out, added or exchanged. */
  | { readonly kind: 'chain' }
  | EndsRefused;

/**
 * Verifies a page against the data that a certificate proves.
 *
 * `shown` are the messages of the answer, the oldest first in either order. `clock` is the reader's, in unix seconds. Whether a
 * message is too old is judged by the later of it and the certificate's time.
 */
export function verifyPage(
  proofBytes: Uint8Array,
  question: Question,
  shown: readonly Shown[],
  { data, time }: Certified,
  clock: number,
): VerifiedPage | Refused<PageRefused> {
  return judged((refuse) => {
    const proof = readPageProof(new Reader(proofBytes, refuse));
    const { state, jumps, steps } = proof;
    const label = labelOf(question.key, state) ?? refuse({ kind: 'label-unknown' });
    const { head, trie } = verifyWitness(proof.witness, label, (error) => refuse({ kind: 'witness', error }));
    if (!equal(certifiedDataOf(rootOf(state, trie)), data)) refuse({ kind: 'root' });
    const messages = zip(shown, jumps) ?? refuse({ kind: 'count', shown: shown.length, proved: jumps.length });
    const verified = { kind: 'verified', asOf: time, head, state } as const;
    if (!head) {
      if (shown.length > 0 || steps.length > 0) refuse({ kind: 'no-such-key' });
      return { ...verified, firstRank: 0, more: false, above: 0, known: [] };
    }
    const known = hashed(proof, messages, head, refuse);
    const more = moreBeyond(question, { proof, head, shown, now: Math.max(time, clock) }, refuse);
    const above = aboveOf(steps, shown.at(-1)?.id);
    return { ...verified, firstRank: shown.length > 0 ? proof.firstRank : 0, more, above, known };
  });
}

/** The id of the message directly above the page's newest, `newest`, as far as the steps show it. */
function aboveOf(steps: readonly Step[], newest: number | undefined): number | undefined {
  const last = steps.at(-1)?.fields;
  if (!last) return 0;
  return last.prevId === newest ? last.id : undefined;
}

/** Hashes from below the page up to the head. Returns every message on the way. */
function hashed(
  { firstRank, steps, below }: PageProof,
  messages: readonly [Shown, Jump][],
  head: Head,
  refuse: Refuse<PageRefused>,
): Known[] {
  const known: Known[] = [{ rank: head.rank, id: head.lastId, chain: head.chain }];
  if (messages.length === 0 && steps.length === 0) return known;
  let current = chainOfBelow(below) ?? refuse({ kind: 'below-missing' });
  let last = below.kind === 'message' ? below.fields : undefined;
  const place = placeBelow(messages[0]?.[0], firstRank, steps.at(-1), last);
  if (place && place.rank > 0) known.push({ ...place, chain: current });
  const chains: Hash[] = [];
  for (const [message, jump] of messages) {
    const fields = { ...message, rank: (firstRank + chains.length) >>> 0 };
    if (last && !follows(fields, last, 'previous')) refuse({ kind: 'order', id: fields.id });
    const target = targetOf(jump, current, chains) ?? refuse({ kind: 'jump-outside', id: fields.id });
    current = chainOf(fields, { prev: current, jump: target });
    chains.push(current);
    known.push({ rank: fields.rank, id: fields.id, chain: current });
    last = fields;
  }
  for (const { taken, other, fields } of [...steps].reverse()) {
    if (last && !follows(fields, last, taken)) refuse({ kind: 'order', id: fields.id });
    current = chainOf(fields, taken === 'previous' ? { prev: current, jump: other } : { prev: other, jump: current });
    known.push({ rank: fields.rank, id: fields.id, chain: current });
    last = fields;
  }
  if (!equal(current, head.chain) || last?.rank !== head.rank || last.id !== head.lastId) refuse({ kind: 'chain' });
  return known;
}

/** Rank and id of the message below the page, to which the message above it commits. */
function placeBelow(
  oldest: Shown | undefined,
  firstRank: number,
  step: Step | undefined,
  below: Fields | undefined,
): Pick<Known, 'rank' | 'id'> | undefined {
  if (oldest) return { rank: firstRank - 1, id: oldest.prevId };
  if (step?.taken === 'previous') return { rank: step.fields.rank - 1, id: step.fields.prevId };
  return below && { rank: below.rank, id: below.id };
}

/** The chain value of the message before, if anything is said of it. */
function chainOfBelow(below: Below): Hash | undefined {
  switch (below.kind) {
    case 'nothing':
      return undefined;
    case 'chain':
      return below.chain;
    case 'message':
      return chainOf(below.fields, below.links);
  }
}

/** The chain value of a jump's target. `chains` are those of the page's messages so far. */
function targetOf(jump: Jump, previous: Hash, chains: readonly Hash[]): Hash | undefined {
  switch (jump.kind) {
    case 'previous':
      return previous;
    case 'back':
      return chains[chains.length - jump.places];
    case 'to':
      return jump.chain;
  }
}

/** Whether a message may link to the one below it: a previous link goes to the next lower rank, a jump may go further. */
function follows(fields: Fields, below: Fields, taken: Step['taken']): boolean {
  return taken === 'previous'
    ? fields.prevId === below.id && fields.rank === below.rank + 1
    : fields.rank > below.rank && fields.id > below.id;
}
