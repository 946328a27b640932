/**
 * A device's bundle: the keys that change often. It lies outside entry and log, in a slot that the next one overwrites.
 *
 *     0    format 1 (1)
 *     1    realm 32
 *     33   index 32
 *     65   device 33          its Ed25519 key
 *     98   HPKE key 32
 *     130  fallback key 32
 *     162  issued 8           seconds since 1970
 *     170  expiry 8           seconds since 1970
 *     178  inbox length 1 (1 to 64) | inbox key id
 *     ...  signature 64 by the device over "directory-bundle-v1\n" | everything before
 */
import { concat, decodeAll, equal, require, text } from './bytes';
import { DirectoryError } from './error';
import { readKey, verifies } from './keys';
import type { Profile } from './profile';

const FORMAT = 1;
const DOMAIN = text('directory-bundle-v1\n');
const MAX_INBOX = 64;
const SIGNATURE_BYTES = 64;
/** Maximum number of seconds between issue and expiry: 100 days. */
const MAX_LIFETIME = 8_640_000n;

/** A device's keys that a sender needs. Times are in seconds since 1970. */
export interface Bundle {
  readonly realm: Uint8Array;
  readonly index: Uint8Array;
  /** The device's signing key. */
  readonly device: Uint8Array;
  /** The key that envelopes are sealed to. */
  readonly hpke: Uint8Array;
  /** The key for first messages. */
  readonly fallback: Uint8Array;
  readonly issued: bigint;
  readonly expiry: bigint;
  /** The key id of the device's inbox, 1 to 64 bytes. */
  readonly inbox: Uint8Array;
  /** The bytes that the device signs, without their domain. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** Decodes a bundle, without checking it ({@link checkBundle}). Throws a {@link DirectoryError}. */
export function decodeBundle(bytes: Uint8Array): Bundle {
  return decodeAll(bytes, (reader) => {
    reader.version('bundle format', FORMAT);
    return {
      realm: reader.slice('realm', 32),
      index: reader.slice('index', 32),
      device: readKey(reader),
      hpke: reader.slice('HPKE key', 32),
      fallback: reader.slice('fallback key', 32),
      issued: reader.u64('issued'),
      expiry: reader.u64('expiry'),
      inbox: reader.slice('inbox', inboxLength(reader.u8('inbox'))),
      signature: reader.slice('signature', SIGNATURE_BYTES),
      signed: bytes.slice(0, -SIGNATURE_BYTES),
    };
  });
}

function inboxLength(length: number): number {
  require(length >= 1 && length <= MAX_INBOX, 'inbox');
  return length;
}

export interface BundleQuestion {
  readonly realm: Uint8Array;
  readonly index: Uint8Array;
  /** The profile in force. */
  readonly profile: Profile;
  /** The newest bundle of this device that the client has seen. */
  readonly seen?: Bundle;
  /** Seconds since 1970. */
  readonly now: bigint;
}

/**
 * Throws a {@link DirectoryError} if the bundle must not be used: `Elsewhere`, `UnknownDevice`, `Lifetime`, `Expired`,
 * `NotNewer` or `Signature`.
 */
export function checkBundle(bundle: Bundle, { realm, index, profile, seen, now }: BundleQuestion): void {
  const refuse = (code: string): never => {
    throw new DirectoryError(code);
  };
  const { device, issued, expiry, signed, signature } = bundle;
  if (!equal(bundle.realm, realm) || !equal(bundle.index, index)) refuse('Elsewhere');
  if (!profile.devices.some(({ signing }) => equal(signing, device))) refuse('UnknownDevice');
  if (expiry <= issued || expiry - issued > MAX_LIFETIME) refuse('Lifetime');
  if (expiry <= now) refuse('Expired');
  const before = seen && equal(seen.device, device) && !equal(seen.signed, signed) ? seen : undefined;
  if (before && issued <= before.issued) refuse('NotNewer');
  if (!verifies(device, concat(DOMAIN, signed), signature)) refuse('Signature');
}
