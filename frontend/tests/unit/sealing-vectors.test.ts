/** The vectors that the Rust implementation is held to as well: crates/sealing/vectors. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/page/format';
import { type Content, keyFromFile, keyFromPassphrase, type Opened, open, seal } from '../../src/sealing';

interface Vectors {
  passphrases: { passphrase: string; scope: string; key_id: string }[];
  files: { file: string; scope: string; key_id: string }[];
  messages: { salt: string; content: ContentVector; sealed: string }[];
}
type ContentVector =
  | { kind: 'text'; text: string }
  | { kind: 'file'; name: string; bytes: string }
  | { kind: 'unknown'; plain: string };

const FOLDER = new URL('../../../crates/sealing/vectors/', import.meta.url);
const TEXT = readFileSync(new URL('version-1.json', FOLDER), 'utf8');
const VECTORS: Vectors = JSON.parse(TEXT);
const MAX = 2_000_000;

const bytes = (hex: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(hex, 'hex'));

function contentOf(vector: ContentVector): Content | undefined {
  if (vector.kind === 'unknown') return undefined;
  return vector.kind === 'text' ? vector : { ...vector, bytes: bytes(vector.bytes) };
}

describe('the vectors of the sealing format', () => {
  it('are what node:crypto makes of the format', () => {
    const made = execFileSync(process.execPath, [new URL('make.mjs', FOLDER).pathname], { encoding: 'utf8' });
    expect(made).toBe(TEXT);
  });

  it.each(VECTORS.passphrases)('derives the key id of a passphrase: $key_id', async (vector) => {
    const key = await keyFromPassphrase(vector.passphrase, bytes(vector.scope));
    expect(toHex(key.keyId)).toBe(vector.key_id);
  });

  it.each(VECTORS.files)('derives the key id of a key file: $key_id', async (vector) => {
    const key = await keyFromFile(bytes(vector.file), bytes(vector.scope));
    expect(toHex(key.keyId)).toBe(vector.key_id);
  });

  it.each(VECTORS.messages)('seals and opens: $content', async ({ salt, content: vector, sealed }) => {
    const [file] = VECTORS.files;
    if (!file) throw new Error('The vectors have no key file.');
    const key = await keyFromFile(bytes(file.file), bytes(file.scope));
    const content = contentOf(vector);
    const opened: Partial<Opened> = content ? { state: 'opened', content } : { state: 'unknown-content' };
    expect(await open(bytes(sealed), key.keyId, key)).toMatchObject(opened);
    if (content) expect(toHex(await seal(content, key, MAX, bytes(salt)))).toBe(sealed);
  });
});
