// docs/wire.md once more: padding, letters and envelopes. It shares no code with the crate.
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { Chacha20Poly1305 } from '@hpke/chacha20poly1305';
import { decrypt, encrypt } from './olm.mjs';

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });
const info = Buffer.from('mailbox-envelope-v1');

export const hex = (text) => Buffer.from(text, 'hex');
export const base64 = (bytes) => bytes.toString('base64').replace(/=+$/, '');

function uint(value, size) {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, size > 6 ? size - 6 : 0, Math.min(size, 6));
  return bytes;
}

export function content(kind, number, time, id, body) {
  return Buffer.concat([Buffer.of(1, kind), uint(number, 8), uint(time, 8), id, body]);
}

// A secret key for envelopes, and the bytes of its public key.
export async function newKeys() {
  const { privateKey, publicKey } = await suite.kem.generateKeyPair();
  return { secret: privateKey, public: Buffer.from(await suite.kem.serializePublicKey(publicKey)) };
}

function padded(letter) {
  const whole = Math.max(letter.length + 4, 256);
  const exponent = Math.floor(Math.log2(whole));
  const free = exponent - (Math.floor(Math.log2(exponent)) + 1);
  const length = Math.ceil(whole / 2 ** free) * 2 ** free;
  return Buffer.concat([uint(letter.length, 4), letter, Buffer.alloc(length - letter.length - 4)]);
}

const associated = ({ canister, inbox }) =>
  Buffer.concat([Buffer.of(canister.length), canister, Buffer.of(inbox.length), inbox]);

// The envelope of a content, which this session of the device with this identity key encrypts.
export async function seal(session, identity, plain, recipient) {
  const message = encrypt(session, plain);
  const id = Buffer.from(session.session_id(), 'base64');
  const letter = Buffer.concat([Buffer.of(message.type), identity, id, Buffer.from(message.body, 'base64')]);
  const recipientPublicKey = await suite.kem.deserializePublicKey(recipient.hpke);
  const sender = await suite.createSenderContext({ recipientPublicKey, info });
  const ciphertext = Buffer.from(await sender.seal(padded(letter), associated(recipient)));
  return Buffer.concat([Buffer.of(1), Buffer.from(sender.enc), ciphertext]);
}

// The letter of an envelope.
export async function open(envelope, secret, recipient) {
  const enc = envelope.subarray(1, 33);
  const context = await suite.createRecipientContext({ recipientKey: secret, enc, info });
  const plain = Buffer.from(await context.open(envelope.subarray(33), associated(recipient)));
  const length = plain.readUInt32BE(0);
  const letter = plain.subarray(4, 4 + length);
  if (envelope[0] !== 1 || !padded(letter).equals(plain)) {
    throw new Error('this is no envelope');
  }
  return {
    type: letter[0],
    sender: letter.subarray(1, 33),
    session: base64(letter.subarray(33, 65)),
    body: base64(letter.subarray(65)),
  };
}

// The content of a letter.
export function read(session, letter) {
  const plain = decrypt(session, letter.type, letter.body);
  return { format: plain[0], kind: plain[1], number: Number(plain.readBigUInt64BE(2)), body: plain.subarray(34) };
}
