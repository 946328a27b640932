/** The vectors that the Rust implementation is held to as well: crates/proofs/vectors. */
import { readFileSync } from 'node:fs';
import {
  type Entry,
  type Head,
  type HeadsRefused,
  type Key,
  type PageRefused,
  type Refused,
  type Shown,
  type VerifiedHeads,
  type VerifiedPage,
  verifyHeads,
  verifyPage,
} from '../../src/proofs';
import { certifiedDataOf } from '../../src/proofs/certified';

export interface PageVector {
  name: string;
  key: KeyVector;
  order: 'ascending' | 'descending';
  entry: 'start' | { after: number } | { time: number } | { rank: number };
  root: string;
  time: number;
  clock: number;
  shown: { id: number; prev_id: number; timestamp: number; len: number; hash: string }[];
  proof: string;
  expected: unknown;
}

export interface HeadsVector {
  name: string;
  keys: KeyVector[];
  root: string;
  proof: string;
  expected: unknown;
}

export interface SeenVector {
  epoch: string;
  id: number;
  rank: number;
  chain: string;
  page: PageVector;
  expected: unknown;
}

type KeyVector = { id: string } | { label: string };

function read<Vector>(name: string): Vector[] {
  return JSON.parse(readFileSync(new URL(`../../../crates/proofs/vectors/${name}.json`, import.meta.url), 'utf8'));
}

export const PAGES = read<PageVector>('pages');
export const HEADS = read<HeadsVector>('heads');
export const SEEN = read<SeenVector>('seen');

export const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');

export function named<Vector extends { name: string }>(vectors: Vector[], name: string): Vector {
  const vector = vectors.find((one) => one.name === name);
  if (!vector) throw new Error(`There is no vector "${name}".`);
  return vector;
}

function keyOf(key: KeyVector): Key {
  return 'id' in key ? { id: bytes(key.id) } : { label: bytes(key.label) };
}

function entryOf(entry: PageVector['entry']): Entry {
  if (entry === 'start') return { kind: 'start' };
  if ('after' in entry) return { kind: 'after', id: entry.after };
  if ('time' in entry) return { kind: 'time', second: entry.time };
  return { kind: 'rank', rank: entry.rank };
}

export function shownOf(vector: PageVector): Shown[] {
  return vector.shown.map(({ prev_id, hash, ...rest }) => ({ ...rest, prevId: prev_id, hash: bytes(hash) }));
}

/** The verdict on a vector's page, with its own proof or another. */
export function verdictOnPage(vector: PageVector, proof = bytes(vector.proof), shown = shownOf(vector)) {
  const question = { key: keyOf(vector.key), order: vector.order, entry: entryOf(vector.entry) };
  return verifyPage(
    proof,
    question,
    shown,
    { data: certifiedDataOf(bytes(vector.root)), time: vector.time },
    vector.clock,
  );
}

/** The verdict on a vector's heads, with its own proof or another. */
export function verdictOnHeads(vector: HeadsVector, proof = bytes(vector.proof)) {
  return verifyHeads(proof, vector.keys.map(keyOf), { data: certifiedDataOf(bytes(vector.root)), time: 0 });
}

/** A page's verdict as the vectors write it. */
export function pageText(verdict: VerifiedPage | Refused<PageRefused>): unknown {
  if (verdict.kind === 'refused') return { refused: verdict.why };
  const { head, state, firstRank, more } = verdict;
  const { epoch, firstId, maxAge, layout, salt } = state;
  return {
    verified: {
      head: head && headText(head),
      state: { epoch: String(epoch), first_id: firstId, max_age: maxAge, layout, salt: hex(salt) },
      first_rank: firstRank,
      more,
    },
  };
}

/** The verdict on heads as the vectors write it. */
export function headsText(verdict: VerifiedHeads | Refused<HeadsRefused>): unknown {
  return verdict.kind === 'refused'
    ? { refused: verdict.why }
    : { verified: verdict.heads.map((head) => head && headText(head)) };
}

function headText(head: Head): unknown {
  return {
    last_id: head.lastId,
    last_time: head.lastTime,
    rank: head.rank,
    chain: hex(head.chain),
    acknowledged_id: head.acknowledgedId,
    acknowledged_rank: head.acknowledgedRank,
  };
}
