/**
 * The content of a sealed message:
 *
 *     text:  0x01  text in UTF-8
 *     file:  0x02  length of the name: u16, little-endian  name in UTF-8  the file's bytes
 */
import { SealingError } from './format';
import { concat } from './keys';

export type Content =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly name: string; readonly bytes: Uint8Array };

const TEXT = 1;
const FILE = 2;
const NAME_OFFSET = 3;
const MAX_NAME_BYTES = 0xffff;

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function encodeContent(content: Content): Uint8Array<ArrayBuffer> {
  if (content.kind === 'text') return concat(Uint8Array.of(TEXT), utf8.encode(content.text));
  const name = utf8.encode(content.name);
  if (name.length > MAX_NAME_BYTES) {
    throw new SealingError(`The file's name has ${name.length} bytes; at most ${MAX_NAME_BYTES} are allowed.`);
  }
  return concat(Uint8Array.of(FILE, name.length & 0xff, name.length >> 8), name, content.bytes);
}

/** Throws a {@link SealingError} if a holder of the key sealed bytes of another form. */
export function decodeContent(bytes: Uint8Array): Content {
  try {
    const [kind, low, high] = bytes;
    if (kind === TEXT) return { kind: 'text', text: strictUtf8.decode(bytes.subarray(1)) };
    if (kind === FILE && low !== undefined && high !== undefined) {
      const end = NAME_OFFSET + low + (high << 8);
      if (end <= bytes.length) {
        return { kind: 'file', name: strictUtf8.decode(bytes.subarray(NAME_OFFSET, end)), bytes: bytes.slice(end) };
      }
    }
  } catch {
    // Not UTF-8: falls through to the error below.
  }
  throw new SealingError('It was sealed with this key, but its content has an unknown form.');
}
