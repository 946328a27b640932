/**
 * RFC 6962 logs. The checks are those of RFC 9162, 2.1.3.2 and 2.1.4.2.
 *
 *     leaf     SHA-256(0x00 | bytes of the leaf)
 *     node     SHA-256(0x01 | left 32 | right 32)
 */
import { equal } from './bytes';
import { DirectoryError } from './error';
import { sha256 } from './hash';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const logLeaf = (leaf: Uint8Array): Uint8Array => sha256(LEAF, leaf);
const node = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(NODE, left, right);

/** A size of a log and its root. */
export interface Checkpoint {
  readonly size: bigint;
  readonly root: Uint8Array;
}

/** Walks up from leaf `from` of a log with the last leaf `last`. Calls back with each sibling, and whether it is on the left. */
function climb(
  from: bigint,
  last: bigint,
  siblings: readonly Uint8Array[],
  step: (sibling: Uint8Array, left: boolean) => void,
) {
  let [at, end] = [from, last];
  for (const sibling of siblings) {
    if (end === 0n) throw new DirectoryError('Length');
    const left = (at & 1n) === 1n || at === end;
    step(sibling, left);
    while (left && (at & 1n) === 0n && at !== 0n) [at, end] = [at >> 1n, end >> 1n];
    [at, end] = [at >> 1n, end >> 1n];
  }
  if (end !== 0n) throw new DirectoryError('Length');
}

/** The root that the path proves for the hash of leaf `index` in a log of `size` leaves. */
export function rootByInclusion(
  index: bigint,
  size: bigint,
  leaf: Uint8Array,
  path: readonly Uint8Array[],
): Uint8Array {
  if (index >= size) throw new DirectoryError('Index');
  let hash = leaf;
  climb(index, size - 1n, path, (sibling, left) => {
    hash = left ? node(sibling, hash) : node(hash, sibling);
  });
  return hash;
}

/** Checks that the older log is a prefix of the newer one. */
export function checkConsistency(old: Checkpoint, newer: Checkpoint, proof: readonly Uint8Array[]): void {
  if (newer.size < old.size) throw new DirectoryError('Shrunk');
  if (old.size === 0n) throw new DirectoryError('Empty');
  if (old.size === newer.size) {
    if (proof.length > 0) throw new DirectoryError('Length');
    same(newer.root, old.root);
    return;
  }
  let [at, last] = [old.size - 1n, newer.size - 1n];
  while ((at & 1n) === 1n) [at, last] = [at >> 1n, last >> 1n];
  const isComplete = (old.size & (old.size - 1n)) === 0n;
  const start = isComplete ? old.root : proof[0];
  if (start === undefined) throw new DirectoryError('Length');
  let [oldHash, newHash] = [start, start];
  climb(at, last, isComplete ? proof : proof.slice(1), (sibling, left) => {
    if (left) oldHash = node(sibling, oldHash);
    newHash = left ? node(sibling, newHash) : node(newHash, sibling);
  });
  same(old.root, oldHash);
  same(newer.root, newHash);
}

function same(expected: Uint8Array, found: Uint8Array): void {
  if (!equal(expected, found)) throw new DirectoryError('Root');
}
