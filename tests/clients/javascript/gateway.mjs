// The checks of an HTTP gateway before it passes an answer on the certified domain.

import assert from 'node:assert/strict';
import verification from '@dfinity/response-verification';
import { actor, agent, bytes } from './inbox.mjs';

const FIVE_MINUTES = 300_000_000_000n;

export async function aGatewayPassesTheStatus(packages, { url, canister }) {
  const inbox = actor(packages, await agent(packages, url), canister);
  await inbox.add_message(bytes('alice'), bytes('sealed'));
  await passes(packages, url, canister, ['/', '/metrics', '/missing']);
}

export async function aGatewayPassesADirectorysAnswers(packages, { url, canister }) {
  await passes(packages, url, canister, ['/', '/checkpoint', '/metrics', '/missing']);
}

// `http_request` has the same type in each canister.
async function passes(packages, url, canister, paths) {
  const network = await agent(packages, url);
  const served = actor(packages, network, canister);
  const rootKey = await network.fetchRootKey();
  const id = packages.Principal.fromText(canister).toUint8Array();
  const verify = (request, { status_code, headers, body }) =>
    verification.verifyRequestResponsePair(
      { ...request, certificate_version: [2] }, { status_code, headers, body: Uint8Array.from(body) }, id,
      BigInt(Date.now()) * 1_000_000n, FIVE_MINUTES, new Uint8Array(rootKey), 2,
    );
  for (const path of paths) {
    const request = { method: 'GET', url: path, headers: [], body: new Uint8Array() };
    const response = await served.http_request(request);
    assert.equal(response.status_code, path === '/missing' ? 404 : 200, path);
    const result = verify(request, response);
    assert.equal(result.verificationVersion, 2, path);
    // A gateway that knew another root would not pass it.
    const header = response.headers.find(([name]) => name === 'IC-Certificate');
    header[1] = header[1].replace(/tree=:(.{20})(.)/, (_, start, letter) => `tree=:${start}${letter === 'A' ? 'B' : 'A'}`);
    assert.throws(() => verify(request, response), path);
  }
}
