/**
 * The entry of a label, and the update that justifies it.
 *
 *     0    format 1 (1)
 *     1    realm 32
 *     33   index 32
 *     65   version 4
 *     69   previous 32      hash of the entry that this one replaces; 0 at version 0; all ones in a close signed beforehand
 *     101  kind 1           0 set, 1 close, 2 recover
 *     102  commitment 32    to the profile; 0 in a close
 *     134  delay 4          of a recovery, in seconds; 0 without recovery policy
 *     138  policy 2 + 33 n
 *     ...  recovery policy 2 + 33 n, or one byte 0
 *
 *     update  entry | signatures | registrar's signatures (none after version 0)
 */
import { concat, decodeAll, equal, integer, invalid, type Reader, require, text } from './bytes';
import { isZero, sha256 } from './hash';
import { encodePolicy, type Policy, readPolicy, readPolicyWith, readSignatures, type Signature } from './policy';

const FORMAT = 1;
const MIN_DELAY = 86_400;
const MAX_DELAY = 365 * MIN_DELAY;
const DOMAIN = text('directory-entry-v1\n');
const REGISTRATION_DOMAIN = text('directory-registration-v1\n');
const KINDS = ['set', 'close', 'recover'] as const;

/** The realm of the directory in a canister with this VRF key. */
export const realmOf = (canister: Uint8Array, vrfKey: Uint8Array): Uint8Array =>
  sha256(text('directory-realm-v1'), canister, vrfKey);

export type Kind = (typeof KINDS)[number];

export interface Recovery {
  /** Seconds between a recovery's entry and its effect. */
  readonly delay: number;
  readonly policy: Policy;
}

export interface Entry {
  readonly realm: Uint8Array;
  readonly index: Uint8Array;
  readonly version: number;
  readonly previous: Uint8Array;
  readonly kind: Kind;
  readonly commitment: Uint8Array;
  readonly policy: Policy;
  readonly recovery: Recovery | undefined;
}

export interface Update {
  readonly entry: Entry;
  readonly signatures: readonly Signature[];
  readonly registration: readonly Signature[];
}

export function readEntry(reader: Reader): Entry {
  reader.version('entry format', FORMAT);
  const [realm, index] = [reader.slice('realm', 32), reader.slice('index', 32)];
  const version = reader.u32('version');
  const previous = reader.slice('previous', 32);
  const kind = KINDS[reader.u8('kind')];
  if (kind === undefined) throw invalid('kind');
  const commitment = reader.slice('commitment', 32);
  require(isZero(commitment) === (kind === 'close'), 'commitment');
  const delay = reader.u32('delay');
  const policy = readPolicy(reader);
  const number = reader.u8('recovery policy');
  const recovery = number === 0 ? undefined : { delay, policy: readPolicyWith(number, reader) };
  require(recovery ? delay >= MIN_DELAY && delay <= MAX_DELAY : delay === 0, 'delay');
  return { realm, index, version, previous, kind, commitment, policy, recovery };
}

export const decodeEntry = (bytes: Uint8Array): Entry => decodeAll(bytes, readEntry);

export function encodeEntry(entry: Entry): Uint8Array {
  return concat(
    Uint8Array.of(FORMAT),
    entry.realm,
    entry.index,
    integer(4, entry.version),
    entry.previous,
    integer(1, KINDS.indexOf(entry.kind)),
    entry.commitment,
    integer(4, entry.recovery?.delay ?? 0),
    encodePolicy(entry.policy),
    entry.recovery ? encodePolicy(entry.recovery.policy) : Uint8Array.of(0),
  );
}

export const signedBytes = (entry: Entry): Uint8Array => concat(DOMAIN, encodeEntry(entry));
export const registrationBytes = (entry: Entry): Uint8Array => concat(REGISTRATION_DOMAIN, encodeEntry(entry));
export const entryHash = (entry: Entry): Uint8Array => sha256(signedBytes(entry));

export function readUpdate(reader: Reader): Update {
  return { entry: readEntry(reader), signatures: readSignatures(reader), registration: readSignatures(reader) };
}

export const decodeUpdate = (bytes: Uint8Array): Update => decodeAll(bytes, readUpdate);

export const samePolicy = (a: Policy, b: Policy): boolean => equal(encodePolicy(a), encodePolicy(b));

export function sameRecovery(a: Recovery | undefined, b: Recovery | undefined): boolean {
  if (!a || !b) return a === b;
  return a.delay === b.delay && samePolicy(a.policy, b.policy);
}
