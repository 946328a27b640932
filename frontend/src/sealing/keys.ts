/**
 * Keys of version 1. L is "message-canister/sealing/v1/", S the scope: the canister's principal, as bytes.
 *
 *     passphrase  ──PBKDF2-SHA-256, salt L"passphrase" ‖ S, 1,000,000 rounds──▶ master key, 32 bytes
 *     key file    ──HKDF-SHA-256, salt L"key file" ‖ S──────────────────────────▶ master key, 32 bytes
 *     master key  ──HKDF-SHA-256, info L"key id"────────────────────────────────▶ key id, 20 bytes: public
 *     master key  ──HKDF-SHA-256, salt: the message's, info L"message"──────────▶ 32-byte AES key ‖ 12-byte nonce
 *
 * Both sides must derive the same key id from the passphrase alone, before they have seen any message. Therefore the
 * salt of the master key cannot be random. It is the canister's id: precomputed guesses serve against one canister only,
 * and the same passphrase has unrelated key ids in two canisters. The price: everybody can see the key id, and an
 * attacker can test each guess of a passphrase against it, at the cost of the 1,000,000 rounds. A passphrase
 * must therefore be hard to guess (six random words); a key file of random bytes cannot be guessed at all. And because
 * the parameters decide the key id, they belong to the version and cannot be raised without a new one.
 *
 * Each message has a key and a nonce of its own, so no nonce is ever used twice under one key, however many there are.
 */
import { SealingError } from './format';

export const PBKDF2_ROUNDS = 1_000_000;
export const KEY_ID_BYTES = 20;
/** A key file must have at least this many bytes, so that it can hold a secret. */
export const KEY_FILE_MIN_BYTES = 32;

const MASTER_BITS = 256;
const AES_KEY_BYTES = 32;
const NONCE_BYTES = 12;

const utf8 = new TextEncoder();
const label = (name: string): Uint8Array<ArrayBuffer> => utf8.encode(`message-canister/sealing/v1/${name}`);
const NO_BYTES = new Uint8Array();

/** Seals and opens messages. The secret is in a CryptoKey that cannot be exported. */
export interface SealingKey {
  /** The key id under which its messages are stored. Derived one-way from the secret. */
  readonly keyId: Uint8Array<ArrayBuffer>;
  readonly master: CryptoKey;
}

/** Takes about a second. The passphrase is normalised to Unicode NFC; blanks are kept. */
export async function keyFromPassphrase(passphrase: string, scope: Uint8Array): Promise<SealingKey> {
  if (passphrase === '') throw new SealingError('The passphrase is empty.');
  const secret = utf8.encode(passphrase.normalize('NFC'));
  const base = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits']);
  const salt = concat(label('passphrase'), scope);
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: PBKDF2_ROUNDS };
  return keyFromMaster(await crypto.subtle.deriveBits(parameters, base, MASTER_BITS));
}

/** The key from a file. Nobody else may have the file's content. */
export async function keyFromFile(content: Uint8Array, scope: Uint8Array): Promise<SealingKey> {
  if (content.length < KEY_FILE_MIN_BYTES) {
    throw new SealingError(`The key file has ${content.length} bytes; at least ${KEY_FILE_MIN_BYTES} are needed.`);
  }
  const base = await crypto.subtle.importKey('raw', new Uint8Array(content), 'HKDF', false, ['deriveBits']);
  return keyFromMaster(await hkdf(base, concat(label('key file'), scope), NO_BYTES, MASTER_BITS));
}

async function keyFromMaster(bits: ArrayBuffer): Promise<SealingKey> {
  const master = await crypto.subtle.importKey('raw', bits, 'HKDF', false, ['deriveBits']);
  new Uint8Array(bits).fill(0);
  const keyId = new Uint8Array(await hkdf(master, NO_BYTES, label('key id'), KEY_ID_BYTES * 8));
  return { keyId, master };
}

/** The key and nonce of the message with this salt. */
export async function messageKey(
  master: CryptoKey,
  salt: Uint8Array<ArrayBuffer>,
): Promise<{ key: CryptoKey; nonce: Uint8Array<ArrayBuffer> }> {
  const bits = new Uint8Array(await hkdf(master, salt, label('message'), (AES_KEY_BYTES + NONCE_BYTES) * 8));
  const secret = bits.subarray(0, AES_KEY_BYTES);
  const key = await crypto.subtle.importKey('raw', secret, 'AES-GCM', false, ['encrypt', 'decrypt']);
  return { key, nonce: bits.slice(AES_KEY_BYTES) };
}

function hkdf(
  base: CryptoKey,
  salt: Uint8Array<ArrayBuffer>,
  info: Uint8Array<ArrayBuffer>,
  bits: number,
): Promise<ArrayBuffer> {
  return crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, base, bits);
}

export function concat(...arrays: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}
