/** The client's methods against the network, from Node: no browser takes part. */
import { createHash } from 'node:crypto';
import { Ed25519KeyIdentity } from '@icp-sdk/core/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, connect, connectDirectory, type DirectoryClient, Failure, networkAt } from '../../src/client';
import type { Bound32 } from '../../src/client/bindings/canister';
import type { CheckCursor } from '../../src/client/bindings/directory';
import { text } from './support/canister';
import { placeOf } from './support/labels';
import { type LocalNetwork, startNetwork } from './support/network';

const [ALICE, BOB, NOBODY] = [text('alice'), text('bob'), text('nobody')] as const;
const sealed = (name: string) => text(`sealed ${name}`);
const hash = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());

let network: LocalNetwork;
let client: Client;

beforeAll(async () => {
  network = await startNetwork();
  const at = networkAt(network.origin);
  if (!at) throw new Error(`${network.origin} is no network`);
  client = await connect({ canisterId: network.canisterId, network: at });
});
afterAll(() => network?.stop());

const failure = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error as Failure,
  );

describe('the client', () => {
  it('adds batches, whose items succeed and fail one by one, and can be sent again', async () => {
    const batch = [
      { key_id: ALICE, ciphertext: sealed('1') },
      { key_id: new Uint8Array(), ciphertext: sealed('2') },
      { key_id: BOB, ciphertext: sealed('3') },
    ];
    const [first, refused, third] = await client.addMany(batch);
    expect([first, third]).toEqual([
      { id: 1, duplicate: false },
      { id: 2, duplicate: false },
    ]);
    expect(refused).toBeInstanceOf(Failure);
    expect(refused).toMatchObject({ kind: 'refused', variant: 'KeyIdLength', transient: false });
    expect((await client.addMany(batch))[2]).toEqual({ id: 2, duplicate: true });

    const { limits } = await client.status();
    const tooMany = Array.from({ length: limits.batch_messages + 1 }, () => ({
      key_id: ALICE,
      ciphertext: sealed('x'),
    }));
    expect(await failure(client.addMany(tooMany))).toMatchObject({ kind: 'refused', variant: 'BatchTooLong' });
  });

  it('says which messages are stored, in the order asked', async () => {
    const asked = [
      { key_id: BOB, hash: hash(sealed('3')) },
      { key_id: ALICE, hash: hash(sealed('3')) },
      { key_id: ALICE, hash: hash(sealed('1')) },
    ];
    expect(await client.hasMessages(asked)).toEqual([2, null, 1]);
    const short = client.hasMessages([{ key_id: ALICE, hash: new Uint8Array(31) }]);
    expect(await failure(short)).toMatchObject({ variant: 'HashLength' });
  });

  it('answers the heads of many keys, in the order asked', async () => {
    const heads = await client.keyHeads([BOB, NOBODY, ALICE]);
    const head = (id: number) => ({ min_id: id, max_id: id, count: 1, rank: 1, acknowledged_id: 0, full_since: 0 });
    expect(heads.trust.kind).toBe('verified');
    expect(heads.value).toEqual([expect.objectContaining(head(2)), null, expect.objectContaining(head(1))]);
    expect((await client.keyHead(BOB)).value).toEqual(heads.value[0]);
  });

  it('sets settings, refuses bad ones, and shows no link to a dropped message', async () => {
    const maxMessages = (max_messages: Bound32) => [{ __kind__: 'max_messages' as const, max_messages }];
    const { settings } = await client.status();
    const bad = client.setSettings(settings.version, maxMessages({ __kind__: 'at_most', at_most: 0 }));
    expect(await failure(bad)).toMatchObject({ kind: 'refused', variant: 'TooLow' });
    expect((await client.status()).settings).toEqual(settings);
    const late = client.setSettings(settings.version + 1, []);
    expect(await failure(late)).toMatchObject({ kind: 'refused', variant: 'Version' });

    const { id } = await client.add(ALICE, sealed('4'));
    expect((await client.message(id)).value.prev_id).toBe(1);
    const limited = maxMessages({ __kind__: 'at_most', at_most: 1 });
    const version = await client.setSettings(settings.version, limited);
    expect((await client.status()).settings.settings).toContainEqual(limited[0]);
    expect((await client.message(id)).value.prev_id).toBe(0);
    await client.setSettings(version, maxMessages({ __kind__: 'unlimited', unlimited: null }));
  });

  it('refuses to try a rebuild again where none has failed', async () => {
    expect((await client.status()).store?.rebuild_failure).toBeUndefined();
    expect(await failure(client.retryRebuild())).toMatchObject({ kind: 'refused', variant: 'NotFailed' });
  });
});

describe("the directory's client", () => {
  const START: CheckCursor = { part: 0, number: 0n };
  let controller: DirectoryClient;
  let stranger: DirectoryClient;

  beforeAll(async () => {
    const { place, trusted } = await placeOf(network);
    controller = await connectDirectory(place, trusted);
    stranger = await connectDirectory(place, trusted, undefined, Ed25519KeyIdentity.generate());
  });

  it('sets settings, and refuses bad ones and those of strangers', async () => {
    const { settings } = await controller.status();
    const each = (items: number) => ({
      __kind__: 'at_most' as const,
      at_most: { burst: items, per_second: 1 },
    });
    const limited = { strangers: { ...settings.strangers, each: each(9) }, reserve: 1_000n };
    expect(limited).not.toEqual(settings);
    const bad = { ...limited, strangers: { ...limited.strangers, each: each(0) } };
    expect(await failure(controller.setSettings(bad))).toMatchObject({ kind: 'refused', variant: 'TooLow' });
    expect(await failure(stranger.setSettings(limited))).toMatchObject({ kind: 'refused', variant: 'NotAllowed' });
    expect((await controller.status()).settings).toEqual(settings);
    await controller.setSettings(limited);
    expect((await controller.status()).settings).toEqual(limited);
    await controller.setSettings(settings);
  });

  it('checks all records, for controllers, and names a part that there is not', async () => {
    let checked = 0;
    for (let from: CheckCursor | undefined = START; from; ) {
      const report = await controller.check(from);
      expect(report.violations).toEqual([]);
      checked += report.checked;
      from = report.next;
    }
    expect(checked).toBeGreaterThan(0);
    expect(await failure(stranger.check(START))).toMatchObject({ kind: 'refused', variant: 'NotAllowed' });
    const beyond = await failure(controller.check({ part: 99, number: 0n }));
    expect(beyond).toMatchObject({ kind: 'refused', variant: 'Cursor', message: 'The check has no part 99.' });
  });
});
