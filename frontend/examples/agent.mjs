// Stores a message and reads it back, with @icp-sdk/core.
import { Actor, HttpAgent } from '@icp-sdk/core/agent';
import { idlFactory } from '../src/client/bindings/declarations/canister.did.js';

const [url, canisterId] = process.argv.slice(2);
if (!url || !canisterId) {
  console.error('usage: node frontend/examples/agent.mjs URL CANISTER_ID');
  process.exit(2);
}
// Only for a development network: the Internet Computer's root key is built into the agent.
const agent = await HttpAgent.create({ host: url, shouldFetchRootKey: true });
const canister = Actor.createActor(idlFactory, { agent, canisterId });
const bytes = (text) => new TextEncoder().encode(text);

console.log(await canister.add_message(bytes('alice'), bytes('sealed by JavaScript')));

const { Ok: page } = await canister.get_messages_by_key(bytes('alice'), {
  start: { beginning: null },
  order: { descending: null },
  limit: 1,
  prove: false,
});
for (const { id, ciphertext } of page.messages) {
  console.log(`message ${id}: ${new TextDecoder().decode(Uint8Array.from(ciphertext))}`);
}
console.log(`go on after ${page.next}`);
