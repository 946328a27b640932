/**
 * Sealing: text and files encrypted under a passphrase or a key file, for a message canister. WebCrypto only: runs in
 * browsers (on https or localhost), Node and Deno. No DOM, no framework, no dependency.
 *
 *     const key = await keyFromPassphrase('six random words …', Principal.fromText(canisterId).toUint8Array());
 *     const sealed = await seal({ kind: 'text', text: 'hello' }, key, status.limits.ciphertext_bytes);
 *     await client.add(key.keyId, sealed);                        // to try again, send the same bytes again
 *     const opened = await open(message.ciphertext, message.key_id, key);
 *
 * What the canister and its readers can see: the key id, when a message was stored, and its length, which is that of
 * the text or file and 54 bytes more (for a file its name's length and 2 more). They see neither the content nor the
 * file's name, nor can they alter it or move it under another key id unnoticed. They can withhold it. Whoever has the
 * key can open and seal everything under it: there is no forward secrecy, and the sender is not proved.
 */
export type { Content } from './content';
export { looksSealed, OVERHEAD_BYTES, SealingError } from './format';
export { KEY_FILE_MIN_BYTES, keyFromFile, keyFromPassphrase, type SealingKey } from './keys';
export { type Opened, open, seal } from './seal';
