/**
 * A sealed message, version 1:
 *
 *     offset  size  field
 *          0     4  magic: "MCSL"
 *          4     1  version: 1
 *          5    32  salt: random, new for each message
 *         37     n  ciphertext: AES-256-GCM of the content, as long as the content
 *       37+n    16  tag
 *
 * The version fixes everything else: the derivation of keys and its parameters (`keys.ts`), and the form of the content
 * (`content.ts`). The key and nonce of a message are derived from the master key and the salt. The associated data are the 37
 * bytes of the header and the key id, so that neither can be replaced.
 */

/** The error that this folder throws. Its message is a sentence. */
export class SealingError extends Error {
  override readonly name = 'SealingError';
}

export const VERSION = 1;
export const SALT_BYTES = 32;
export const TAG_BYTES = 16;

const MAGIC = new TextEncoder().encode('MCSL');
const VERSION_OFFSET = MAGIC.length;
const SALT_OFFSET = VERSION_OFFSET + 1;
export const HEADER_BYTES = SALT_OFFSET + SALT_BYTES;

/** Length of a sealed message minus the length of its content. */
export const OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;

export function header(salt: Uint8Array): Uint8Array<ArrayBuffer> {
  if (salt.length !== SALT_BYTES) throw new SealingError(`The salt has ${salt.length} bytes, not ${SALT_BYTES}.`);
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(MAGIC);
  bytes[VERSION_OFFSET] = VERSION;
  bytes.set(salt, SALT_OFFSET);
  return bytes;
}

/** Whether bytes claim to be sealed in this format; only opening them proves it. */
export function looksSealed(bytes: Uint8Array): boolean {
  return (
    bytes.length >= OVERHEAD_BYTES && MAGIC.every((byte, at) => bytes[at] === byte) && bytes[VERSION_OFFSET] === VERSION
  );
}

export interface Parts {
  readonly header: Uint8Array<ArrayBuffer>;
  readonly salt: Uint8Array<ArrayBuffer>;
  /** Including the tag. */
  readonly ciphertext: Uint8Array<ArrayBuffer>;
}

/** Precondition: {@link looksSealed}. */
export function parts(sealed: Uint8Array): Parts {
  const bytes = new Uint8Array(sealed);
  return {
    header: bytes.subarray(0, HEADER_BYTES),
    salt: bytes.subarray(SALT_OFFSET, HEADER_BYTES),
    ciphertext: bytes.subarray(HEADER_BYTES),
  };
}
