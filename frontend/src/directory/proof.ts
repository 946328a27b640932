/**
 * The bytes that answer a look-up.
 *
 *     0    format 1 (1)
 *     1    VRF proof 80
 *     81   head 133
 *     214  edge: the path of the head, as the last leaf, in the log that ends with it
 *     ...  cosignatures: n 1 (0 to 16) | n x 76, key ids strictly ascending
 *     ...  to_newest: consistency from the log that ends with the head to the certified log
 *     ...  from_known: consistency from the log that the client knows to the certified log
 *     ...  prefix tree's proof (map.ts)
 *     ...  where it found the label: found
 *
 *     hashes  n 1 (0 to 128) | n x 32                 the form of edge, to_newest and from_known
 *     found   position 8
 *             updates: n 1 (1 to 64) | n x (time 8 | update), oldest first; the last has the newest entry
 *             replaced: 0, or 1 and the entry that a pending recovery replaces
 *             opened: 0, or 1 | opening 16 | length 2 | profile
 *             address: 0, or 1 | address proof 97
 *     head    format 1 (1) | epoch 8 | time 8 | map root 32 | updates root 32 | first update 8 | updates 4 | labels 8
 *             | configuration 32
 */
import { ascends, decodeAll, invalid, type Reader, require } from './bytes';
import { type Cosignature, readCosignature } from './checkpoint';
import { type Entry, readEntry, readUpdate, type Update } from './entry';
import { type AddressProof, readAddressProof } from './label';
import { type MapProof, readMapProof } from './map';
import { PROOF_SIZE } from './vrf';

const FORMAT = 1;
const HEAD_FORMAT = 1;
const HEAD_SIZE = 133;
const MAX_HASHES = 128;
const MAX_COSIGNATURES = 16;
const MAX_UPDATES = 64;
const MAX_PROFILE = 8_192;

export interface Head {
  readonly epoch: bigint;
  /** In nanoseconds since 1970. */
  readonly time: bigint;
  readonly mapRoot: Uint8Array;
  readonly updatesRoot: Uint8Array;
  readonly firstUpdate: bigint;
  readonly updates: number;
  readonly labels: bigint;
  readonly configuration: Uint8Array;
  /** The encoded head, as in the log. */
  readonly bytes: Uint8Array;
}

/** An update and when the directory accepted it, in nanoseconds since 1970. */
export interface Timed {
  readonly time: bigint;
  readonly update: Update;
}

export interface Found {
  readonly position: bigint;
  readonly updates: readonly Timed[];
  readonly newest: Timed;
  readonly replaced: Entry | undefined;
  readonly opened: { readonly opening: Uint8Array; readonly profile: Uint8Array } | undefined;
  readonly address: AddressProof | undefined;
}

export interface Proof {
  readonly vrf: Uint8Array;
  readonly head: Head;
  readonly edge: readonly Uint8Array[];
  readonly cosignatures: readonly Cosignature[];
  readonly toNewest: readonly Uint8Array[];
  readonly fromKnown: readonly Uint8Array[];
  readonly map: MapProof;
  readonly found: Found | undefined;
}

export function decodeProof(bytes: Uint8Array): Proof {
  return decodeAll(bytes, (reader) => {
    reader.version('proof format', FORMAT);
    const vrf = reader.slice('VRF proof', PROOF_SIZE);
    const head = readHead(reader, bytes);
    const edge = readHashes(reader, 'edge');
    const cosignatures = reader.list('cosignatures', MAX_COSIGNATURES, readCosignature);
    require(ascends(cosignatures, ({ keyId }) => keyId), 'order of cosignatures');
    const toNewest = readHashes(reader, 'to_newest');
    const fromKnown = readHashes(reader, 'from_known');
    const map = readMapProof(reader);
    const found = map.search.result === 'found' ? readFound(reader) : undefined;
    return { vrf, head, edge, cosignatures, toNewest, fromKnown, map, found };
  });
}

const readHashes = (reader: Reader, field: string): Uint8Array[] =>
  reader.list(field, MAX_HASHES, (reader) => reader.slice(field, 32));

function readHead(reader: Reader, proof: Uint8Array): Head {
  const start = 1 + PROOF_SIZE;
  reader.version('head format', HEAD_FORMAT);
  return {
    epoch: reader.u64('epoch'),
    time: reader.u64('time'),
    mapRoot: reader.slice('map root', 32),
    updatesRoot: reader.slice('updates root', 32),
    firstUpdate: reader.u64('first update'),
    updates: reader.u32('updates'),
    labels: reader.u64('labels'),
    configuration: reader.slice('configuration', 32),
    bytes: proof.slice(start, start + HEAD_SIZE),
  };
}

function readFound(reader: Reader): Found {
  const position = reader.u64('position');
  const updates = reader.list('updates', MAX_UPDATES, (reader) => ({
    time: reader.u64('update time'),
    update: readUpdate(reader),
  }));
  const newest = updates.at(-1);
  if (!newest) throw invalid('updates');
  return {
    position,
    updates,
    newest,
    replaced: reader.optional('replaced', readEntry),
    opened: reader.optional('opened', (reader) => ({
      opening: reader.slice('opening', 16),
      profile: reader.long('profile', MAX_PROFILE),
    })),
    address: reader.optional('address', readAddressProof),
  };
}
