// Answers that the agent must refuse. Without these tests, the answers that it accepts elsewhere would prove
// nothing.

import assert from 'node:assert/strict';
import { actor, agent, bytes, failure } from './inbox.mjs';

/** The requests to an agent: an update, a query, and the certified data of the canister. */
function requests(packages, network, canisterId) {
  const { CanisterStatus, Principal } = packages;
  const canister = actor(packages, network, canisterId);
  const paths = ['candid', 'module_hash'];
  return {
    update: () => canister.add_message(bytes('alice'), bytes('sealed')),
    query: () => canister.get_message_by_id(1, []),
    state: () => CanisterStatus.request({ agent: network, canisterId: Principal.fromText(canisterId), paths }),
  };
}

// A refusal is final: trying again only costs time.
const ONCE = { retryTimes: 0 };

export async function anHonestProxyIsBelieved(packages, { proxies, canister, moduleHash }) {
  const network = await agent(packages, proxies.Nothing, ONCE);
  const { update, query, state } = requests(packages, network, canister);
  assert.deepEqual(await update(), { Ok: { id: 1, duplicate: false } });
  assert.equal((await query()).Ok.message.id, 1);
  assert.equal((await state()).get('module_hash'), moduleHash);
}

export async function tamperedCertificatesAreRefused(packages, { proxies, canister }) {
  for (const tamper of ['CertificateTree', 'CertificateSignature']) {
    const network = await agent(packages, proxies[tamper], ONCE);
    await refusesAll(requests(packages, network, canister), tamper);
  }
}

/** A subnet may speak for the canisters that the root key has delegated to it, and for no others. */
export async function whatAnotherSubnetCertifiesIsRefused(packages, { proxies, canister }) {
  const here = requests(packages, await agent(packages, proxies.DelegatedHere, ONCE), canister);
  assert.ok((await here.update()).Ok);
  assert.ok((await here.query()).Ok);
  assert.ok((await here.state()).get('module_hash'));
  const network = await agent(packages, proxies.DelegatedElsewhere, ONCE);
  const { update, query, state } = requests(packages, network, canister);
  await refusesAll({ update }, 'another subnet', 'CertificateNotAuthorizedErrorCode');
  // Without keys of nodes that it believes, one of the agents says that no signature is one.
  const refused = ['CertificateNotAuthorizedErrorCode', 'MissingSignatureErrorCode'];
  const error = await failure(query);
  assert.ok(refused.includes(error.code.name), `query, another subnet: ${error}`);
  // This method answers such a refusal with nothing.
  assert.ok(!(await state()).get('module_hash'));
}

export async function tamperedQueriesAreRefused(packages, { proxies, canister }) {
  for (const [tamper, code] of [
    ['QueryReply', 'QuerySignatureVerificationFailedErrorCode'],
    ['QuerySignature', 'QuerySignatureVerificationFailedErrorCode'],
    // An answer without signatures has no time either.
    ['QueryUnsigned', 'MalformedSignatureErrorCode'],
  ]) {
    const network = await agent(packages, proxies[tamper], ONCE);
    const { update, query, state } = requests(packages, network, canister);
    assert.ok((await update()).Ok, 'certificates are as they were');
    assert.ok((await state()).get('module_hash'), 'certificates are as they were');
    const error = await failure(query);
    assert.equal(error.code.name, code, `${tamper}: ${error}`);
  }
}

export async function aWrongRootKeyIsRefused(packages, { proxies, url, canister }) {
  // The root key that the status tells, and the one of the platform itself, which agents have unless they ask.
  const told = await agent(packages, proxies.RootKey, ONCE);
  const builtIn = await agent(packages, url, { ...ONCE, shouldFetchRootKey: false });
  assert.notDeepEqual(told.rootKey, builtIn.rootKey);
  for (const [name, network] of Object.entries({ told, builtIn })) {
    await refusesAll(requests(packages, network, canister), name);
  }
}

/** Whatever rests on a certificate is refused, for its signature unless another reason is expected: also a query, whose node's key comes in one. */
async function refusesAll(requests, what, code = 'CertificateVerificationErrorCode') {
  for (const [name, request] of Object.entries(requests)) {
    const error = await failure(request);
    assert.equal(error.code.name, code, `${name}, ${what}: ${error}`);
  }
}
