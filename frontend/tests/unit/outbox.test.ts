import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Failure, Outbox } from '../../src/client';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const KEY = Uint8Array.of(1);
const SEALED = Uint8Array.of(2, 3);
const AWAY = new Failure('away', 'The network does not answer.', true);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A canister that stores what it gets, and may lose its answer. */
function canister() {
  const stored = new Map<string, number>();
  const behaviour = { reachable: true, answers: true };
  const sent: Uint8Array[] = [];
  const add = async (_: Uint8Array, bytes: Uint8Array) => {
    if (!behaviour.reachable) throw AWAY;
    sent.push(bytes);
    const name = bytes.join();
    const duplicate = stored.has(name);
    if (!duplicate) stored.set(name, stored.size + 1);
    if (!behaviour.answers) throw AWAY;
    return { id: stored.get(name) as number, duplicate };
  };
  return { stored, behaviour, sent, add };
}

/** An outbox whose pauses are not random. */
const steady = (add: ConstructorParameters<typeof Outbox>[0]) =>
  new Outbox(
    add,
    () => {},
    60_000,
    () => 1,
  );

describe('an outbox', () => {
  it('stores, and says under which id', async () => {
    const { add } = canister();
    const outbox = new Outbox(add, () => {});
    const item = outbox.put('hello', KEY, SEALED);
    expect([item.delivery.phase, outbox.unconfirmed]).toEqual(['sending', 1]);
    await pass(0);
    expect(item.delivery).toEqual({ phase: 'stored', id: 1, duplicate: false });
    expect(outbox.unconfirmed).toBe(0);
  });

  it('forgets labels, which are plaintext, and still sends what waits', async () => {
    const { add, behaviour, stored } = canister();
    behaviour.reachable = false;
    const changes = vi.fn();
    const outbox = new Outbox(add, changes);
    outbox.put('meet me at noon', KEY, SEALED);
    await pass(0);
    changes.mockClear();
    outbox.hideLabels();
    expect(changes).toHaveBeenCalledOnce();
    expect(JSON.stringify(outbox.items)).not.toContain('noon');
    behaviour.reachable = true;
    outbox.retryWaiting();
    await pass(0);
    expect(stored.size).toBe(1);
  });

  it('sends the same bytes again when the answer was lost, and stores them once', async () => {
    const { add, behaviour, stored, sent } = canister();
    behaviour.answers = false;
    const outbox = steady(add);
    const item = outbox.put('hello', KEY, SEALED);
    await pass(0);
    expect(item.delivery).toMatchObject({ phase: 'waiting', reason: AWAY.message });
    behaviour.answers = true;
    await pass(1000);
    expect(item.delivery).toEqual({ phase: 'stored', id: 1, duplicate: true });
    expect([stored.size, sent]).toEqual([1, [SEALED, SEALED]]);
  });

  it('backs off, and sends at once when it is told that the network is back', async () => {
    const { add, behaviour, sent } = canister();
    behaviour.reachable = false;
    const outbox = steady(add);
    const item = outbox.put('hello', KEY, SEALED);
    await pass(0);
    await pass(1000);
    await pass(2000);
    expect(item.delivery).toMatchObject({ phase: 'waiting', nextAt: Date.now() + 4000 });
    behaviour.reachable = true;
    outbox.retryWaiting();
    await pass(0);
    expect(item.delivery.phase).toBe('stored');
    await pass(60_000);
    expect(sent.length).toBe(1);
  });

  it('does not try again by itself what cannot succeed, but on demand', async () => {
    const full = new Failure('refused', 'The store is full.', false, 'StorageFull');
    const add = vi.fn().mockRejectedValueOnce(full).mockResolvedValue({ id: 5, duplicate: false });
    const outbox = new Outbox(add, () => {});
    const item = outbox.put('hello', KEY, SEALED);
    await pass(600_000);
    expect(item.delivery).toEqual({ phase: 'failed', reason: 'The store is full.' });
    expect(add).toHaveBeenCalledTimes(1);
    await outbox.send(item);
    expect(item.delivery).toMatchObject({ phase: 'stored', id: 5 });
  });

  it('sends an item once at a time', async () => {
    const { add, sent } = canister();
    const outbox = new Outbox(add, () => {});
    const item = outbox.put('hello', KEY, SEALED);
    await Promise.all([outbox.send(item), outbox.send(item)]);
    await pass(0);
    expect(sent.length).toBe(1);
  });
});
