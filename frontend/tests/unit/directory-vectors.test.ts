/** The vectors that the Rust library is held to as well: crates/directory-core/vectors, and those of transparency-dev/merkle. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Checkpoint,
  DirectoryError,
  decodeEntry,
  decodeUpdate,
  encodeEntry,
  inForce,
  type Memory,
  Quorum,
  replay,
  type State,
  type Trusted,
  verify,
} from '../../src/directory';
import { isKey, verifies } from '../../src/directory/keys';
import { checkConsistency, rootByInclusion } from '../../src/directory/log';
import { verifyVrf } from '../../src/directory/vrf';

interface PolicyVector {
  keys: string[];
  threshold: number;
}
interface StateVector {
  entry: string;
  time: string;
  replaced: string | null;
}
interface CheckpointVector {
  size: string;
  root: string;
}
type Expected<T> = T | { error: string };
interface Vectors {
  trusted: {
    realm: string;
    origin: string;
    vrf: string;
    configuration: string;
    registrars: PolicyVector[];
    verifiers: { name: string; key: string }[];
    threshold: number;
    max_age: string;
  };
  keys: { key: string; valid: boolean }[];
  signatures: { name: string; key: string; message: string; signature: string; valid: boolean }[];
  vrf: ({ name: string; key: string; label: string; proof: string } & Expected<{ index: string }>)[];
  lookups: {
    name: string;
    label: string;
    view: 'newest' | 'ratified';
    certified: CheckpointVector;
    certified_time: string;
    now: string;
    memory: { log: CheckpointVector; ratified: string } | null;
    contact: StateVector | null;
    proof: string;
    expected: Expected<{
      since: string | null;
      ratified: string;
      state: StateVector | null;
      in_force: number | null;
      profile: string | null;
    }>;
  }[];
  replays: {
    name: string;
    realm: string;
    index: string;
    label: string;
    registrars: PolicyVector[];
    updates: { time: string; update: string }[];
    expected: Expected<{ state: StateVector }>;
  }[];
}

const CRATE = new URL('../../../crates/directory-core/', import.meta.url);
const VECTORS: Vectors = JSON.parse(readFileSync(new URL('vectors/version-1.json', CRATE), 'utf8'));

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const checkpoint = ({ size, root }: CheckpointVector): Checkpoint => ({ size: BigInt(size), root: bytes(root) });
const policy = ({ keys, threshold }: PolicyVector) => ({ keys: keys.map(bytes), threshold });

const stateOf = ({ entry, time, replaced }: StateVector): State => ({
  entry: decodeEntry(bytes(entry)),
  time: BigInt(time),
  replaced: replaced === null ? undefined : decodeEntry(bytes(replaced)),
});
const vectorOf = (state: State | undefined): StateVector | null =>
  state
    ? {
        entry: hex(encodeEntry(state.entry)),
        time: `${state.time}`,
        replaced: state.replaced ? hex(encodeEntry(state.replaced)) : null,
      }
    : null;

const { verifiers, threshold, max_age } = VECTORS.trusted;
const VERIFIERS = verifiers.map(({ name, key }) => ({ name, key: bytes(key) }));
const TRUSTED: Trusted = {
  realm: bytes(VECTORS.trusted.realm),
  origin: VECTORS.trusted.origin,
  vrfKey: bytes(VECTORS.trusted.vrf),
  configuration: bytes(VECTORS.trusted.configuration),
  registrars: VECTORS.trusted.registrars.map(policy),
  quorum: new Quorum(VERIFIERS, threshold, BigInt(max_age)),
};

/** What a check returns, or the name of its error. */
function outcome<T>(check: () => T): Expected<T> {
  try {
    return check();
  } catch (error) {
    if (error instanceof DirectoryError) return { error: error.code };
    throw error;
  }
}

type Lookup = Vectors['lookups'][number];

function memoryOf({ memory }: Lookup): Memory | undefined {
  return memory ? { log: checkpoint(memory.log), ratified: BigInt(memory.ratified) } : undefined;
}

function lookUp(vector: Lookup, proof = bytes(vector.proof)) {
  const query = {
    label: bytes(vector.label),
    view: vector.view,
    certified: checkpoint(vector.certified),
    certifiedTime: BigInt(vector.certified_time),
    memory: memoryOf(vector),
    contact: vector.contact ? stateOf(vector.contact) : undefined,
    now: BigInt(vector.now),
  };
  const { trust, memory, head, state, profile } = verify(TRUSTED, query, proof);
  expect(memory.log).toEqual(query.certified);
  return {
    since: trust.by === 'ratified' ? `${trust.since}` : null,
    ratified: `${memory.ratified}`,
    state: vectorOf(state),
    in_force: (state && inForce(state, head.time)?.version) ?? null,
    profile: profile ? hex(profile) : null,
  };
}

describe('the vectors of the directory', () => {
  it.each(VECTORS.keys)('a key: $key', ({ key, valid }) => {
    expect(isKey(bytes(key))).toBe(valid);
  });

  it.each(VECTORS.signatures)('a signature: $name', ({ key, message, signature, valid }) => {
    expect(verifies(bytes(key), bytes(message), bytes(signature))).toBe(valid);
  });

  it.each(VECTORS.vrf)('a VRF proof: $name, $key', ({ name: _, key, label, proof, ...expected }) => {
    expect(outcome(() => ({ index: hex(verifyVrf(bytes(key), bytes(label), bytes(proof))) }))).toEqual(expected);
  });

  it.each(VECTORS.lookups)('a look-up: $name', (vector) => {
    expect(outcome(() => lookUp(vector))).toEqual(vector.expected);
  });

  it.each(VECTORS.replays)('a history: $name', ({ realm, index, label, registrars, updates, expected }) => {
    const history = updates.map(({ time, update }) => ({ time: BigInt(time), update: decodeUpdate(bytes(update)) }));
    const trusted = { realm: bytes(realm), registrars: registrars.map(policy) };
    const found = outcome(() => ({
      state: vectorOf(replay(trusted, bytes(label), bytes(index), undefined, history)),
    }));
    expect(found).toEqual(expected);
  });
});

describe('a proof', () => {
  // An address and an absent label.
  const honest = VECTORS.lookups
    .filter(({ expected }) => !('error' in expected))
    .filter((_, at) => at === 1 || at === 3);

  it.each(honest)('is refused when cut short, and never with another error: $name', (vector) => {
    const proof = bytes(vector.proof);
    for (let length = 0; length < proof.length; length++) {
      expect(outcome(() => lookUp(vector, proof.slice(0, length)))).toMatchObject({
        error: expect.stringMatching(/^Decode\//),
      });
    }
  });

  it.each(honest)('with a flipped bit is refused, or says the same with less behind it: $name', (vector) => {
    const proof = bytes(vector.proof);
    for (let at = 0; at < proof.length; at += 17) {
      const flipped = proof.slice();
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      const found = outcome(() => lookUp(vector, flipped));
      // An unknown key id: that cosignature is ignored, as a note's unknown signatures are.
      if (!('error' in found))
        expect({ ...found, since: null, ratified: '0' }).toEqual({ ...vector.expected, since: null, ratified: '0' });
    }
  });
});

describe('a quorum', () => {
  it('cannot be made of nobody, of one verifier twice, or beyond all', () => {
    const [one] = VERIFIERS;
    if (!one) throw new Error('The vectors have no verifiers.');
    const make = (all: typeof VERIFIERS, threshold: number) => () => new Quorum(all, threshold, 1n);
    expect(make([], 0)).toThrow(TypeError);
    expect(make(VERIFIERS, 0)).toThrow(TypeError);
    expect(make(VERIFIERS, 4)).toThrow(TypeError);
    expect(make([one, one], 2)).toThrow(TypeError);
    expect(make([{ ...one, name: 'a+b' }], 1)).toThrow(TypeError);
    expect(make([{ ...one, key: new Uint8Array(32) }], 1)).toThrow(TypeError);
    expect(make(VERIFIERS, 3)).not.toThrow();
  });
});

interface LogVector {
  leafIdx: number;
  treeSize: number;
  size1: number;
  size2: number;
  root: string;
  root1: string;
  root2: string;
  leafHash: string;
  proof: string[] | null;
  wantErr: boolean;
  file: string;
}
// Numbers beyond 2^53 are read as strings, so that none is rounded.
const LOGS: { inclusion: LogVector[]; consistency: LogVector[] } = JSON.parse(
  readFileSync(new URL('tests/directory/vectors/transparency-dev-merkle.json', CRATE), 'utf8').replace(
    /: (\d+)([,}])/g,
    ': "$1"$2',
  ),
);

describe('the vectors of transparency-dev/merkle', () => {
  const decode = (value: string): Uint8Array => new Uint8Array(Buffer.from(value ?? '', 'base64'));
  const refused = (check: () => void): boolean => {
    const found = outcome<object>(() => {
      check();
      return {};
    });
    return 'error' in found;
  };
  const hashes = (proof: string[] | null): Uint8Array[] => (proof ?? []).map(decode);

  it.each(LOGS.inclusion)('$file', ({ leafIdx, treeSize, root, leafHash, proof, wantErr }) => {
    const found = refused(() => {
      const path = hashes(proof);
      // The reader of proofs takes hashes of 32 bytes alone.
      if (path.some(({ length }) => length !== 32) || decode(leafHash).length !== 32)
        throw new DirectoryError('Length');
      const reached = rootByInclusion(BigInt(leafIdx), BigInt(treeSize), decode(leafHash), path);
      if (hex(reached) !== hex(decode(root))) throw new DirectoryError('Root');
    });
    expect(found).toBe(wantErr);
  });

  it.each(LOGS.consistency)('$file', ({ size1, size2, root1, root2, proof, wantErr }) => {
    const [old, newer] = [
      { size: BigInt(size1), root: decode(root1) },
      { size: BigInt(size2), root: decode(root2) },
    ];
    expect(refused(() => checkConsistency(old, newer, hashes(proof)))).toBe(wantErr);
  });
});
