/**
 * The proof of a page of a key: bytes and parts. `verify.ts` checks it.
 *
 *     page proof, version 1
 *     size
 *        1  version: 1
 *       52  state of the store (see head.ts)
 *        …  witness of the key (see trie.ts)
 *        2  number of steps, at most 255
 *     n*85  steps from the key's newest message towards the page: link taken (1: 0 previous, 1 jump), chain value of the
 *           link not taken (32), fields of the message (52, see chain.ts)
 *        4  rank of the page's oldest message, 0 where the page is empty
 *        2  number of messages, at most 1,000, then for each from the oldest on its jump link:
 *             1  0: the previous message's · 1: that of the message k before it in the page (k: 2) · 2: another (32)
 *        1  below the oldest: 0 nothing is said · 1 its previous chain value (32) · 2 the previous message: previous
 *           chain value (32), jump chain value (32), fields (52)
 *
 * The messages themselves are in the answer, not in the proof. Little-endian.
 */
import { type Fields, type Links, readFields } from './chain';
import type { Hash } from './hash';
import { readState, type State } from './head';
import { readWitness, type Witness } from './trie';
import type { Reader } from './wire';

/** Steps from a key's newest message to a page. */
const MAX_STEPS = 255;
/** Messages of a page. */
const MAX_MESSAGES = 1_000;

/** A message on the way from the key's newest to the page. */
export interface Step {
  /** The link that leads on. */
  readonly taken: 'previous' | 'jump';
  /** The chain value of the other link. */
  readonly other: Hash;
  /** The message. */
  readonly fields: Fields;
}

/** The jump link of a message of the page. */
export type Jump =
  /** To the previous message. */
  | { readonly kind: 'previous' }
  /** To the message so many before it in the page. */
  | { readonly kind: 'back'; readonly places: number }
  /** To a message outside the page. */
  | { readonly kind: 'to'; readonly chain: Hash };

/** What is said of the message before the page's oldest, or before the last step where the page is empty. */
export type Below =
  /** Nothing: there are neither messages nor steps. */
  | { readonly kind: 'nothing' }
  /** Its chain value. */
  | { readonly kind: 'chain'; readonly chain: Hash }
  /** All that its chain value commits to. */
  | { readonly kind: 'message'; readonly links: Links; readonly fields: Fields };

/** The proof of a page. */
export interface PageProof {
  /** The store's state. */
  readonly state: State;
  /** The key's way through the trie. */
  readonly witness: Witness;
  /** From the newest message of the key towards the page. */
  readonly steps: readonly Step[];
  /** The rank of the page's oldest message; 0: the page is empty. */
  readonly firstRank: number;
  /** Each message's jump link, from the oldest on. */
  readonly jumps: readonly Jump[];
  /** The message before. */
  readonly below: Below;
}

export function readPageProof(bytes: Reader): PageProof {
  bytes.version();
  const proof: PageProof = {
    state: readState(bytes),
    witness: readWitness(bytes),
    steps: bytes.items(MAX_STEPS, () => ({
      taken: bytes.oneOf<Step['taken']>(
        () => 'previous',
        () => 'jump',
      ),
      other: bytes.hash(),
      fields: readFields(bytes),
    })),
    firstRank: bytes.u32(),
    jumps: bytes.items(MAX_MESSAGES, () =>
      bytes.oneOf<Jump>(
        () => ({ kind: 'previous' }),
        () => ({ kind: 'back', places: bytes.u16() }),
        () => ({ kind: 'to', chain: bytes.hash() }),
      ),
    ),
    below: bytes.oneOf<Below>(
      () => ({ kind: 'nothing' }),
      () => ({ kind: 'chain', chain: bytes.hash() }),
      () => ({ kind: 'message', links: { prev: bytes.hash(), jump: bytes.hash() }, fields: readFields(bytes) }),
    ),
  };
  bytes.done();
  return proof;
}
