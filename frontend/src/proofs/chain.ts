/**
 * The chain of a key's messages: each commits to the one before it and to one that lies further back.
 *
 *     chain(i) = hash of 116 bytes
 *     offset size
 *          0   32  chain value of the previous message of the key; of the first message: the label
 *         32   32  chain value of the jump target; of the first message: the label
 *         64   32  SHA-256 of the ciphertext
 *         96    4  id
 *        100    4  id of the previous message, 0: none
 *        104    4  timestamp, unix seconds
 *        108    4  bytes of the ciphertext
 *        112    4  rank: 1, 2, 3, ... within the key
 *
 * The store chooses jump targets so that every message is a few dozen links from every newer one. A verifier does not
 * need to know how: it accepts any link to a lower rank.
 */
import { chainHash, type Hash } from './hash';
import type { Reader } from './wire';

const CHAIN_BYTES = 116;

/** The fields of a message that its chain value commits to, apart from its links: the last 52 bytes. */
export interface Fields {
  /** SHA-256 of the ciphertext. */
  readonly hash: Hash;
  /** The message's id. */
  readonly id: number;
  /** The id of the message before it. 0: none. */
  readonly prevId: number;
  /** When it was stored, unix seconds. */
  readonly timestamp: number;
  /** Bytes of the ciphertext. */
  readonly len: number;
  /** Its number within the key, from 1. */
  readonly rank: number;
}

/** The chain values to which a message links. */
export interface Links {
  /** The previous message's; of the first message: the label. */
  readonly prev: Hash;
  /** The jump target's; of the first message: the label. */
  readonly jump: Hash;
}

/** A buffer for the hashed bytes. It is reused, because a page has a hundred messages. */
const bytes = new Uint8Array(CHAIN_BYTES);
const view = new DataView(bytes.buffer);

/** A message's chain value. */
export function chainOf(fields: Fields, links: Links): Hash {
  bytes.set(links.prev);
  bytes.set(links.jump, 32);
  bytes.set(fields.hash, 64);
  view.setUint32(96, fields.id, true);
  view.setUint32(100, fields.prevId, true);
  view.setUint32(104, fields.timestamp, true);
  view.setUint32(108, fields.len, true);
  view.setUint32(112, fields.rank, true);
  return chainHash(bytes);
}

export function readFields(bytes: Reader): Fields {
  return {
    hash: bytes.hash(),
    id: bytes.u32(),
    prevId: bytes.u32(),
    timestamp: bytes.u32(),
    len: bytes.u32(),
    rank: bytes.u32(),
  };
}
