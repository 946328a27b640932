// Writes what another implementation sends: libolm's messages in @hpke/core's envelopes, to one of this crate's devices.
//
//   npm install @hpke/core@1 @hpke/chacha20poly1305@1 @matrix-org/olm@3.2.15
//   node make.mjs recipient.json > libolm.json
//
// It follows docs/wire.md and shares no code with the crate. recipient.json is written by the test `a_recipient`.
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { Chacha20Poly1305 } from '@hpke/chacha20poly1305';
import Olm from '@matrix-org/olm';

const recipient = JSON.parse(readFileSync(process.argv[2]));
const hex = (text) => Buffer.from(text, 'hex');
const base64 = (bytes) => bytes.toString('base64').replace(/=+$/, '');
const u32 = (value) => Buffer.from(Uint32Array.of(value).buffer).swap32();
const u64 = (value) => Buffer.concat([u32(0), u32(value)]);

await Olm.init();
const account = new Olm.Account();
account.create();
const session = new Olm.Session();
session.create_outbound(account, base64(hex(recipient.identity)), base64(hex(recipient.fallback)));
const identity = Buffer.from(JSON.parse(account.identity_keys()).curve25519, 'base64');

function padded(content) {
  const whole = Math.max(content.length + 4, 256);
  const exponent = Math.floor(Math.log2(whole));
  const free = exponent - (Math.floor(Math.log2(exponent)) + 1);
  const length = Math.ceil(whole / 2 ** free) * 2 ** free;
  return Buffer.concat([u32(content.length), content, Buffer.alloc(length - content.length - 4)]);
}

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });
const [canister, inbox] = [hex(recipient.canister), hex(recipient.inbox)];
const aad = Buffer.concat([Buffer.of(canister.length), canister, Buffer.of(inbox.length), inbox]);
const recipientPublicKey = await suite.kem.deserializePublicKey(hex(recipient.hpke));

const sent = [];
for (const [at, text] of ['hello from libolm', 'ü'.repeat(500), 'the third'].entries()) {
  const id = randomBytes(16);
  const content = Buffer.concat([Buffer.of(1, 1), u64(at + 1), u64(100 + at), id, Buffer.from(text)]);
  // libolm takes text only: number, time and id are ASCII, or they would be changed.
  id.forEach((byte, place) => content.writeUInt8(byte & 0x7f, 18 + place));
  const message = session.encrypt(content.toString('utf8'));
  const letter = Buffer.concat([
    Buffer.of(message.type),
    identity,
    Buffer.from(session.session_id(), 'base64'),
    Buffer.from(message.body, 'base64'),
  ]);
  const sender = await suite.createSenderContext({ recipientPublicKey, info: Buffer.from('mailbox-envelope-v1') });
  const ciphertext = Buffer.from(await sender.seal(padded(letter), aad));
  const envelope = Buffer.concat([Buffer.of(1), Buffer.from(sender.enc), ciphertext]);
  sent.push({ number: at + 1, time: 100 + at, text, envelope: envelope.toString('hex') });
}
console.log(JSON.stringify({ sender: identity.toString('hex'), sent }, null, 2));
