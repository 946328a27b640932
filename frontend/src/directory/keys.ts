/**
 * The directory's Ed25519. Keys have their canonical encoding and are not of small order. Signatures are checked without
 * cofactor, with a reduced scalar and a canonical R that is not of small order (ed25519-dalek's `verify_strict`). The library's
 * own `verify` multiplies by the cofactor, so it accepts more.
 *
 *     key  type 1 (1: Ed25519) | public key 32
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, equal, type Reader, require } from './bytes';

export const { Point } = ed25519;
export type Point = InstanceType<typeof Point>;
export const ORDER: bigint = Point.Fn.ORDER;
const ED25519 = 1;

export function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** The point with this canonical encoding. `undefined`: there is none. */
export function decodePoint(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes);
  } catch {
    return undefined;
  }
}

/** A scalar times a point; both may be 0. */
export const times = (point: Point, scalar: bigint): Point => point.multiplyUnsafe(scalar % ORDER);

/** Reads the 32 bytes of a key. */
export function readKey(reader: Reader): Uint8Array {
  require(reader.u8('key type') === ED25519, 'key type');
  const bytes = reader.slice('key', 32);
  require(isKey(bytes), 'key');
  return bytes;
}

export const encodeKey = (key: Uint8Array): Uint8Array => concat(Uint8Array.of(ED25519), key);

export function isKey(bytes: Uint8Array): boolean {
  const point = bytes.length === 32 ? decodePoint(bytes) : undefined;
  return point !== undefined && !point.isSmallOrder();
}

/** Whether a signature of 64 bytes by a key over a message is valid. */
export function verifies(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const point = decodePoint(key);
  const [r, s] = [signature.subarray(0, 32), littleEndian(signature.subarray(32))];
  if (signature.length !== 64 || point === undefined || point.isSmallOrder() || s >= ORDER) return false;
  const challenge = littleEndian(sha512(concat(r, key, message)));
  const expected = times(Point.BASE, s).subtract(times(point, challenge));
  return !expected.isSmallOrder() && equal(expected.toBytes(), r);
}
