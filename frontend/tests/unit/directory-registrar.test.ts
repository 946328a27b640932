/** A directory whose registrar the client does not know: it takes the keys that the directory itself shows. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { directoryInterface } from '../../src/client/bindings/directory';
import { Lookups } from '../../src/client/directory-lookups';
import { pin } from '../../src/client/pins';
import { type Policy, policiesInForce, REGISTRAR, type Timed } from '../../src/directory';
import { certifiedLeaf } from '../../src/proofs/certified';
import { LittleDirectory } from './little-directory';
import { certifiedState, Signer } from './signer';

const { trusted, lookups } = JSON.parse(
  readFileSync(new URL('../../../crates/directory-core/vectors/version-1.json', import.meta.url), 'utf8'),
);
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const CANISTER = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7, 1, 1);
const ALICE = new TextEncoder().encode('nalice');
const network = new Signer(1);
const PUBLISHED = { encoded: bytes(trusted.encoded), vrf_key: bytes(trusted.vrf) };
const PINS = pin('aaaaa-aa', PUBLISHED, 'shown', BigInt(trusted.max_age));
const OF_REGISTRAR = "the registrar's label, for which nobody vouches";

const vector = (name: string) => lookups.find((lookup: { name: string }) => lookup.name === name);

/** Answers the look-up of the registrar's label and that of alice with these vectors. */
function scripted(registrar: string, alice: string) {
  const calls = { lookup: vi.fn<directoryInterface['lookup']>(), get_history: vi.fn() };
  calls.lookup.mockImplementation(async ({ label }) => {
    const { proof, certified, certified_time } = vector(label[0] === REGISTRAR[0] ? registrar : alice);
    const log = new Uint8Array(80);
    new DataView(log.buffer).setBigUint64(0, BigInt(certified.size));
    log.set(bytes(certified.root), 8);
    const seconds = Number(BigInt(certified_time) / 1_000_000_000n);
    const state = certifiedState(CANISTER, certifiedLeaf('log', log), seconds);
    return {
      __kind__: 'Ok',
      Ok: { proof: bytes(proof), certified: { log, certificate: await network.certificate(state) } },
    };
  });
  const client = new Lookups(calls, { canister: CANISTER, rootKey: network.key, trusted: PINS }, undefined);
  return { client, labels: () => calls.lookup.mock.calls.map(([{ label }]) => label) };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(1_795_000_010_000);
});
afterEach(() => void vi.useRealTimers());

describe('the registrar that the directory shows', () => {
  it('is looked up before each other label, and vouches for it', async () => {
    const { client, labels } = scripted(OF_REGISTRAR, 'a label at a ratified head');
    const { trust, changes } = await client.lookup(ALICE, { history: true });
    expect(trust.by).toBe('ratified');
    expect(changes[0]?.update.registration.length).toBe(1);
    expect(labels()).toEqual([REGISTRAR, ALICE]);
  });

  it('has the keys that clients which know it pin', async () => {
    const { client, labels } = scripted(OF_REGISTRAR, OF_REGISTRAR);
    const { changes, head } = await client.lookup(REGISTRAR, { history: true });
    expect(policiesInForce(changes, head.time)).toEqual(
      trusted.registrars.map(({ keys, threshold }: { keys: string[]; threshold: number }) => ({
        keys: keys.map(bytes),
        threshold,
      })),
    );
    expect(labels()).toEqual([REGISTRAR]);
  });

  it.each([
    ['a label that it did not vouch for', OF_REGISTRAR, 'without the registrar', 'Change/Signature/TooFew'],
    ['another label in its place', 'a label at a ratified head', 'a label at a ratified head', 'Vrf/Wrong'],
  ])('does not let pass %s', async (_, registrar, alice, code) => {
    const { client } = scripted(registrar, alice);
    await expect(client.lookup(ALICE, { history: true })).rejects.toMatchObject({
      kind: 'lie',
      cause: { kind: 'directory', code },
    });
  });

  it('is missing: then no label passes as one of open registration', async () => {
    const vrf = bytes(vector(OF_REGISTRAR).proof).slice(1, 81);
    const secret = new Uint8Array(32).fill(1);
    const calls = new LittleDirectory({ ...PINS }, CANISTER, network, vrf, REGISTRAR, secret);
    const place = { canister: CANISTER, rootKey: network.key, trusted: { ...PINS, quorum: undefined } };
    const client = new Lookups(calls, place, undefined);
    const asked = vi.spyOn(calls, 'lookup');
    await expect(client.lookup(ALICE)).rejects.toMatchObject({
      kind: 'refused',
      message: 'The directory has no registrar yet, so it has registered no label.',
    });
    expect(asked).toHaveBeenCalledTimes(1);
    expect((await client.lookup(REGISTRAR)).state).toBeUndefined();
  });
});

describe('the policies that a label has had in force', () => {
  const policy = (key: number): Policy => ({ keys: [new Uint8Array(32).fill(key)], threshold: 1 });
  const [A, B, C] = [policy(1), policy(2), policy(3)];
  const change = (seconds: number, kind: 'set' | 'recover', policy: Policy) =>
    ({
      time: BigInt(seconds) * 1_000_000_000n,
      update: { entry: { kind, policy, recovery: { policy: C, delay: 5 } } },
    }) as Timed;
  const inForce = (now: number, ...changes: Timed[]) => policiesInForce(changes, BigInt(now) * 1_000_000_000n);

  it("are those of each change, today's and former ones", () => {
    expect(inForce(9, change(1, 'set', A), change(2, 'set', B))).toEqual([A, B]);
    expect(inForce(9)).toEqual([]);
  });

  it('lack that of a recovery until its delay has passed', () => {
    const changes = [change(1, 'set', A), change(10, 'recover', B)];
    expect(inForce(14, ...changes)).toEqual([A]);
    expect(inForce(15, ...changes)).toEqual([A, B]);
  });

  it('lack that of a recovery that was withdrawn, for ever', () => {
    expect(inForce(99, change(1, 'set', A), change(10, 'recover', B), change(14, 'set', A))).toEqual([A, A]);
    expect(inForce(99, change(1, 'set', A), change(10, 'recover', B), change(15, 'set', C))).toEqual([A, B, C]);
  });
});
