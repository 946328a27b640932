import { beforeEach, describe, expect, it } from 'vitest';
import type { Page, Read } from '../../src/client';
import { MessageWindow, type WindowOptions } from '../../src/paging';
import { Model } from './model';

let model: Model;
const OPTIONS: WindowOptions = { pageSize: 10, maxBytes: 1e6 };

function look(options: Partial<WindowOptions> = {}): MessageWindow {
  return new MessageWindow(async (cursor) => read(model.key('a', cursor)), { ...OPTIONS, ...options });
}

/** As one of the model's calls proves it: the time is the number of the call. */
const read = (value: Page): Read<Page> => ({ value, trust: { kind: 'verified', asOf: model.calls } });
const ids = (window: MessageWindow): number[] => window.messages.map(({ id }) => id);
/** Odd ids are the key's. */
const odd = (from: number, to: number): number[] => {
  const all = [];
  for (let id = from; id <= to; id += 2) all.push(id);
  return all;
};

beforeEach(() => {
  model = new Model();
  for (let n = 0; n < 50; n += 1) {
    model.add('a');
    model.add('b');
  }
});

describe('a window', () => {
  it('reads from the newest to the oldest, each message once', async () => {
    const window = look();
    expect(await window.load('older')).toEqual({ added: 10, evicted: 0 });
    expect(ids(window)).toEqual(odd(81, 99));
    expect(window.more).toEqual({ older: true, newer: false });
    while (window.more.older) await window.load('older');
    expect(ids(window)).toEqual(odd(1, 99));
    expect(model.calls).toBe(5);
    expect([window.gaps.size, window.droppedBefore]).toEqual([0, false]);
  });

  it('reads from the oldest to the newest', async () => {
    const window = look();
    await window.load('newer');
    expect(ids(window)).toEqual(odd(1, 19));
    expect(window.more).toEqual({ older: false, newer: true });
    while (window.more.newer) await window.load('newer');
    expect(ids(window)).toEqual(odd(1, 99));
  });

  it('follows messages that are stored later', async () => {
    const window = look();
    await window.load('older');
    expect(await window.load('newer')).toEqual({ added: 0, evicted: 0 });
    for (let n = 0; n < 15; n += 1) model.add('a');
    await window.load('newer');
    expect(window.more.newer).toBe(true);
    await window.load('newer');
    expect(ids(window)).toEqual([...odd(81, 99), ...Array.from({ length: 15 }, (_, n) => 101 + n)]);
  });

  it('follows a key that had no messages', async () => {
    model = new Model();
    const window = look();
    await window.load('older');
    expect(ids(window)).toEqual([]);
    model.add('a');
    await window.load('newer');
    expect(ids(window)).toEqual([1]);
  });

  it('begins behind a cursor in either order, and grows past it', async () => {
    const window = look({ after: 51 });
    await window.load('older');
    expect(ids(window)).toEqual(odd(31, 49));
    await window.load('newer');
    expect(ids(window)).toEqual(odd(31, 69));
    const upwards = look({ after: 51 });
    await upwards.load('newer');
    expect(ids(upwards)).toEqual(odd(53, 71));
  });

  it('says where messages were dropped before they could be read', async () => {
    const window = look();
    await window.load('newer');
    model.drop(40);
    await window.load('newer');
    expect(ids(window)).toEqual([...odd(1, 19), ...odd(41, 59)]);
    expect([...window.gaps]).toEqual([41]);
    expect(window.firstId).toBe(40);
  });

  it('shows no gap where all that was dropped had been read', async () => {
    const window = look();
    await window.load('newer');
    model.drop(21);
    await window.load('newer');
    expect(window.gaps.size).toBe(0);
  });

  it('says that older messages were dropped while it looked', async () => {
    const window = look();
    await window.load('older');
    model.drop(90);
    await window.load('older');
    expect(ids(window)).toEqual(odd(81, 99));
    expect([window.droppedBefore, window.more.older]).toEqual([true, false]);
  });

  it('evicts messages at the far end when it is full, and can read them again', async () => {
    const window = look({ maxBytes: 200 });
    await window.load('older');
    await window.load('older');
    expect(window.more.newer).toBe(false);
    expect(await window.load('older')).toEqual({ added: 10, evicted: 10 });
    expect(ids(window)).toEqual(odd(41, 79));
    expect(window.more.newer).toBe(true);
    expect(await window.load('newer')).toEqual({ added: 10, evicted: 10 });
    expect(ids(window)).toEqual(odd(61, 99));
    expect(window.more).toEqual({ older: true, newer: false });
  });

  it('keeps a page that is larger than all that may be kept', async () => {
    const window = look({ maxBytes: 50 });
    await window.load('older');
    await window.load('older');
    expect(ids(window)).toEqual(odd(61, 79));
  });

  it('trusts each message as its page, and the list as its last page', async () => {
    const window = look();
    expect(window.trust).toBeUndefined();
    await window.load('older');
    await window.load('older');
    const worth = window.messages.map((message) => window.trustOf(message));
    const [first, second] = [
      { kind: 'verified', asOf: 1 },
      { kind: 'verified', asOf: 2 },
    ];
    expect(worth).toEqual([...Array(10).fill(second), ...Array(10).fill(first)]);
    expect(window.trust).toEqual(second);
  });

  it('loads one page after the other, however often it is asked at once', async () => {
    const window = look();
    await Promise.all([window.load('older'), window.load('older'), window.load('older')]);
    expect(ids(window)).toEqual(odd(41, 99));
  });

  it('is as it was after a load that failed, and can be asked again', async () => {
    let broken = false;
    const window = new MessageWindow(async (cursor) => {
      if (broken) throw new Error('away');
      return read(model.key('a', cursor));
    }, OPTIONS);
    await window.load('older');
    broken = true;
    await expect(window.load('older')).rejects.toThrow('away');
    expect(ids(window)).toEqual(odd(81, 99));
    broken = false;
    await window.load('older');
    expect(ids(window)).toEqual(odd(61, 99));
  });
});
