// libolm for messages of arbitrary bytes. Its JavaScript interface takes and returns only text.
//
// Its WebAssembly functions take bytes. Two of them are wrapped when they are instantiated. The bytes to encrypt replace a
// text of the same length. Decrypted bytes are copied before they become text.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const Olm = require('@matrix-org/olm');
const script = require.resolve('@matrix-org/olm');
const text = readFileSync(script, 'utf8');
// The script names its functions; the module's own names are short.
const nameOf = (name) => text.match(new RegExp(`a\\.${name}=a\\.asm\\.(\\w+)\\)`))[1];
const [encryptName, decryptName] = ['_olm_encrypt', '_olm_decrypt'].map(nameOf);
let given;
let taken;

await Olm.init({
  instantiateWasm(imports, done) {
    const module = new WebAssembly.Module(readFileSync(join(dirname(script), 'olm.wasm')));
    const instance = new WebAssembly.Instance(module, imports);
    const memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
    const exports = { ...instance.exports };
    const encrypt = exports[encryptName];
    const decrypt = exports[decryptName];
    exports[encryptName] = (session, at, length, ...rest) => {
      new Uint8Array(memory.buffer, at, length).set(given);
      return encrypt(session, at, length, ...rest);
    };
    exports[decryptName] = (session, type, message, messageLength, at, ...rest) => {
      const length = decrypt(session, type, message, messageLength, at, ...rest);
      // An error is the largest number, which no memory has.
      taken = length === -1 ? undefined : Buffer.from(new Uint8Array(memory.buffer, at, length));
      return length;
    };
    done({ exports });
    return exports;
  },
});

export default Olm;

// A message of these bytes: { type, body in base64 }.
export function encrypt(session, bytes) {
  given = bytes;
  return session.encrypt('x'.repeat(bytes.length));
}

// The bytes of a message.
export function decrypt(session, type, body) {
  session.decrypt(type, body);
  return taken;
}
