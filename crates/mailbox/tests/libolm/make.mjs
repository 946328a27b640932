// Writes messages of another implementation to one of this crate's devices: libolm's messages in @hpke/core's envelopes.
//
//   npm ci
//   node make.mjs ../../vectors/recipient.json > ../../vectors/libolm.json
//
// recipient.json is written by the test `a_recipient`.
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import Olm from './olm.mjs';
import { base64, content, hex, seal } from './wire.mjs';

const recipient = JSON.parse(readFileSync(process.argv[2]));
const [canister, inbox, hpke] = [recipient.canister, recipient.inbox, recipient.hpke].map(hex);
const account = new Olm.Account();
account.create();
const session = new Olm.Session();
session.create_outbound(account, base64(hex(recipient.identity)), base64(hex(recipient.fallback)));
const identity = Buffer.from(JSON.parse(account.identity_keys()).curve25519, 'base64');

const sent = [];
for (const [at, text] of ['hello from libolm', 'ü'.repeat(500), 'the third'].entries()) {
  const plain = content(1, at + 1, 100 + at, randomBytes(16), Buffer.from(text));
  const envelope = await seal(session, identity, plain, { canister, inbox, hpke });
  sent.push({ number: at + 1, time: 100 + at, text, envelope: envelope.toString('hex') });
}
console.log(JSON.stringify({ sender: identity.toString('hex'), sent }, null, 2));
