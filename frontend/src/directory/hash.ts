/** SHA-256 over parts. */
import { sha256 as sha } from '@noble/hashes/sha2.js';
import { concat } from './bytes';

/** The hash of something absent: a missing child, the predecessor of a first entry. */
export const ZERO: Uint8Array = new Uint8Array(32);

export const isZero = (hash: Uint8Array): boolean => hash.every((byte) => byte === 0);

export const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => sha(concat(...parts));
