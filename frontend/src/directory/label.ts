/**
 * Labels, the proof that an address registered itself, and the commitment to a profile.
 *
 *     label          kind 1: 'r' the registrar's, 'a' address, 'n' name | nothing; principal 29; 1 to 63 bytes of UTF-8
 *     address proof  Ed25519 key 33 | signature 64 over "directory-address-v1\n" | entry
 *     commitment     HMAC-SHA-256(Kc, opening 16 | label length 1 | label | version 4 | profile length 4 | profile)
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha224, sha256 } from '@noble/hashes/sha2.js';
import { concat, equal, integer, type Reader, text } from './bytes';
import { type Entry, encodeEntry } from './entry';
import { DirectoryError } from './error';
import { readKey, verifies } from './keys';

const ADDRESS_DOMAIN = text('directory-address-v1\n');
const DER_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);
const SELF_AUTHENTICATING = 2;
/** The constant of draft-ietf-keytrans-protocol. */
const KC = Uint8Array.of(
  0xd8,
  0x21,
  0xf8,
  0x79,
  0x0d,
  0x97,
  0x70,
  0x97,
  0x96,
  0xb4,
  0xd7,
  0x90,
  0x33,
  0x57,
  0xc3,
  0xf5,
);

export interface AddressProof {
  readonly key: Uint8Array;
  readonly signature: Uint8Array;
}

/** The label whose entry has the registrar's policy. */
export const REGISTRAR: Uint8Array = text('r');
export const nameLabel = (name: string): Uint8Array => text(`n${name}`);
export const addressLabel = (principal: Uint8Array): Uint8Array => concat(text('a'), principal);
export const isAddress = (label: Uint8Array): boolean => label[0] === 0x61;

/** The self-authenticating principal of an Ed25519 key. */
export const principalOf = (key: Uint8Array): Uint8Array =>
  concat(sha224(concat(DER_PREFIX, key)), Uint8Array.of(SELF_AUTHENTICATING));

export const readAddressProof = (reader: Reader): AddressProof => ({
  key: readKey(reader),
  signature: reader.slice('address signature', 64),
});

/** Checks that the label's own key signed version 0. */
export function checkAddress(label: Uint8Array, { key, signature }: AddressProof, entry: Entry): void {
  if (!isAddress(label)) throw new DirectoryError('Address/NotAnAddress');
  if (entry.version !== 0) throw new DirectoryError('Address/Version');
  if (!equal(addressLabel(principalOf(key)), label)) throw new DirectoryError('Address/Key');
  if (!verifies(key, concat(ADDRESS_DOMAIN, encodeEntry(entry)), signature)) {
    throw new DirectoryError('Address/Signature');
  }
}

export function commit(opening: Uint8Array, label: Uint8Array, version: number, profile: Uint8Array): Uint8Array {
  const value = concat(
    opening,
    integer(1, label.length),
    label,
    integer(4, version),
    integer(4, profile.length),
    profile,
  );
  return hmac(sha256, KC, value);
}
