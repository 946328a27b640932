// A device of another implementation. Each line of its input is a request in JSON, with bytes in hexadecimal. It answers with a line:
//
//   { "do": "keys" }
//       its public keys
//   { "do": "meet", "recipient": { "canister", "inbox", "hpke", "identity", "fallback" } }
//       sets the recipient of its messages
//   { "do": "begin" }
//       begins a session
//   { "do": "seal", "kind", "number", "body" }
//       an envelope, in the session that it last began or received in
//   { "do": "open", "envelope", "canister", "inbox" }
//       the content of an envelope to this device
import { createInterface } from 'node:readline';
import { randomBytes } from 'node:crypto';
import Olm from './olm.mjs';
import { base64, content, hex, newKeys, open, read, seal } from './wire.mjs';

const account = new Olm.Account();
account.create();
account.generate_fallback_key();
const identity = Buffer.from(JSON.parse(account.identity_keys()).curve25519, 'base64');
const [fallback] = Object.values(JSON.parse(account.unpublished_fallback_key()).curve25519);
const hpke = await newKeys();
const sessions = new Map();
let recipient;
let sending;

const does = {
  keys: () => ({
    identity: identity.toString('hex'),
    fallback: Buffer.from(fallback, 'base64').toString('hex'),
    hpke: hpke.public.toString('hex'),
  }),
  meet(request) {
    recipient = Object.fromEntries(Object.entries(request.recipient).map(([name, value]) => [name, hex(value)]));
    return {};
  },
  begin() {
    sending = new Olm.Session();
    sending.create_outbound(account, base64(recipient.identity), base64(recipient.fallback));
    sessions.set(sending.session_id(), sending);
    return {};
  },
  async seal(request) {
    const plain = content(request.kind, request.number, Date.now(), randomBytes(16), hex(request.body));
    return { envelope: (await seal(sending, identity, plain, recipient)).toString('hex') };
  },
  async open(request) {
    const place = { canister: hex(request.canister), inbox: hex(request.inbox) };
    const letter = await open(hex(request.envelope), hpke.secret, place);
    let session = sessions.get(letter.session);
    if (session === undefined) {
      session = new Olm.Session();
      session.create_inbound_from(account, base64(letter.sender), letter.body);
      sessions.set(letter.session, session);
    }
    sending = session;
    const { kind, number, body } = read(session, letter);
    return { type: letter.type, kind, number, body: body.toString('hex') };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  console.log(JSON.stringify(await does[request.do](request)));
}
