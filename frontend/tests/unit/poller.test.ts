import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Poller, type PollState } from '../../src/client';
import { backoffMs } from '../../src/client/poller';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const OPTIONS = { intervalMs: 3000, maxBackoffMs: 10_000, random: () => 1 };
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('backoff', () => {
  it('doubles from a second to its most, and spreads over the upper half', () => {
    expect([1, 2, 3, 4, 5, 1000].map((failures) => backoffMs(failures, 10_000, () => 1))).toEqual([
      1000, 2000, 4000, 8000, 10_000, 10_000,
    ]);
    expect(backoffMs(3, 10_000, () => 0)).toBe(2000);
  });
});

describe('a poller', () => {
  it('runs at once and then at its interval', async () => {
    const task = vi.fn(async () => {});
    new Poller(task, OPTIONS).start();
    await pass(0);
    expect(task).toHaveBeenCalledTimes(1);
    await pass(2999);
    expect(task).toHaveBeenCalledTimes(1);
    await pass(1);
    expect(task).toHaveBeenCalledTimes(2);
  });

  it('backs off while it fails, says so, and recovers', async () => {
    let away = true;
    const states: PollState[] = [];
    const task = vi.fn(async () => {
      if (away) throw new Error('away');
    });
    new Poller(task, OPTIONS, (state) => states.push(state)).start();
    await pass(0);
    await pass(1000);
    await pass(2000);
    expect(task).toHaveBeenCalledTimes(3);
    expect(states.at(-1)).toMatchObject({ phase: 'failed', failures: 3, nextAt: Date.now() + 4000 });
    away = false;
    await pass(4000);
    expect(states.at(-1)?.phase).toBe('ok');
    away = true;
    await pass(3000);
    expect(states.at(-1)).toMatchObject({ phase: 'failed', failures: 1 });
  });

  it('runs at once when poked, without overlapping, and once more where it was running', async () => {
    let running = 0;
    const task = vi.fn(async () => {
      running += 1;
      expect(running).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 500));
      running -= 1;
    });
    const poller = new Poller(task, OPTIONS);
    poller.start();
    poller.poke();
    poller.poke();
    await pass(1000);
    expect(task).toHaveBeenCalledTimes(2);
    poller.poke();
    expect(task).toHaveBeenCalledTimes(3);
  });

  it('rests while paused', async () => {
    const task = vi.fn(async () => {});
    const poller = new Poller(task, OPTIONS);
    poller.poke();
    await pass(10_000);
    expect(task).not.toHaveBeenCalled();
    poller.start();
    await pass(0);
    poller.pause();
    poller.poke();
    await pass(60_000);
    expect(task).toHaveBeenCalledTimes(1);
  });
});
