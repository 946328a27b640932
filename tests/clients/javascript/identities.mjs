// Who calls: every identity controls one canister, which must obey it and no other.

import assert from 'node:assert/strict';
import { actor, agent } from './inbox.mjs';

const unlimited = { unlimited: null };
const NONE = { rebuild_pages: unlimited, max_messages: unlimited, max_bytes: unlimited, max_age_seconds: unlimited };
const START = { id: 0, walk: 0, counted: 0 };
const REFUSED = { Err: { NotController: null } };

export async function everyIdentityIsItsOwnCaller(packages, { url, secrets, principals, canisters }) {
  const { Ed25519KeyIdentity, Secp256k1KeyIdentity } = packages;
  const secret = (name) => Uint8Array.from(Buffer.from(secrets[name], 'hex'));
  const identities = {
    anonymous: undefined,
    ed25519: Ed25519KeyIdentity.generate(secret('ed25519')),
    secp256k1: Secp256k1KeyIdentity.fromSecretKey(secret('secp256k1')),
  };
  assert.deepEqual(Object.keys(canisters).sort(), Object.keys(identities).sort());
  for (const [caller, identity] of Object.entries(identities)) {
    const network = await agent(packages, url, { identity });
    assert.equal((await network.getPrincipal()).toText(), principals[caller], caller);
    for (const [controller, id] of Object.entries(canisters)) {
      const canister = actor(packages, network, id);
      const set = await canister.set_settings(NONE);
      const checked = await canister.check(START);
      if (caller === controller) {
        assert.deepEqual(set, { Ok: null }, `an update by ${caller}`);
        assert.deepEqual(checked.Ok?.violations, [], `a query by ${caller}`);
      } else {
        assert.deepEqual(set, REFUSED, `an update by ${caller} of the canister of ${controller}`);
        assert.deepEqual(checked, REFUSED, `a query by ${caller} of the canister of ${controller}`);
      }
    }
  }
}
