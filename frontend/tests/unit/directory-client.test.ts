/** The directory's client: the attackers of the shared vectors behind certificates, and certificates that prove nothing. */
import { readFileSync } from 'node:fs';
import { ed25519 } from '@noble/curves/ed25519.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Asked, verifyBundles, verifyFound } from '../../src/client/directory-answers';
import {
  directoryCheckErrorWords,
  directorySettingsErrorWords,
  updateErrorWords,
} from '../../src/client/directory-words';
import { pin } from '../../src/client/pins';
import { DirectoryError, type Memory, Quorum, type Trusted } from '../../src/directory';
import { certifiedLeaf } from '../../src/proofs/certified';
import { certifiedState, Signer } from './signer';

const VECTORS = JSON.parse(
  readFileSync(new URL('../../../crates/directory-core/vectors/version-1.json', import.meta.url), 'utf8'),
);
const CANISTER = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7, 1, 1);
const OTHER = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 8, 1, 1);
const network = new Signer(1);
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const { trusted } = VECTORS;
type Named = { name: string; key: string };
type PolicyVector = { keys: string[]; threshold: number };
const TRUSTED: Trusted = {
  realm: bytes(trusted.realm),
  origin: trusted.origin,
  vrfKey: bytes(trusted.vrf),
  configuration: bytes(trusted.configuration),
  registrars: trusted.registrars.map(({ keys, threshold }: PolicyVector) => ({ keys: keys.map(bytes), threshold })),
  quorum: new Quorum(
    trusted.verifiers.map(({ name, key }: Named) => ({ name, key: bytes(key) })),
    trusted.threshold,
    BigInt(trusted.max_age),
  ),
};

function vector(name: string) {
  const found = VECTORS.lookups.find((lookup: { name: string }) => lookup.name === name);
  if (!found) throw new Error(`no vector is named ${name}`);
  const seconds = Number(BigInt(found.certified_time) / 1_000_000_000n);
  vi.setSystemTime(Number(found.now) * 1000);
  const log = new Uint8Array(80);
  new DataView(log.buffer).setBigUint64(0, BigInt(found.certified.size));
  log.set(bytes(found.certified.root), 8);
  const memory: Memory | undefined = found.memory && {
    log: { size: BigInt(found.memory.log.size), root: bytes(found.memory.log.root) },
    ratified: BigInt(found.memory.ratified),
  };
  const asked: Asked = {
    canister: CANISTER,
    rootKey: network.key,
    trusted: TRUSTED,
    memory,
    contact: undefined,
    label: bytes(found.label),
    view: found.view,
  };
  const certificate = (canister = CANISTER, data = certifiedLeaf('log', log)) =>
    network.certificate(certifiedState(canister, data, seconds));
  return { asked, proof: bytes(found.proof), log, certificate };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

describe('a look-up', () => {
  it.each(['a label at a ratified head', 'an address with its own signature'])(
    'is verified as of the certificate: %s',
    async (name) => {
      const { asked, proof, log, certificate } = vector(name);
      const found = await verifyFound(asked, { proof, certified: { log, certificate: await certificate() } });
      expect(found.trust.by).toBe('ratified');
      expect(found.asOf).toBe(1_795_000_010_000_000_005n);
      expect(found.changes.at(-1)?.update.entry).toEqual(found.state?.entry);
    },
  );

  it('shows that a label is absent, and its index', async () => {
    const { asked, proof, log, certificate } = vector('an absent label');
    const found = await verifyFound(asked, { proof, certified: { log, certificate: await certificate() } });
    expect([found.state, found.changes, found.index.length]).toEqual([undefined, [], 32]);
  });

  it.each([
    ['a foreign key', 'another policy', 'Map'],
    ['a foreign profile', 'another profile', 'Profile'],
    ['an invented head', 'another head', 'ToNewest/Root'],
    ['an old key under the certificate of now', 'the entry before it, in place of the newest', 'ToNewest/Outdated'],
    ['a hidden label', 'a label that is hidden', 'Map'],
    ["another label's proof", "another label's proof", 'Vrf/Wrong'],
    ['a log that was rolled back', 'a log that shrank', 'FromKnown/Shrunk'],
    ['a log that was forked', 'a log that was forked', 'FromKnown/Root'],
    ['a head before a ratified one', 'an older head than one that was ratified', 'OlderHead'],
    ['a head newer than the certificate', 'a head newer than the certificate', 'HeadTime'],
    ['a forged cosignature', 'a forged cosignature', 'Cosignature'],
    ['a label that no registrar vouched for', 'without the registrar', 'Change/Signature/TooFew'],
  ])('catches %s', async (_, name, code) => {
    const { asked, proof, log, certificate } = vector(name);
    const answer = verifyFound(asked, { proof, certified: { log, certificate: await certificate() } });
    await expect(answer).rejects.toMatchObject({ kind: 'lie', cause: { kind: 'directory', code } });
  });

  it('catches certificates that prove nothing', async () => {
    const { asked, proof, log, certificate } = vector('a label at a ratified head');
    const lie = async (kind: string, certified: { log: Uint8Array; certificate?: Uint8Array }) =>
      await expect(verifyFound(asked, { proof, certified })).rejects.toMatchObject({ kind: 'lie', variant: kind });
    await lie('no-proof', { log });
    await lie('certificate', { log, certificate: await certificate(OTHER) });
    await lie('other-log', { log, certificate: await certificate(CANISTER, new Uint8Array(32)) });
    const forged = log.slice();
    forged[8] = (forged[8] ?? 0) ^ 1;
    await lie('other-log', { log: forged, certificate: await certificate() });
    const foreign = await new Signer(2).certificate(certifiedState(CANISTER, certifiedLeaf('log', log), 1_795_000_010));
    await lie('certificate', { log, certificate: foreign });
  });
});

describe('the pins', () => {
  const published = { encoded: bytes(trusted.encoded), vrf_key: bytes(trusted.vrf) };

  it('are made from the published configuration', () => {
    const pins = pin('aaaaa-aa', published, TRUSTED.registrars, BigInt(trusted.max_age));
    expect(pins).toEqual(TRUSTED);
  });

  it('have another hash where a node publishes another VRF key, and then no look-up verifies', async () => {
    const forged = { ...published, vrf_key: bytes(VECTORS.trusted.verifiers[0].key) };
    const pins = pin('aaaaa-aa', forged, TRUSTED.registrars, BigInt(trusted.max_age));
    const { asked, proof, log, certificate } = vector('an absent label');
    const answer = verifyFound(
      { ...asked, trusted: pins },
      { proof, certified: { log, certificate: await certificate() } },
    );
    await expect(answer).rejects.toMatchObject({ kind: 'lie', cause: { kind: 'directory', code: 'Configuration' } });
  });

  it('are refused where the configuration cannot be read or the registrar is unknown', () => {
    const cut = { ...published, encoded: published.encoded.subarray(0, 9) };
    expect(() => pin('aaaaa-aa', cut, TRUSTED.registrars, 1n)).toThrow(DirectoryError);
    expect(() => pin('aaaaa-aa', published, [], 1n)).toThrow('missing');
  });

  it('are refused where one verifier has two names', () => {
    const named = (name: string) => [
      name.length,
      ...new TextEncoder().encode(name),
      ...bytes(trusted.verifiers[0].key),
    ];
    const encoded = (...names: string[]) => Uint8Array.of(1, 1, 1, names.length, ...names.flatMap(named));
    const pinned = (...names: string[]) => pin('aaaaa-aa', { ...published, encoded: encoded(...names) }, [], 1n);
    // Both orders: the one with ascending key ids has no other fault.
    for (const names of [
      ['a', 'b'],
      ['b', 'a'],
    ])
      expect(() => pinned(...names)).toThrow(DirectoryError);
  });
});

describe('bundles', () => {
  const NOW = 1_795_000_000;
  const index = new Uint8Array(32).fill(9);
  const secret = (number: number) => new Uint8Array(32).fill(number);
  const be = (value: number) => bytes(value.toString(16).padStart(16, '0'));
  const key = (device: number) => Uint8Array.of(1, ...ed25519.getPublicKey(secret(device)));

  function bundle(device: number, issued: number, expiry: number, hpke = 2): Uint8Array {
    const body = (hpke: number) =>
      Uint8Array.of(
        ...[1, ...TRUSTED.realm, ...index, ...key(device), ...secret(hpke), ...secret(3)],
        ...[...be(issued), ...be(expiry), 1, 4],
      );
    const domain = new TextEncoder().encode('directory-bundle-v1\n');
    const signature = ed25519.sign(Uint8Array.of(...domain, ...body(2)), secret(device));
    return Uint8Array.of(...body(hpke), ...signature);
  }

  const found = { index, profile: Uint8Array.of(1, 1, ...key(5), ...secret(6), 0, 0) };
  const check = (...bundles: Uint8Array[]) => verifyBundles(TRUSTED, found, [], bundles);
  const lie = (code: string) => expect.objectContaining({ kind: 'lie', cause: { kind: 'directory', code } });

  beforeEach(() => void vi.setSystemTime(NOW * 1000));

  it('are verified against the profile that was looked up', () => {
    expect(check(bundle(5, NOW - 10, NOW + 10)).map(({ expiry }) => expiry)).toEqual([BigInt(NOW + 10)]);
  });

  it('are refused after their expiry, behind a newer one and forged', () => {
    expect(() => check(bundle(5, NOW - 10, NOW))).toThrow(lie('Expired'));
    const seen = check(bundle(5, NOW - 5, NOW + 10));
    expect(() => verifyBundles(TRUSTED, found, seen, [bundle(5, NOW - 10, NOW + 10)])).toThrow(lie('NotNewer'));
    expect(() => check(bundle(5, NOW - 10, NOW + 10, 66))).toThrow(lie('Signature'));
  });

  it('come once for a device', () => {
    const [one, newer] = [bundle(5, NOW - 10, NOW + 10), bundle(5, NOW - 5, NOW + 10)];
    for (const pair of [
      [one, one],
      [one, newer],
      [newer, one],
    ])
      expect(() => check(...pair)).toThrow(lie('NotNewer'));
  });

  it('are left out where the profile does not list their device', () => {
    const listed = bundle(5, NOW - 10, NOW + 10);
    const shown = check(bundle(7, NOW - 10, NOW + 10), listed);
    expect(shown).toEqual(check(listed));
    expect(shown).toHaveLength(1);
    const elsewhere = bundle(7, NOW - 10, NOW + 10);
    elsewhere[33] = 0;
    expect(() => check(elsewhere), 'of another label').toThrow(lie('Elsewhere'));
  });

  it('need a profile', () => {
    const none = expect.objectContaining({ kind: 'refused', variant: 'NoProfile' });
    expect(() => verifyBundles(TRUSTED, { index, profile: undefined }, [], [])).toThrow(none);
  });
});

it('turns refusals of the directory into sentences', () => {
  expect(updateErrorWords({ __kind__: 'Pending', Pending: { retry_after: 5n } })).toEqual([
    'An update of this label is already waiting. Try again in 5 s.',
    true,
  ]);
  const rate = { __kind__: 'rate', rate: { retry_after: 7 } } as const;
  expect(updateErrorWords({ __kind__: 'Limited', Limited: rate })).toEqual([
    'You call more often than the directory allows. Try again in 7 s.',
    true,
  ]);
  expect(
    directorySettingsErrorWords({ __kind__: 'TooLow', TooLow: { setting: 'items.burst', value: 0n, min: 1n } }),
  ).toEqual(['items.burst cannot be 0: it must be at least 1.', false]);
  expect(directoryCheckErrorWords({ __kind__: 'Cursor', Cursor: { part: 99, number: 0n } })).toEqual([
    'The check has no part 99.',
    false,
  ]);
});
