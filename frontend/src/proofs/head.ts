/**
 * What a root commits to: of each key its head, and of the store its state.
 *
 *     head, 52 bytes                                    state, 52 bytes, behind the trie's root (32)
 *     offset size                                       offset size
 *          0    4  id of the newest message                  0    8  epoch
 *          4    4  its timestamp, unix seconds               8    4  first_id: everything below has been dropped
 *          8    4  its rank: 1 for a key's first            12    4  max_age in seconds, 0: none
 *         12   32  its chain value                          16    4  layout version
 *         44    4  acknowledged id, 0: none                 20   32  salt of the labels; 0 where reads are closed
 *         48    4  acknowledged rank, 0: none
 *
 * Little-endian. A head changes with an add and an acknowledgement only: dropping and expiry change the state alone.
 */
import { EMPTY, equal, HASH_BYTES, type Hash, label, stateHash, valueHash } from './hash';
import type { Reader } from './wire';

const HEAD_BYTES = 52;
const STATE_BYTES = 52;

/** A key's head. */
export interface Head {
  /** Id of the newest message. */
  readonly lastId: number;
  /** When it was stored, unix seconds. */
  readonly lastTime: number;
  /** Its rank: messages of the key so far. */
  readonly rank: number;
  /** Its chain value. */
  readonly chain: Hash;
  /** Everything through this id has been acknowledged; 0: nothing. */
  readonly acknowledgedId: number;
  /** The rank of that message. */
  readonly acknowledgedRank: number;
}

/** The state of a store beside its keys. */
export interface State {
  /** Changes when a snapshot is restored. In one epoch an id is assigned only once. */
  readonly epoch: bigint;
  /** Everything below this id has been dropped. */
  readonly firstId: number;
  /** Seconds that a message lives; 0: for ever. */
  readonly maxAge: number;
  /** The version of the layout. */
  readonly layout: number;
  /** Keys the labels; all 0 where reads are closed, so that nobody can compute labels. */
  readonly salt: Hash;
}

/** The key of a question: its id where the store's reads are open, else its label, which an owner learns from the store. */
export type Key = { readonly id: Uint8Array } | { readonly label: Hash };

/** The canister's certified data that a certificate proves, and the certificate's time in unix seconds. */
export interface Certified {
  readonly data: Uint8Array;
  readonly time: number;
}

export function readHead(bytes: Reader): Head {
  return {
    lastId: bytes.u32(),
    lastTime: bytes.u32(),
    rank: bytes.u32(),
    chain: bytes.hash(),
    acknowledgedId: bytes.u32(),
    acknowledgedRank: bytes.u32(),
  };
}

export function readState(bytes: Reader): State {
  return {
    epoch: bytes.u64(),
    firstId: bytes.u32(),
    maxAge: bytes.u32(),
    layout: bytes.u32(),
    salt: bytes.hash(),
  };
}

/** The value to which the trie's leaf commits. */
export function headValue(head: Head): Hash {
  const bytes = new Uint8Array(HEAD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, head.lastId, true);
  view.setUint32(4, head.lastTime, true);
  view.setUint32(8, head.rank, true);
  bytes.set(head.chain, 12);
  view.setUint32(44, head.acknowledgedId, true);
  view.setUint32(48, head.acknowledgedRank, true);
  return valueHash(bytes);
}

/** The store's root, from its state and the trie's root. */
export function rootOf(state: State, trie: Hash): Hash {
  const bytes = new Uint8Array(HASH_BYTES + STATE_BYTES);
  bytes.set(trie);
  const view = new DataView(bytes.buffer, HASH_BYTES);
  view.setBigUint64(0, state.epoch, true);
  view.setUint32(8, state.firstId, true);
  view.setUint32(12, state.maxAge, true);
  view.setUint32(16, state.layout, true);
  bytes.set(state.salt, HASH_BYTES + 20);
  return stateHash(bytes);
}

/** The key's label in a store with this state. undefined: reads are closed, so the id does not determine it. */
export function labelOf(key: Key, state: State): Hash | undefined {
  if ('label' in key) return key.label;
  return equal(state.salt, EMPTY) ? undefined : label(state.salt, key.id);
}

/** Whether a message of this time is too old at `now`; both in unix seconds. */
export function tooOld(state: State, timestamp: number, now: number): boolean {
  return state.maxAge !== 0 && timestamp + state.maxAge <= now;
}
