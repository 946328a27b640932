// A key to which the owner delegates reads and acknowledges the owner's mail, on the terms of the delegation.

import assert from 'node:assert/strict';
import { actor, agent, bytes, failure } from './inbox.mjs';

const PAGE = { start: { beginning: null }, order: { ascending: null }, limit: 9, prove: false };

export async function delegatesOfAnOwnerActOnTheirTerms(packages, { url, canister, absentCanister, operator }) {
  const { DelegationChain, DelegationIdentity, Ed25519KeyIdentity, Principal } = packages;
  const key = (seed) => Ed25519KeyIdentity.generate(new Uint8Array(32).fill(seed));
  const as = async (identity) => actor(packages, await agent(packages, url, { identity, retryTimes: 0 }), canister);
  const owner = key(30);
  const keyId = owner.getPrincipal().toUint8Array();
  const admin = await as(Ed25519KeyIdentity.generate(Uint8Array.from(Buffer.from(operator, 'hex'))));
  const { version } = (await admin.get_status()).Ok.settings;
  assert.ok('Ok' in (await admin.set_settings(version, [{ reads: { owners: null } }])));
  for (const text of ['one', 'two']) {
    assert.ok((await admin.add_message(keyId, bytes(text))).Ok);
  }
  const HOUR = 3_600_000;
  const delegate = async (options, expiration = new Date(Date.now() + HOUR)) => {
    const chain = await DelegationChain.create(owner, key(31).getPublicKey(), expiration, options);
    return as(DelegationIdentity.fromDelegation(key(31), chain));
  };
  const ids = async (inbox) => (await inbox.get_messages_by_key(keyId, PAGE)).Ok.messages.map(({ id }) => id);
  const acknowledge = (inbox, through) => inbox.acknowledge([{ key_id: keyId, through }]);
  const refused = async (attempt, reason) => assert.match((await failure(attempt)).message, reason, `${attempt}`);

  const stranger = await as(key(31));
  assert.deepEqual(await ids(stranger), [], "the delegate's own key owns nothing");
  assert.deepEqual(await acknowledge(stranger, 1), { Ok: [{ Err: { NotOwner: null } }] });

  const reader = await delegate({ permissions: 'queries' });
  assert.deepEqual(await ids(reader), [1, 2]);
  await refused(() => acknowledge(reader, 1), /queries only/);
  await refused(() => reader.add_message(keyId, bytes('three')), /queries only/);

  const expired = await delegate({}, new Date(Date.now() - 1000));
  const elsewhere = await delegate({ targets: [Principal.fromText(absentCanister)] });
  for (const [inbox, reason] of [[expired, /expired at/], [elsewhere, new RegExp(canister)]]) {
    await refused(() => ids(inbox), reason);
    await refused(() => acknowledge(inbox, 1), reason);
    await refused(() => inbox.add_message(keyId, bytes('three')), reason);
  }
  assert.deepEqual(await ids(reader), [1, 2], 'nothing was acknowledged or added');

  const full = await delegate({ targets: [Principal.fromText(canister)] });
  assert.deepEqual(await ids(full), [1, 2]);
  assert.deepEqual(await acknowledge(full, 1), { Ok: [{ Ok: { messages: 1 } }] });
  assert.deepEqual(await ids(full), [2]);
}
