/** Sealing and opening. */
import { type Content, decodeContent, encodeContent } from './content';
import { header, looksSealed, OVERHEAD_BYTES, parts, SALT_BYTES, SealingError } from './format';
import { concat, messageKey, type SealingKey } from './keys';

/**
 * Seals a content. Each call returns different bytes. To retry storing a message, send the same sealed bytes again:
 * sealing again makes another message.
 *
 * @param maxBytes the canister's limit: `limits.ciphertext_bytes` of its status
 * @param salt random bytes, new for each message; only tests pass it
 */
export async function seal(
  content: Content,
  { keyId, master }: SealingKey,
  maxBytes: number,
  salt: Uint8Array<ArrayBuffer> = crypto.getRandomValues(new Uint8Array(SALT_BYTES)),
): Promise<Uint8Array<ArrayBuffer>> {
  const plain = encodeContent(content);
  if (plain.length + OVERHEAD_BYTES > maxBytes) {
    const format = new Intl.NumberFormat('en-US').format;
    throw new SealingError(
      `Sealed, it would have ${format(plain.length + OVERHEAD_BYTES)} bytes; at most ${format(maxBytes)} are allowed.`,
    );
  }
  const head = header(salt);
  const { key, nonce } = await messageKey(master, salt);
  const additionalData = concat(head, keyId);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData }, key, plain);
  return concat(head, new Uint8Array(sealed));
}

export type Opened =
  /** Sealed with this key, for this key id, and unaltered. */
  | { readonly state: 'opened'; readonly content: Content }
  /** Sealed with this key, but the content has an unknown form. */
  | { readonly state: 'unknown-content'; readonly reason: string }
  /** Looks sealed, but with another key, or the bytes were altered. */
  | { readonly state: 'other-key' }
  /** Not in this format. */
  | { readonly state: 'bytes' };

/** Opens a stored ciphertext, or returns the reason why it cannot be opened. Without a key it only recognises the format. */
export async function open(
  ciphertext: Uint8Array,
  keyId: Uint8Array,
  sealingKey: SealingKey | undefined,
): Promise<Opened> {
  if (!looksSealed(ciphertext)) return { state: 'bytes' };
  if (!sealingKey || !equal(keyId, sealingKey.keyId)) return { state: 'other-key' };
  const sealed = parts(ciphertext);
  const { key, nonce } = await messageKey(sealingKey.master, sealed.salt);
  const additionalData = concat(sealed.header, keyId);
  let plain: ArrayBuffer;
  try {
    plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce, additionalData }, key, sealed.ciphertext);
  } catch {
    return { state: 'other-key' };
  }
  try {
    return { state: 'opened', content: decodeContent(new Uint8Array(plain)) };
  } catch (error) {
    if (error instanceof SealingError) return { state: 'unknown-content', reason: error.message };
    throw error;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
