/**
 * Checkpoints and cosignatures in the formats of C2SP.
 *
 *     signed       "cosignature/v1\ntime " seconds "\n" origin "\n" size "\n" base64(root) "\n"
 *     key id 4     SHA-256(name | "\n" | 0x04 | public key 32), its first four bytes
 *     cosignature  key id 4 | seconds 8 | signature 64
 */
import { concat, equal, type Reader, text } from './bytes';
import { DirectoryError } from './error';
import { sha256 } from './hash';
import { isKey, verifies } from './keys';
import type { Checkpoint } from './log';

const ED25519_COSIGNATURE = Uint8Array.of(4);
/** Maximum number of seconds that a cosignature may be ahead of the client's clock. */
const MAX_AHEAD = 60n;

/** A verifier replays all updates, and cosigns a state that follows from them. */
export interface Verifier {
  /** Not empty, without blanks and plus signs. */
  readonly name: string;
  readonly key: Uint8Array;
}

export interface Cosignature {
  readonly keyId: Uint8Array;
  readonly time: bigint;
  readonly signature: Uint8Array;
}

/** Who backs an answer. `since`: each verifier of the quorum has signed at this time or later, in seconds since 1970. */
export type Trust = { readonly by: 'ratified'; readonly since: bigint } | { readonly by: 'certified' };

export function readCosignature(reader: Reader): Cosignature {
  return {
    keyId: reader.slice('key id', 4),
    time: reader.u64('cosignature time'),
    signature: reader.slice('cosignature', 64),
  };
}

export const cosignedBytes = (origin: string, { size, root }: Checkpoint, time: bigint): Uint8Array =>
  text(`cosignature/v1\ntime ${time}\n${origin}\n${size}\n${btoa(String.fromCharCode(...root))}\n`);

/** Whether a verifier may have this name. */
export const isName = (name: string): boolean => /^[^\s+\p{Cc}]+$/u.test(name);

export const keyId = ({ name, key }: Verifier): Uint8Array =>
  sha256(text(`${name}\n`), concat(ED25519_COSIGNATURE, key)).subarray(0, 4);

/** Verifiers of which `threshold` must agree. Never empty. */
export class Quorum {
  readonly #verifiers: readonly (Verifier & { readonly id: Uint8Array })[];
  readonly #threshold: number;
  readonly #maxAge: bigint;

  /**
   * Throws a TypeError if the threshold is 0 or above the number of verifiers, if a name or a key is not valid, or if one is
   * repeated.
   */
  constructor(verifiers: readonly Verifier[], threshold: number, maxAge: bigint) {
    this.#verifiers = verifiers.map((verifier) => ({ ...verifier, id: keyId(verifier) }));
    const distinct = this.#verifiers.every((one, at) =>
      this.#verifiers.slice(0, at).every((other) => !equal(one.key, other.key) && !equal(one.id, other.id)),
    );
    const fit = verifiers.every(({ name, key }) => isName(name) && isKey(key));
    const inReach = Number.isInteger(threshold) && threshold >= 1 && threshold <= verifiers.length;
    if (!distinct || !fit || !inReach) throw new TypeError('These verifiers cannot reach this threshold.');
    this.#threshold = threshold;
    this.#maxAge = maxAge;
  }

  /** Counts recent signatures of different verifiers. `now` is in seconds since 1970. */
  trust(origin: string, checkpoint: Checkpoint, cosignatures: readonly Cosignature[], now: bigint): Trust {
    const times: bigint[] = [];
    for (const { keyId, time, signature } of cosignatures) {
      // C2SP asks verifiers of notes to ignore unknown signatures.
      const verifier = this.#verifiers.find(({ id }) => equal(id, keyId));
      if (!verifier) continue;
      if (!verifies(verifier.key, cosignedBytes(origin, checkpoint, time), signature)) {
        throw new DirectoryError('Cosignature');
      }
      if (time >= now - this.#maxAge && time <= now + MAX_AHEAD) times.push(time);
    }
    times.sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
    const since = times[this.#threshold - 1];
    return since === undefined ? { by: 'certified' } : { by: 'ratified', since };
  }
}
