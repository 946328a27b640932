/**
 * The hashes of proofs: BLAKE3, with a key of its own for each use.
 *
 *     key: "message-canister proofs 1: " and   hashes                                      bytes
 *     "chain"                                  a message and its two links (chain.ts)        116
 *     "value"                                  a key's head (head.ts)                         52
 *     "entry"                                  a label and its value: a leaf of the trie      64
 *     "node", position                         two subtrees that differ at that bit           64
 *     "state"                                  the trie's root and the store's state          84
 *
 * The keys are public constants. With them a hash of one use cannot be taken for a hash of another use. Only labels are keyed
 * with the store's salt.
 */
import { blake3 } from '@noble/hashes/blake3.js';

export const HASH_BYTES = 32;

/** 32 bytes. */
export type Hash = Uint8Array;

/** The root of a trie without keys. */
export const EMPTY: Hash = new Uint8Array(HASH_BYTES);

const keyFor = (use: string): Uint8Array => new TextEncoder().encode(`message-canister proofs 1: ${use}`);

const CHAIN = keyFor('chain');
const VALUE = keyFor('value');
const ENTRY = keyFor('entry');
const STATE = keyFor('state');
/** The last byte is the position. */
const NODE = keyFor('node\0');

/** The label of a key id in a store with this salt. */
export function label(salt: Hash, keyId: Uint8Array): Hash {
  return blake3(keyId, { key: salt });
}

/** The chain value of a message, from its 116 bytes. */
export function chainHash(bytes: Uint8Array): Hash {
  return blake3(bytes, { key: CHAIN });
}

/** The value of a head, from its 52 bytes. */
export function valueHash(bytes: Uint8Array): Hash {
  return blake3(bytes, { key: VALUE });
}

/** The root of a store, from the 84 bytes of the trie's root and the state. */
export function stateHash(bytes: Uint8Array): Hash {
  return blake3(bytes, { key: STATE });
}

/** The leaf of a label with its value. */
export function entryHash(ownLabel: Hash, value: Hash): Hash {
  return blake3(pair(ownLabel, value), { key: ENTRY });
}

/** The node whose subtrees hold the labels with bit `position` 0 and 1. */
export function nodeHash(position: number, left: Hash, right: Hash): Hash {
  const key = NODE.slice();
  key[HASH_BYTES - 1] = position;
  return blake3(pair(left, right), { key });
}

export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function pair(one: Hash, other: Hash): Uint8Array {
  const bytes = new Uint8Array(2 * HASH_BYTES);
  bytes.set(one);
  bytes.set(other, HASH_BYTES);
  return bytes;
}
