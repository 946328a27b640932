/** What the client does with an answer: verified as of the certificate's time, or the lie that it is, each named. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Lie } from '../../src/client';
import { type Heads, type KeyHead, type Message, Order, type Page } from '../../src/client/bindings/canister';
import { forgetful, Memory } from '../../src/client/memory';
import { Verifier } from '../../src/client/verify';
import { LittleStore } from './little-store';
import { Signer } from './signer';

const NOW = 1_800_000_000;
const CANISTER = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7, 1, 1);
const KEY = Uint8Array.of(1, 2, 3);
const network = new Signer(1);

let store: LittleStore;
let memory: Memory;
let verifier: Verifier;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000, toFake: ['Date'] });
  store = new LittleStore(network, CANISTER, KEY);
  for (const text of ['one', 'two', 'three']) store.add(text, NOW - 100);
  memory = new Memory(forgetful(), 'here');
  verifier = new Verifier(CANISTER, network.key, memory);
});
afterEach(() => {
  vi.useRealTimers();
});

const behind = (after: number) => ({ start: { __kind__: 'after' as const, after }, order: Order.ascending });
const read = async (page: Page, after = 1) => verifier.page(KEY, behind(after), page);
/** The lie that an answer is; undefined: none. */
const lieOf = (work: Promise<unknown>): Promise<Lie | undefined> =>
  work.then(
    () => undefined,
    (error: Error) => {
      expect(error).toMatchObject({ name: 'Failure', kind: 'lie' });
      return error.cause as Lie;
    },
  );

describe('a page of a key', () => {
  it('is verified as of the certificate’s time, and goes on only where the proof shows more', async () => {
    const page = await store.page(1, NOW - 7);
    const { value, trust } = await read({ ...page, next: 3 });
    expect(trust).toEqual({ kind: 'verified', asOf: NOW - 7 });
    expect(value).toEqual({ ...page, next: 0 });
  });

  const changes: [string, Lie, (page: Page) => Page][] = [
    ['no proof', { kind: 'no-proof' }, ({ proof: _, ...page }) => page],
    ['another key', { kind: 'other-key', id: 2 }, (page) => first(page, { key_id: Uint8Array.of(9) })],
    ['a ciphertext', { kind: 'message', id: 2, field: 'hash' }, (page) => first(page, { ciphertext: KEY })],
    ['a time', { kind: 'page', why: { kind: 'chain' } }, (page) => first(page, { timestamp: 1 })],
    ['a link to the next', { kind: 'message', id: 2, field: 'next_id' }, (page) => first(page, { next_id: 9 })],
    ['a gap', { kind: 'answer', field: 'gap' }, (page) => ({ ...page, gap: !page.gap })],
    ['the first id', { kind: 'answer', field: 'first_id' }, (page) => ({ ...page, first_id: 2 })],
    ['no first id', { kind: 'answer', field: 'first_id' }, (page) => ({ ...page, first_id: 0 })],
  ];
  it.each(changes)('is a lie with %s changed', async (_, lie, change) => {
    expect(await lieOf(read(change(await store.page(1, NOW))))).toEqual(lie);
    expect(memory.seen(KEY), 'a lie is not remembered').toBeUndefined();
  });

  /** What became of the store, the id behind which the page is, and whether messages were dropped. */
  const empty: [string, Partial<LittleStore>, number, boolean][] = [
    ['nothing is new', {}, 3, false],
    ['all is acknowledged', { acknowledged: 3 }, 1, false],
    ['all is dropped', { firstId: 4 }, 1, true],
    ['all is dropped that was read', { firstId: 4 }, 3, false],
    ['nothing is left at the beginning', { firstId: 4 }, 0, false],
    ['the key is forgotten', { firstId: 4, messages: [] }, 3, true],
    ['the key was never there', { messages: [] }, 3, false],
  ];
  it.each(empty)('without messages is a lie with another gap where %s', async (_, became, after, gap) => {
    Object.assign(store, became);
    const page = await store.page(after, NOW);
    expect([page.messages, page.gap]).toEqual([[], gap]);
    expect((await read(page, after)).trust.kind).toBe('verified');
    expect(await lieOf(read({ ...page, gap: !gap }, after))).toEqual({ kind: 'answer', field: 'gap' });
  });

  it('is a lie where the proof is of another state than the certified one', async () => {
    const { proof: old } = await store.page(1, NOW);
    store.add('four', NOW);
    const page = await store.page(1, NOW);
    const mixed = { ...page, proof: { certificate: old?.certificate, bytes: page.proof?.bytes } as Page['proof'] };
    expect(await lieOf(read(mixed as Page))).toEqual({ kind: 'page', why: { kind: 'root' } });
  });

  it('is a lie under another network’s signature, or another canister’s, but not with a wrong clock', async () => {
    const forged = new LittleStore(new Signer(2), CANISTER, KEY);
    forged.add('one', NOW - 100);
    expect(await lieOf(read(await forged.page(0, NOW), 0))).toMatchObject({ kind: 'certificate' });
    const other = new Verifier(Uint8Array.of(...CANISTER.subarray(0, 7), 8, 1, 1), network.key, memory);
    const elsewhere = other.page(KEY, behind(1), await store.page(1, NOW));
    expect(await lieOf(elsewhere)).toEqual({ kind: 'certificate', why: { kind: 'canister' } });
    await expect(read(await store.page(1, NOW - 400))).rejects.toMatchObject({ kind: 'untrusted', transient: true });
  });
});

describe('a message by its id', () => {
  it('is verified, and is a lie if it is another', async () => {
    const [message] = (await store.page(2, NOW)).messages as [Message];
    const { proof } = await store.page(2, NOW);
    const found = { message, first_id: 1, ...(proof && { proof }) };
    expect((await verifier.message(3, found)).trust).toEqual({ kind: 'verified', asOf: NOW });
    expect(await lieOf(verifier.message(2, found))).toEqual({ kind: 'other-message', asked: 2, found: 3 });
  });
});

describe('heads', () => {
  it('are verified', async () => {
    const heads = await store.heads(NOW - 3);
    const { value, trust } = await verifier.heads([KEY], heads);
    expect([value, trust]).toEqual([heads.heads, { kind: 'verified', asOf: NOW - 3 }]);
    store.acknowledged = 3;
    const { value: after } = await verifier.heads([KEY], await store.heads(NOW));
    expect(after[0]).toMatchObject({ max_id: 0, count: 0, acknowledged_id: 3 });
  });

  it.each<[string, Partial<KeyHead>]>([
    ['rank', { rank: 4 }],
    ['acknowledged_id', { acknowledged_id: 1 }],
    ['max_id', { max_id: 2 }],
    ['max_id', { max_id: 0, min_id: 0, count: 0 }],
    ['min_id', { min_id: 4 }],
    ['count', { count: 4 }],
  ])('are a lie with %s changed', async (field, change) => {
    const heads = await store.heads(NOW);
    const changed = { ...heads, heads: heads.heads.map((head) => head && { ...head, ...change }) };
    expect(await lieOf(verifier.heads([KEY], changed))).toEqual({ kind: 'head', at: 0, field });
  });

  it('are a lie where a key is denied', async () => {
    const heads: Heads = { ...(await store.heads(NOW)), heads: [null] };
    expect(await lieOf(verifier.heads([KEY], heads))).toEqual({ kind: 'head', at: 0, field: 'opt' });
  });
});

describe('the memory of earlier answers', () => {
  it('is compared: an older state is behind, and what the subnet contradicts later is a lie of the canister', async () => {
    const old = [await store.page(0, NOW - 60), await store.heads(NOW - 60)] as const;
    const later = await store.page(0, NOW + 5);
    store.add('four', NOW - 30);
    await verifier.page(KEY, behind(0), await store.page(0, NOW - 20));
    expect(memory.seen(KEY)).toMatchObject({ asOf: NOW - 20, seen: { rank: 4, id: 4, epoch: 1n } });
    const why = { kind: 'rolled-back', seen: 4, found: 3 };
    const failure = await read(old[0], 0).catch((error) => error);
    expect(failure).toMatchObject({ variant: 'behind', transient: true, cause: { kind: 'behind', why, seconds: 40 } });
    expect(await lieOf(verifier.heads([KEY], old[1]))).toEqual({ kind: 'behind', why, seconds: 40 });
    expect(await lieOf(read(later, 0))).toEqual({ kind: 'seen', why });
    // It is remembered all the same, until a person forgets it.
    memory.forget(KEY);
    expect((await read(later, 0)).trust.kind).toBe('verified');
  });

  it('has a fork where another message stands at its rank', async () => {
    await read(await store.page(0, NOW - 10), 0);
    const fork = new LittleStore(network, CANISTER, KEY);
    for (const text of ['one', 'two', 'another']) fork.add(text, NOW - 100);
    expect(await lieOf(read(await fork.page(0, NOW), 0))).toEqual({ kind: 'seen', why: { kind: 'forked', rank: 3 } });
  });

  it('is not changed by heads and single messages: they do not show whether they continue it', async () => {
    await read(await store.page(0, NOW - 10), 0);
    const before = memory.seen(KEY);
    const fork = storeOf([1, 2, 3, 4, 5], 'another');
    await verifier.heads([KEY], await fork.heads(NOW - 9));
    const { messages, proof } = await fork.page(4, NOW - 9);
    await verifier.message(5, { message: messages[0] as Message, first_id: 1, ...(proof && { proof }) });
    expect(memory.seen(KEY)).toEqual(before);
    const why = { kind: 'forked', rank: 3 };
    expect(await lieOf(read(await fork.page(3, NOW), 3))).toEqual({ kind: 'seen', why });
  });

  it('stays until a page reaches it', async () => {
    await read(await storeOf([1, 2, 3, 4], 'one').page(0, NOW - 10), 0);
    // Its newest message jumps over the rank that is remembered.
    const fork = storeOf([1, 2, 3, 4, 5, 6], 'another', 1n, 2);
    expect((await read(await fork.page(0, NOW, 2), 0)).value.next).toBe(2);
    expect(memory.seen(KEY)?.seen.rank).toBe(4);
    const why = { kind: 'forked', rank: 4 };
    expect(await lieOf(read(await fork.page(2, NOW), 2))).toEqual({ kind: 'seen', why });
  });

  it('has a fork where the list was set back and is longer now, although nothing shows what stands at its rank', async () => {
    await read(await storeOf([20, 40, 60, 80, 100]).page(0, NOW - 10), 0);
    const fork = storeOf([20, 40, 60, 71, 85, 90, 95, 110]);
    expect(await lieOf(read(await fork.page(100, NOW), 100))).toEqual({
      kind: 'seen',
      why: { kind: 'forked', rank: 5 },
    });
  });

  it.each<[string, number[], number, number?]>([
    ['shows another message at its rank', [20, 40, 60, 71, 85, 110], 100],
    ['does not show its rank', [20, 40, 60, 71, 85, 90, 95, 110], 100],
    ['has no messages', [20, 40, 60], 100],
    ['comes before its rank', [20, 40, 60, 65, 70, 75, 110, 120], 60, 4],
  ])('has a reader start again if a snapshot was restored and the page %s', async (_, ids, after, jump) => {
    await read(await storeOf([20, 40, 60, 80, 100]).page(0, NOW - 10), 0);
    const restored = storeOf(ids, 'restored', 2n, jump);
    const page = await restored.page(after, NOW - 5, jump && 1);
    const failure = await read(page, after).catch((error) => error);
    expect(failure).toMatchObject({ name: 'Failure', kind: 'restored', transient: false });
    expect(memory.seen(KEY)?.seen).toMatchObject({ epoch: 1n, rank: 5 });
    const { value } = await read(await restored.page(0, NOW - 5), 0);
    expect(value.messages.map(({ id }) => id)).toEqual(ids);
    expect(memory.seen(KEY)?.seen).toMatchObject({ epoch: 2n, rank: ids.length });
    expect((await read(await restored.page(after, NOW), after)).trust.kind).toBe('verified');
  });

  it('may be restored under a later epoch, not under an earlier one', async () => {
    const second = new LittleStore(network, CANISTER, KEY, 2n);
    second.add('one', NOW - 100);
    await read(await store.page(0, NOW - 10), 0);
    expect((await read(await second.page(0, NOW - 5), 0)).trust.kind).toBe('verified');
    expect(memory.seen(KEY)?.seen).toMatchObject({ epoch: 2n, rank: 1 });
    expect(await lieOf(read(await store.page(0, NOW), 0))).toEqual({
      kind: 'seen',
      why: { kind: 'epoch', seen: 2n, found: 1n },
    });
  });
});

/** A store of messages with these ids. The newest jumps to a rank. */
function storeOf(ids: number[], text = 'one', epoch = 1n, newestJumpsTo = ids.length - 1): LittleStore {
  const made = new LittleStore(network, CANISTER, KEY, epoch);
  for (const [at, id] of ids.entries()) {
    made.add(`${text} ${id}`, NOW - 100, id, at === ids.length - 1 ? newestJumpsTo : at);
  }
  return made;
}

/** The page with its first message changed. */
function first(page: Page, change: Partial<Message>): Page {
  return { ...page, messages: page.messages.map((message, at) => (at === 0 ? { ...message, ...change } : message)) };
}
