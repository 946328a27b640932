/**
 * The proof of the heads of many keys: one state, and a witness for each key.
 *
 *     size
 *        1  version: 1
 *       52  state of the store (see head.ts)
 *        2  number of witnesses, at most 1,000, in the order of the question's keys
 *        …  witnesses (see trie.ts)
 */
import { certifiedDataOf } from './certified';
import { equal } from './hash';
import { type Certified, type Head, type Key, labelOf, readState, rootOf, type State } from './head';
import { readWitness, verifyWitness, type WitnessError } from './trie';
import { judged, type Refused } from './verdict';
import { type MalformedProof, Reader } from './wire';
import { zip } from './zip';

/** Keys of one question. */
const MAX_KEYS = 1_000;

/** Verified heads. */
export interface VerifiedHeads {
  readonly kind: 'verified';
  /** The certificate's time in unix seconds: the heads are those of this time. */
  readonly asOf: number;
  readonly state: State;
  /** The head of each key, in the order of the question. null: the store does not know the key. */
  readonly heads: readonly (Head | null)[];
}

/** The reason why heads are refused. `at` is the key's index in the question. */
export type HeadsRefused =
  | MalformedProof
  /** The number of witnesses is not that of the keys. */
  | { readonly kind: 'count'; readonly asked: number; readonly proved: number }
  /** The labels of this store cannot be computed from key ids: its reads are closed. */
  | { readonly kind: 'label-unknown'; readonly at: number }
  /** A witness is not valid for its key. */
  | { readonly kind: 'witness'; readonly at: number; readonly error: WitnessError }
  /** A witness belongs to another root than the certified one. */
  | { readonly kind: 'root'; readonly at: number };

/** Verifies heads against the data that a certificate proves. */
export function verifyHeads(
  proof: Uint8Array,
  keys: readonly Key[],
  { data, time }: Certified,
): VerifiedHeads | Refused<HeadsRefused> {
  return judged((refuse) => {
    const bytes = new Reader(proof, refuse);
    bytes.version();
    const state = readState(bytes);
    const witnesses = bytes.items(MAX_KEYS, () => readWitness(bytes));
    bytes.done();
    const pairs = zip(keys, witnesses) ?? refuse({ kind: 'count', asked: keys.length, proved: witnesses.length });
    const heads = pairs.map(([key, witness], at) => {
      const label = labelOf(key, state) ?? refuse({ kind: 'label-unknown', at });
      const { head, trie } = verifyWitness(witness, label, (error) => refuse({ kind: 'witness', at, error }));
      return equal(certifiedDataOf(rootOf(state, trie)), data) ? head : refuse({ kind: 'root', at });
    });
    return { kind: 'verified', asOf: time, state, heads };
  });
}
