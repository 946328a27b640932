import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { forgetIdentity, loadIdentity, makeIdentity } from '../../src/client';

describe('the browser’s key', () => {
  it('is kept, signs as the same principal, cannot be read, and can be forgotten', async () => {
    expect(await loadIdentity()).toBeUndefined();
    const made = await makeIdentity();
    const kept = await loadIdentity();
    expect(kept?.getPrincipal().toText()).toBe(made.getPrincipal().toText());
    expect(kept?.getKeyPair().privateKey.extractable).toBe(false);
    expect((await kept?.sign(Uint8Array.of(1)))?.length).toBe(64);
    await forgetIdentity();
    expect(await loadIdentity()).toBeUndefined();
  });
});
