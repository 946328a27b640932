/**
 * The trie of keys: a path-compressed binary trie over their labels.
 *
 * A leaf is a label with its value. An inner node is at the first bit in which the labels below it differ. The 256 bits are
 * counted from the most significant one of byte 0. The node's hash commits to this position. So a label determines its path: at
 * each node take the side of its bit at the node's position. A label is absent if its path ends at another label.
 *
 *     witness on the wire
 *     size
 *        2  number of nodes, n, at most 256
 *     n*33  from the root down: position (1), hash of the side not taken (32)
 *        1  end: 0 the label's own head (52 bytes follow), 1 another leaf (its label 32, its value 32), 2 no keys at all
 */
import { EMPTY, entryHash, equal, type Hash, nodeHash } from './hash';
import { type Head, headValue, readHead } from './head';
import type { Refuse } from './verdict';
import type { Reader } from './wire';

/** Maximum number of nodes on a path: a label has 256 bits. */
const MAX_NODES = 256;

/** A node on the path from the root to a leaf. */
interface Turn {
  /** The bit that decides. */
  readonly position: number;
  /** The hash of the side that is not taken. */
  readonly sibling: Hash;
}

/** The end of a label's path. */
type End =
  /** At its own leaf: the key is there, with this head. */
  | { readonly kind: 'own'; readonly head: Head }
  /** At the leaf of another label: the key is not there. */
  | { readonly kind: 'other'; readonly label: Hash; readonly value: Hash }
  /** Nowhere: the trie is empty. */
  | { readonly kind: 'nothing' };

/** The path of one label through the trie. */
export interface Witness {
  /** From the root down. */
  readonly turns: readonly Turn[];
  /** The end of the path. */
  readonly end: End;
}

/** The reason why a witness is refused. The caller compares the root that it yields. */
export type WitnessError =
  /** The positions do not rise. */
  | 'positions'
  /** The other leaf is not at the end of the label's path. */
  | 'off-the-way'
  /** The other leaf has the label itself. */
  | 'not-absent'
  /** There are nodes, but no leaf. */
  | 'nothing';

/** The content of a valid witness. */
export interface Shows {
  /** The key's head; null: the key is not there. */
  readonly head: Head | null;
  /** The root of the trie that the witness yields. */
  readonly trie: Hash;
}

export function readWitness(bytes: Reader): Witness {
  return {
    turns: bytes.items(MAX_NODES, () => ({ position: bytes.u8(), sibling: bytes.hash() })),
    end: bytes.oneOf<End>(
      () => ({ kind: 'own', head: readHead(bytes) }),
      () => ({ kind: 'other', label: bytes.hash(), value: bytes.hash() }),
      () => ({ kind: 'nothing' }),
    ),
  };
}

/** Checks a witness for a label. Returns what it shows. */
export function verifyWitness({ turns, end }: Witness, label: Hash, refuse: Refuse<WitnessError>): Shows {
  let above = -1;
  for (const { position } of turns) {
    if (position <= above) refuse('positions');
    above = position;
  }
  const trie = turns.reduceRight(
    (below, { position, sibling }) =>
      bit(label, position) === 1 ? nodeHash(position, sibling, below) : nodeHash(position, below, sibling),
    leafOf(turns, end, label, refuse),
  );
  return { head: end.kind === 'own' ? end.head : null, trie };
}

function leafOf(turns: readonly Turn[], end: End, label: Hash, refuse: Refuse<WitnessError>): Hash {
  switch (end.kind) {
    case 'own':
      return entryHash(label, headValue(end.head));
    case 'other':
      if (equal(end.label, label)) refuse('not-absent');
      if (turns.some(({ position }) => bit(end.label, position) !== bit(label, position))) refuse('off-the-way');
      return entryHash(end.label, end.value);
    case 'nothing':
      return turns.length === 0 ? EMPTY : refuse('nothing');
  }
}

/** Bit `position` of a label, from the most significant of byte 0 on. */
function bit(label: Hash, position: number): number {
  return ((label[position >> 3] ?? 0) >> (7 - (position & 7))) & 1;
}
