// The verdicts of the directory's client in TypeScript (frontend/src/client/directory-answers.ts) on the answers of a network that
// lies. The table of lies is that of tests/clients/directory, which drives the client for Rust too.

import assert from 'node:assert/strict';
import { frontend } from './frontend.mjs';
import { actor, agent, bytes } from './inbox.mjs';

const unhex = (text) => Uint8Array.from(Buffer.from(text, 'hex'));

export async function everyLieAboutADirectoryIsNamed(packages, settings) {
  const { url, choose, canister, published, lies } = settings;
  const { verifyFound, verifyBundles } = await frontend('client/directory-answers.ts');
  const { pin } = await frontend('client/pins.ts');
  const { decodeBundle } = await frontend('directory/bundle.ts');
  const { idlFactory } = await frontend('client/bindings/declarations/directory.did.js');
  const encoded = { encoded: unhex(published.encoded), vrf_key: unhex(published.vrf_key) };
  const trusted = pin(canister, encoded, [], 3_600n);
  const { size, root, ratified } = settings.memory;
  const memory = { log: { size: BigInt(size), root: unhex(root) }, ratified: BigInt(ratified) };
  const alice = { index: unhex(settings.alice.index), profile: unhex(settings.alice.profile) };
  const newest = decodeBundle(unhex(settings.newest));
  const network = await agent(packages, url, { retryTimes: 0, verifyQuerySignatures: false });
  const directory = actor({ ...packages, idlFactory }, network, canister);
  const id = packages.Principal.fromText(canister).toUint8Array();

  /** A look-up as `connectDirectory` makes it, by an agent that does not check the replica's own signature. */
  async function lookup(name, remembers) {
    const label = bytes(`n${name}`);
    const remembered = remembers ? memory : undefined;
    const known = remembered?.log.size ?? 0n;
    const { Ok } = await directory.lookup({ label, view: { newest: null }, known, history: { newest: null } });
    const { log, certificate } = Ok.certified;
    const certified = { log: Uint8Array.from(log), certificate: certificate[0] && Uint8Array.from(certificate[0]) };
    const pinned = { canister: id, rootKey: network.rootKey, trusted };
    const asked = { ...pinned, memory: remembered, contact: undefined, label, view: 'newest' };
    await verifyFound(asked, { proof: Uint8Array.from(Ok.proof), certified });
  }

  /** The bundles of alice's devices. */
  async function bundles(remembers) {
    const { Ok } = await directory.get_bundles(bytes('nalice'));
    verifyBundles(trusted, alice, remembers ? [newest] : [], Ok.map((bundle) => Uint8Array.from(bundle)));
  }

  const ask = ({ label, remembers }) => verdict(() => (label ? lookup(label, remembers) : bundles(remembers)));
  // Before the proxy lies, it passes true answers.
  for (const lie of lies) {
    assert.equal(await ask(lie), 'verified', lie.name);
  }
  const wrong = [];
  for (const [number, lie] of lies.entries()) {
    await fetch(`${choose}${number}`, { method: 'POST' });
    const said = await ask(lie);
    if (!said.startsWith(lie.expected)) {
      wrong.push(`${lie.name}: ${said}, not ${lie.expected}`);
    }
  }
  assert.deepEqual(wrong, []);
}

/** The verdict of the client: the directory's code or the kind of the lie, or "verified". */
async function verdict(question) {
  try {
    await question();
    return 'verified';
  } catch (error) {
    assert.equal(error.kind, 'lie', error);
    return error.cause.code ?? error.cause.kind;
  }
}
