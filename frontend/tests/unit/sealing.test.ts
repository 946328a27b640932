import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/page/format';
import {
  type Content,
  keyFromFile,
  keyFromPassphrase,
  looksSealed,
  OVERHEAD_BYTES,
  open,
  type SealingKey,
  seal,
} from '../../src/sealing';
import { decodeContent, encodeContent } from '../../src/sealing/content';
import { HEADER_BYTES } from '../../src/sealing/format';
import { messageKey, PBKDF2_ROUNDS } from '../../src/sealing/keys';

const SCOPE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 1, 1);
const FILE = Uint8Array.from({ length: 32 }, (_, at) => at);
const SALT = Uint8Array.from({ length: 32 }, (_, at) => 255 - at);
const MAX = 2_000_000;
const HELLO: Content = { kind: 'text', text: 'hello' };

const fileKey = (): Promise<SealingKey> => keyFromFile(FILE, SCOPE);

describe('keys', () => {
  it('derives the recorded key id from a passphrase', async () => {
    const key = await keyFromPassphrase('correct horse battery staple', SCOPE);
    expect(toHex(key.keyId)).toBe(GOLDEN_PASSPHRASE_KEY_ID);
    expect(PBKDF2_ROUNDS).toBeGreaterThanOrEqual(600_000);
  });

  it('derives the recorded key id from a key file', async () => {
    expect(toHex((await fileKey()).keyId)).toBe(GOLDEN_FILE_KEY_ID);
  });

  it('agrees with Node on the passphrase derivation, written down a second time', async () => {
    const { hkdfSync, pbkdf2Sync } = await import('node:crypto');
    const salt = Buffer.concat([Buffer.from('message-canister/sealing/v1/passphrase'), SCOPE]);
    const master = pbkdf2Sync('correct horse battery staple', salt, 1_000_000, 32, 'sha256');
    const keyId = hkdfSync('sha256', master, Buffer.alloc(0), 'message-canister/sealing/v1/key id', 20);
    expect(Buffer.from(keyId).toString('hex')).toBe(GOLDEN_PASSPHRASE_KEY_ID);
  });

  it('gives the same passphrase in either Unicode form the same key, and another canister another', async () => {
    const composed = await keyFromPassphrase('caf\u00e9', SCOPE);
    const decomposed = await keyFromPassphrase('cafe\u0301', SCOPE);
    const elsewhere = await keyFromPassphrase('caf\u00e9', Uint8Array.of(9));
    expect(decomposed.keyId).toEqual(composed.keyId);
    expect(elsewhere.keyId).not.toEqual(composed.keyId);
  });

  it('does not take a passphrase and a file of the same bytes for one key', async () => {
    const text = 'a'.repeat(32);
    const fromPassphrase = await keyFromPassphrase(text, SCOPE);
    const fromFile = await keyFromFile(new TextEncoder().encode(text), SCOPE);
    expect(fromFile.keyId).not.toEqual(fromPassphrase.keyId);
  });

  it('keeps the secret to itself', async () => {
    const { master } = await fileKey();
    expect(master.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('raw', master)).rejects.toThrow();
    const { key } = await messageKey(master, SALT);
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
  });

  it('refuses an empty passphrase and a short file', async () => {
    await expect(keyFromPassphrase('', SCOPE)).rejects.toThrow('The passphrase is empty.');
    await expect(keyFromFile(FILE.subarray(1), SCOPE)).rejects.toThrow('has 31 bytes; at least 32');
  });
});

describe('seal and open', () => {
  it.each<Content>([
    HELLO,
    { kind: 'text', text: '' },
    { kind: 'text', text: '\ufeffüñí 🙂\n' },
    { kind: 'file', name: 'réport.pdf', bytes: Uint8Array.from({ length: 1000 }, (_, at) => at & 0xff) },
    { kind: 'file', name: '', bytes: new Uint8Array() },
  ])('opens to the content that was sealed: %j', async (content) => {
    const key = await fileKey();
    const sealed = await seal(content, key, MAX);
    expect(sealed.length).toBe(encodeContent(content).length + OVERHEAD_BYTES);
    expect(await open(sealed, key.keyId, key)).toEqual({ state: 'opened', content });
  });

  it('writes the recorded bytes of version 1', async () => {
    const sealed = await seal(HELLO, await fileKey(), MAX, SALT);
    expect(toHex(sealed)).toBe(GOLDEN_SEALED);
  });

  it('seals the same text differently each time', async () => {
    const key = await fileKey();
    expect(await seal(HELLO, key, MAX)).not.toEqual(await seal(HELLO, key, MAX));
  });

  it('notices each byte that was altered', async () => {
    const key = await fileKey();
    const sealed = await seal(HELLO, key, MAX, SALT);
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = sealed.slice();
      altered[at] = (altered[at] ?? 0) ^ 1;
      // Without magic or version it does not even look sealed.
      const state = at < HEADER_BYTES - SALT.length ? 'bytes' : 'other-key';
      expect(await open(altered, key.keyId, key), `byte ${at}`).toEqual({ state });
    }
  });

  it('notices bytes that were cut off or added', async () => {
    const key = await fileKey();
    const sealed = await seal(HELLO, key, MAX);
    expect((await open(sealed.subarray(0, -1), key.keyId, key)).state).toBe('other-key');
    expect((await open(Uint8Array.of(...sealed, 0), key.keyId, key)).state).toBe('other-key');
    expect((await open(sealed.subarray(0, OVERHEAD_BYTES - 1), key.keyId, key)).state).toBe('bytes');
  });

  it('opens with no other key, with none, and under no other key id', async () => {
    const key = await fileKey();
    const other = await keyFromFile(
      FILE.map((byte) => byte ^ 1),
      SCOPE,
    );
    const sealed = await seal(HELLO, key, MAX);
    expect(await open(sealed, key.keyId, other)).toEqual({ state: 'other-key' });
    expect(await open(sealed, key.keyId, undefined)).toEqual({ state: 'other-key' });
    expect(await open(sealed, other.keyId, key)).toEqual({ state: 'other-key' });
    // Also if the attacker lies about the key id, because the key id is authenticated.
    expect(await open(sealed, other.keyId, { keyId: other.keyId, master: key.master })).toEqual({ state: 'other-key' });
  });

  it('recognises bytes without the format', async () => {
    const key = await fileKey();
    expect(await open(crypto.getRandomValues(new Uint8Array(100)), key.keyId, key)).toEqual({ state: 'bytes' });
    expect(looksSealed(new Uint8Array())).toBe(false);
  });

  it('refuses what would be larger than the canister takes, and takes the largest that fits', async () => {
    const key = await fileKey();
    const most = { kind: 'text', text: 'x'.repeat(100 - OVERHEAD_BYTES - 1) } as const;
    expect((await seal(most, key, 100)).length).toBe(100);
    const more = { kind: 'text', text: `${most.text}x` } as const;
    await expect(seal(more, key, 100)).rejects.toThrow('Sealed, it would have 101 bytes; at most 100 are allowed.');
  });
});

describe('content', () => {
  it.each([[], [0], [3, 1, 2], [1, 0xff], [2], [2, 5], [2, 4, 0, 65, 66, 67], [2, 1, 0, 0xff]])(
    'refuses contents that no version writes: %j',
    (...bytes) => {
      expect(() => decodeContent(Uint8Array.from(bytes))).toThrow('has an unknown form');
    },
  );

  it('says so when the holder of the key sealed something else', async () => {
    const key = await fileKey();
    const { header } = await import('../../src/sealing/format');
    const { key: aes, nonce } = await messageKey(key.master, SALT);
    const additionalData = Uint8Array.of(...header(SALT), ...key.keyId);
    const foreign = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData }, aes, Uint8Array.of(9));
    const sealed = Uint8Array.of(...header(SALT), ...new Uint8Array(foreign));
    expect((await open(sealed, key.keyId, key)).state).toBe('unknown-content');
  });
});

/** Fixed for version 1: if they change, stored messages become unreadable. */
const GOLDEN_PASSPHRASE_KEY_ID = '027f5f4eab67622d0ef8f341c604a90cbcc2b695';
const GOLDEN_FILE_KEY_ID = '7c5228ca4c78ee34160d8c797a611a8e789fd709';
const GOLDEN_SEALED =
  '4d43534c01fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e017bc084ae26c95866ed94dcd929dc6c4c3957327c207';
