/**
 * Indexes: ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381 over an encoded label, its output cut to 32 bytes.
 *
 *     proof 80   gamma 32 | challenge 16 | response 32
 */
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, equal } from './bytes';
import { DirectoryError } from './error';
import { decodePoint, isKey, littleEndian, ORDER, Point, times } from './keys';

export const PROOF_SIZE = 80;
const SUITE = 3;
const ENCODE_TO_CURVE = 1;
const CHALLENGE = 2;
const PROOF_TO_HASH = 3;

/** Checks a proof for an encoded label and returns the label's index. */
export function verifyVrf(key: Uint8Array, label: Uint8Array, proof: Uint8Array): Uint8Array {
  if (!isKey(key)) throw new DirectoryError('Vrf/PublicKey');
  const [challenge, response] = [proof.subarray(32, 48), littleEndian(proof.subarray(48))];
  const gamma = decodeGamma(proof.subarray(0, 32));
  if (response >= ORDER || !equal(gamma.toBytes(), proof.subarray(0, 32))) throw new DirectoryError('Vrf/NotCanonical');
  const point = encodeToCurve(key, label);
  const c = littleEndian(challenge);
  const u = times(Point.BASE, response).subtract(times(Point.fromBytes(key), c));
  const v = times(point, response).subtract(times(gamma, c));
  const points = [point, gamma, u, v].map((each) => each.toBytes());
  const found = hash(CHALLENGE, key, ...points).subarray(0, 16);
  if (!equal(found, challenge)) throw new DirectoryError('Vrf/Wrong');
  return hash(PROOF_TO_HASH, gamma.clearCofactor().toBytes()).slice(0, 32);
}

function decodeGamma(bytes: Uint8Array): Point {
  try {
    // Accepts other encodings of a point too, so that they are told apart from bytes without a point.
    return Point.fromBytes(bytes, true);
  } catch {
    throw new DirectoryError('Vrf/Gamma');
  }
}

function encodeToCurve(key: Uint8Array, label: Uint8Array): Point {
  for (let counter = 0; counter < 256; counter++) {
    const point = decodePoint(hash(ENCODE_TO_CURVE, key, label, Uint8Array.of(counter)).subarray(0, 32));
    const cleared = point?.clearCofactor();
    if (cleared && !cleared.is0()) return cleared;
  }
  throw new DirectoryError('Vrf/Wrong');
}

const hash = (part: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  sha512(concat(Uint8Array.of(SUITE, part), ...parts, Uint8Array.of(0)));
