/** The client's methods against the network, from Node: no browser takes part. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, connect, Failure, networkAt } from '../../src/client';
import type { Bound32 } from '../../src/client/bindings/canister';
import { text } from './support/canister';
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
