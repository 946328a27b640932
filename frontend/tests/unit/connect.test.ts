/** Methods of the client whose answers a network cannot be brought to give at will: the actor is a script. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { connect, MAINNET, networkAt } from '../../src/client';

const actor = vi.hoisted(() => ({ retry_rebuild: vi.fn() }));
vi.mock('../../src/client/bindings/canister', async (original) => ({
  ...(await original<object>()),
  createActor: () => actor,
}));

async function client() {
  const network = networkAt(MAINNET);
  if (!network) throw new Error(`${MAINNET} is no network`);
  return connect({ canisterId: 'ryjl3-tyaaa-aaaaa-aaaba-cai', network });
}

beforeEach(() => actor.retry_rebuild.mockReset());

describe('retryRebuild', () => {
  it('calls retry_rebuild once, and answers nothing', async () => {
    actor.retry_rebuild.mockResolvedValue({ __kind__: 'Ok', Ok: null });
    expect(await (await client()).retryRebuild()).toBeUndefined();
    expect(actor.retry_rebuild.mock.calls).toEqual([[]]);
  });

  it.each(['NotAllowed', 'NotFailed'])('throws %s as a Failure that trying again does not mend', async (variant) => {
    actor.retry_rebuild.mockResolvedValue({ __kind__: 'Err', Err: { __kind__: variant, [variant]: null } });
    await expect((await client()).retryRebuild()).rejects.toMatchObject({
      name: 'Failure',
      kind: 'refused',
      variant,
      transient: false,
    });
  });
});
