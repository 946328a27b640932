/**
 * Proofs of the prefix tree, hashed as draft-ietf-keytrans-protocol does.
 *
 *     leaf    SHA-256(0x02 | index 32 | value 32)
 *     parent  SHA-256(0x03 | left 32 | right 32)      a child that is absent counts as 32 bytes 0
 *     value   SHA-256("directory-leaf-v1\n" | position 8 | time 8 | entry hash 32)
 *
 *     0   result 1            0 found, 1 another leaf, 2 missing
 *     1   depth 2 (1 to 256)  of where the search ends
 *     3   bitmap ceil(depth / 8): bit i, from the highest of the first byte, says that sibling i is present; unused bits are 0
 *     ... a sibling of 32 bytes, not zero, for each bit that is set, from the root downwards
 *     ... another leaf's index 32 and value 32, for result 1
 */
import { equal, integer, type Reader, require, text } from './bytes';
import { isZero, sha256, ZERO } from './hash';

const BITS = 256;
const LEAF = Uint8Array.of(2);
const PARENT = Uint8Array.of(3);
const VALUE_DOMAIN = text('directory-leaf-v1\n');

export type Search =
  | { readonly result: 'found' }
  | { readonly result: 'other'; readonly index: Uint8Array; readonly value: Uint8Array }
  | { readonly result: 'missing' };

export interface MapProof {
  /** From the root downwards. An absent one is zero. */
  readonly siblings: readonly Uint8Array[];
  readonly search: Search;
}

export const leafValue = (position: bigint, time: bigint, entryHash: Uint8Array): Uint8Array =>
  sha256(VALUE_DOMAIN, integer(8, position), integer(8, time), entryHash);

const bit = (bytes: Uint8Array, at: number): number => ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;

export function readMapProof(reader: Reader): MapProof {
  const result = reader.u8('search result');
  require(result <= 2, 'search result');
  const depth = reader.u16('depth');
  require(depth >= 1 && depth <= BITS, 'depth');
  const bitmap = reader.slice('bitmap', Math.ceil(depth / 8));
  for (let at = depth; at < bitmap.length * 8; at++) require(bit(bitmap, at) === 0, 'bitmap');
  const siblings = Array.from({ length: depth }, (_, at) => {
    if (bit(bitmap, at) === 0) return ZERO;
    const sibling = reader.slice('sibling', 32);
    require(!isZero(sibling), 'sibling');
    return sibling;
  });
  if (result === 0) return { siblings, search: { result: 'found' } };
  if (result === 2) return { siblings, search: { result: 'missing' } };
  const [index, value] = [reader.slice('other index', 32), reader.slice('other value', 32)];
  return { siblings, search: { result: 'other', index, value } };
}

/**
 * The root that a proof yields for an index, with the value that was found. `undefined`: the other leaf does not share the
 * index's prefix, or is the index itself, so the proof proves nothing.
 */
export function mapRoot({ siblings, search }: MapProof, index: Uint8Array, value: Uint8Array): Uint8Array | undefined {
  const end = searchEnd(siblings.length, search, index, value);
  return (
    end &&
    siblings.reduceRight((hash, sibling, depth) => {
      return bit(index, depth) === 0 ? sha256(PARENT, hash, sibling) : sha256(PARENT, sibling, hash);
    }, end)
  );
}

function searchEnd(depth: number, search: Search, index: Uint8Array, value: Uint8Array): Uint8Array | undefined {
  if (search.result === 'found') return sha256(LEAF, index, value);
  if (search.result === 'missing') return ZERO;
  if (equal(search.index, index)) return undefined;
  for (let at = 0; at < depth; at++) if (bit(index, at) !== bit(search.index, at)) return undefined;
  return sha256(LEAF, search.index, search.value);
}
