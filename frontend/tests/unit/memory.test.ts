import { describe, expect, it } from 'vitest';
import { forgetful, MAX_KEYS, Memory, type Storage } from '../../src/client/memory';

const KEY = Uint8Array.of(1, 2, 3);
const OTHER = Uint8Array.of(1, 2);
const seen = (rank: number) => ({ epoch: 2n ** 60n, id: 10 * rank, rank, chain: new Uint8Array(32).fill(rank) });
const LABEL = new Uint8Array(32).fill(9);

describe('the memory of keys', () => {
  it('has it again in a later visit, each key and each place for itself', () => {
    const storage = forgetful();
    const before = new Memory(storage, 'here');
    expect([before.seen(KEY), before.label(KEY)]).toEqual([undefined, undefined]);
    before.saw(KEY, seen(1), 1_800_000_000);
    before.learned(KEY, LABEL);
    before.saw(OTHER, seen(5), 7);
    before.saw(KEY, seen(2), 1_800_000_009);
    const later = new Memory(storage, 'here');
    expect(later.seen(KEY)).toEqual({ seen: seen(2), asOf: 1_800_000_009 });
    expect(later.label(KEY)).toEqual(LABEL);
    expect(later.seen(OTHER)).toEqual({ seen: seen(5), asOf: 7 });
    expect(later.label(OTHER)).toBeUndefined();
    expect(new Memory(storage, 'elsewhere').seen(KEY)).toBeUndefined();
  });

  it('forgets a key, and nothing else', () => {
    const memory = new Memory(forgetful(), 'here');
    memory.saw(KEY, seen(1), 1);
    memory.learned(KEY, LABEL);
    memory.saw(OTHER, seen(2), 2);
    memory.forget(KEY);
    expect([memory.seen(KEY), memory.label(KEY)]).toEqual([undefined, undefined]);
    expect(memory.seen(OTHER)?.asOf).toBe(2);
  });

  it('keeps so many keys, and lets go of the one unchanged for longest', () => {
    const memory = new Memory(forgetful(), 'here');
    const key = (at: number) => Uint8Array.of(at >> 8, at & 255);
    for (let at = 0; at < MAX_KEYS; at += 1) memory.saw(key(at), seen(1), at);
    memory.saw(key(0), seen(2), 1);
    memory.saw(key(MAX_KEYS), seen(1), 1);
    expect(memory.seen(key(1))).toBeUndefined();
    expect(memory.seen(key(0))?.seen.rank).toBe(2);
    expect(memory.seen(key(2))?.asOf).toBe(2);
  });

  it('is empty where the storage has something else, or is withheld', () => {
    const garbage: Storage = { getItem: () => '{"not": "ours', setItem: () => {} };
    expect(new Memory(garbage, 'here').seen(KEY)).toBeUndefined();
    const withheld: Storage = {
      getItem: () => {
        throw new Error('denied');
      },
      setItem: () => {
        throw new Error('denied');
      },
    };
    const memory = new Memory(withheld, 'here');
    memory.saw(KEY, seen(1), 1);
    expect(memory.seen(KEY)).toBeUndefined();
  });
});
