/**
 * Sealing: text and files encrypted under a passphrase or a key file, for a message canister. WebCrypto only: runs in browsers
 * (on https or localhost), Node and Deno. No DOM, no framework, no dependency.
 *
 *     const key = await keyFromPassphrase('six random words …', Principal.fromText(canisterId).toUint8Array());
 *     const sealed = await seal({ kind: 'text', text: 'hello' }, key, status.limits.ciphertext_bytes);
 *     await client.add(key.keyId, sealed);                        // to try again, send the same bytes again
 *     const opened = await open(message.ciphertext, message.key_id, key);
 *
 * The canister and its readers see the key id, the time when a message was stored, and its length: that of the text or file and
 * 54 bytes more (for a file also its name's length and 2 more). They do not see the content or the file's name. They cannot
 * alter a message or move it under another key id unnoticed. They can withhold it. Everybody with the key can open and seal all
 * messages under it: there is no forward secrecy, and the sender is not proved.
 */
export type { Content } from './content';
export { looksSealed, OVERHEAD_BYTES, SealingError } from './format';
export { KEY_FILE_MIN_BYTES, keyFromFile, keyFromPassphrase, type SealingKey } from './keys';
export { type Opened, open, seal } from './seal';
