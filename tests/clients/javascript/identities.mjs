// The callers: every identity controls one canister, which must obey it and no
// other.

import assert from 'node:assert/strict';
import { actor, agent } from './inbox.mjs';

const START = { id: 0, key: 0 };
const REFUSED = { Err: { NotAllowed: null } };

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
      const set = await canister.set_settings(0, []);
      const checked = await canister.check(START);
      if (caller === controller) {
        assert.equal(set.Err?.Version?.given, 0, `an update by ${caller}`);
        assert.deepEqual(checked.Ok?.violations, [], `a query by ${caller}`);
      } else {
        assert.deepEqual(set, REFUSED, `an update by ${caller} of the canister of ${controller}`);
        assert.deepEqual(checked, REFUSED, `a query by ${caller} of the canister of ${controller}`);
      }
    }
  }
}
