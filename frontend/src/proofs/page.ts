/**
 * The proof of a page of a key: bytes and parts. `verify.ts` checks it.
 *
 *     page proof, version 1
 *     size
 *        1  version: 1
 *       52  state of the store (see head.ts)
 *        …  witness of the key (see trie.ts)
 *        2  number of steps, at most 255
 *        …  steps from the key's newest message towards the page: link taken (1: 0 previous, 1 jump), chain value of the
 *           link not taken (32), hash of the message (32), its other fields (5 numbers)
 *        4  rank of the page's oldest message, 0 where the page is empty
 *        2  number of messages, at most 1,000
 *        …  4 bits for each from the oldest on, the low half of a byte first; a half that is left is 0. Its jump link is
 *           0: another chain value, the next of those below · 1: that of the previous message · 2 to 9, k: that of the
 *           message 2^k - 1 before it in the page · 10: the chain value that the nearest 0 below stands for
 *     n*32  a chain value for each 0
 *        1  below the oldest: 0 nothing is said · 1 its previous chain value (32) · 2 the previous message: previous
 *           chain value (32), jump chain value (32), fields (52)
 *
 * The numbers of a step are: how far id, timestamp and rank are below those of the step before; how far the previous id
 * is below the id; the bytes of the ciphertext. The first step is compared with the key's head. Differences are those of
 * 32-bit numbers that wrap. A number has 7 bits in each byte, the low ones first, and bit 7 where another byte follows.
 *
 * The messages themselves are in the answer, not in the proof. Little-endian.
 */
import { type Fields, type Links, readFields } from './chain';
import type { Hash } from './hash';
import { readState, type State } from './head';
import { readWitness, type Witness } from './trie';
import type { Reader } from './wire';

/** Maximum number of steps from a key's newest message to a page. */
const MAX_STEPS = 255;
/** Maximum number of messages in a page. */
const MAX_MESSAGES = 1_000;
/** The kinds of jump links: to another chain value, to the previous message, within the page, to the last other chain value. */
const TO = 0;
const PREVIOUS = 1;
const MAX_BACK = 9;
const TO_THE_SAME = 10;

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
  /** To the message this many places before it in the page. */
  | { readonly kind: 'back'; readonly places: number }
  /** To a message outside the page. */
  | { readonly kind: 'to'; readonly chain: Hash };

/**
 * The message before the page's oldest one, as far as the proof shows it. If the page is empty, the one before the last step.
 */
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
  const state = readState(bytes);
  const witness = readWitness(bytes);
  const proof: PageProof = {
    state,
    witness,
    steps: readSteps(bytes, witness),
    firstRank: bytes.u32(),
    jumps: readJumps(bytes),
    below: bytes.oneOf<Below>(
      () => ({ kind: 'nothing' }),
      () => ({ kind: 'chain', chain: bytes.hash() }),
      () => ({ kind: 'message', links: { prev: bytes.hash(), jump: bytes.hash() }, fields: readFields(bytes) }),
    ),
  };
  bytes.done();
  return proof;
}

function readSteps(bytes: Reader, { end }: Witness): Step[] {
  const head = end.kind === 'own' ? end.head : undefined;
  let above = { id: head?.lastId ?? 0, timestamp: head?.lastTime ?? 0, rank: head?.rank ?? 0 };
  const below = (number: number) => (number - bytes.number()) >>> 0;
  return bytes.items(MAX_STEPS, () => {
    const taken = bytes.oneOf<Step['taken']>(
      () => 'previous',
      () => 'jump',
    );
    const other = bytes.hash();
    const hash = bytes.hash();
    above = { id: below(above.id), timestamp: below(above.timestamp), rank: below(above.rank) };
    return { taken, other, fields: { hash, ...above, prevId: below(above.id), len: bytes.number() } };
  });
}

function readJumps(bytes: Reader): Jump[] {
  const count = bytes.count(MAX_MESSAGES);
  const codes: number[] = [];
  while (codes.length < count) {
    const two = bytes.u8();
    codes.push(two & 0xf, two >> 4);
  }
  const left = codes.slice(count).find((code) => code !== 0);
  if (left !== undefined) bytes.noCase(left);
  let last: Jump | undefined;
  return codes.slice(0, count).map((code): Jump => {
    if (code === TO) {
      last = { kind: 'to', chain: bytes.hash() };
      return last;
    }
    if (code === PREVIOUS) return { kind: 'previous' };
    if (code <= MAX_BACK) return { kind: 'back', places: 2 ** code - 1 };
    return code === TO_THE_SAME && last ? last : bytes.noCase(code);
  });
}
