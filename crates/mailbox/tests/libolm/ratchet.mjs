// Writes the messages of a vector again: libolm makes them with the session of its own tests.
//
//   npm ci
//   node ratchet.mjs ../../vectors/libolm_ratchet.json
//
// The rest of the vector is libolm's: tests/test_session.cpp and tests/test_olm_decrypt.cpp of its release 3.2.
import { readFileSync, writeFileSync } from 'node:fs';
import Olm, { encrypt } from './olm.mjs';

const path = process.argv[2];
const vector = JSON.parse(readFileSync(path));
const session = new Olm.Session();
session.unpickle(vector.pickle_key, vector.pickle);
const message = (plain) => Buffer.from(encrypt(session, Buffer.from(plain)).body, 'base64').toString('hex');
vector.sent = vector.sent.map(({ plain }) => ({ plain, message: message(plain) }));
writeFileSync(path, `${JSON.stringify(vector, null, 2)}\n`);
