// Writes the vectors of the sealing format to standard output: `node make.mjs > version-1.json`.
//
// It follows docs/sealing.md with Node's own cryptography and shares no code with the implementations that the vectors
// test: crates/sealing (RustCrypto) and frontend/src/sealing (WebCrypto).
import { createCipheriv, hkdfSync, pbkdf2Sync } from 'node:crypto';

const L = 'message-canister/sealing/v1/';
const bytes = (length, of) => Buffer.from(Array.from({ length }, (_, at) => of(at) & 0xff));
const hkdf = (secret, salt, info, length) => Buffer.from(hkdfSync('sha256', secret, salt, info, length));

const master = {
  passphrase: (text, scope) =>
    pbkdf2Sync(text.normalize('NFC'), Buffer.concat([Buffer.from(`${L}passphrase`), scope]), 1_000_000, 32, 'sha256'),
  file: (content, scope) => hkdf(content, Buffer.concat([Buffer.from(`${L}key file`), scope]), '', 32),
};
const keyId = (key) => hkdf(key, '', `${L}key id`, 20);

function seal(plain, key, salt) {
  const header = Buffer.concat([Buffer.from('MCSL'), Buffer.of(1), salt]);
  const secret = hkdf(key, salt, `${L}message`, 44);
  const cipher = createCipheriv('aes-256-gcm', secret.subarray(0, 32), secret.subarray(32));
  cipher.setAAD(Buffer.concat([header, keyId(key)]));
  return Buffer.concat([header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

const scope = Buffer.from('00000000000000010101', 'hex');
const other = Buffer.from('00000000000000020101', 'hex');
const file = bytes(32, (at) => at);

const passphrases = [
  ['correct horse battery staple', scope],
  ['correct horse battery staple', other],
  [' cafe\u0301 ', scope],
].map(([passphrase, of]) => ({
  passphrase,
  scope: of.toString('hex'),
  key_id: keyId(master.passphrase(passphrase, of)).toString('hex'),
}));

const files = [
  [file, scope],
  [file, other],
  [bytes(1_000, (at) => at * 7), scope],
].map(([content, of]) => ({
  file: content.toString('hex'),
  scope: of.toString('hex'),
  key_id: keyId(master.file(content, of)).toString('hex'),
}));

const contents = [
  { kind: 'text', text: 'hello' },
  { kind: 'text', text: '' },
  { kind: 'text', text: '\ufeffüñí 🙂\n' },
  { kind: 'file', name: 'réport.pdf', bytes: bytes(300, (at) => at).toString('hex') },
  { kind: 'file', name: '', bytes: '' },
  { kind: 'unknown', plain: '' },
  { kind: 'unknown', plain: '00' },
  { kind: 'unknown', plain: '030102' },
  { kind: 'unknown', plain: '01ff' },
  { kind: 'unknown', plain: '02' },
  { kind: 'unknown', plain: '0205' },
  { kind: 'unknown', plain: '020400414243' },
  { kind: 'unknown', plain: '020100ff' },
];

function plain(content) {
  if (content.kind === 'unknown') return Buffer.from(content.plain, 'hex');
  if (content.kind === 'text') return Buffer.concat([Buffer.of(1), Buffer.from(content.text)]);
  const name = Buffer.from(content.name);
  return Buffer.concat([Buffer.of(2, name.length & 0xff, name.length >> 8), name, Buffer.from(content.bytes, 'hex')]);
}

// All under the first key file.
const messages = contents.map((content, number) => {
  const salt = bytes(32, (at) => 255 - at - number);
  return {
    salt: salt.toString('hex'),
    content,
    sealed: seal(plain(content), master.file(file, scope), salt).toString('hex'),
  };
});

process.stdout.write(`${JSON.stringify({ passphrases, files, messages }, null, 2)}\n`);
