/** The client's methods against the network, from Node: no browser takes part. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, connect, Failure, networkAt } from '../../src/client';
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
    expect(heads).toEqual([{ min_id: 2, max_id: 2, count: 1 }, null, { min_id: 1, max_id: 1, count: 1 }]);
    expect(await client.keyHead(BOB)).toEqual(heads[0]);
  });

  it('sets settings, refuses bad ones, and shows no link to a dropped message', async () => {
    const unlimited = { __kind__: 'unlimited', unlimited: null } as const;
    const { settings } = await client.status();
    const bad = client.setSettings({ ...settings, max_messages: { __kind__: 'at_most', at_most: 0 } });
    expect(await failure(bad)).toMatchObject({ kind: 'refused', variant: 'MaxMessages' });
    expect((await client.status()).settings).toEqual(settings);

    const { id } = await client.add(ALICE, sealed('4'));
    expect((await client.message(id)).prev_id).toBe(1);
    await client.setSettings({ ...settings, max_messages: { __kind__: 'at_most', at_most: 1 } });
    expect((await client.status()).settings.max_messages).toEqual({ __kind__: 'at_most', at_most: 1 });
    expect((await client.message(id)).prev_id).toBe(0);
    await client.setSettings({ ...settings, max_messages: unlimited });
  });
});
