import { describe, expect, it } from 'vitest';
import type { Budget, Setting, Status } from '../../src/client';
import { rateWords, readsClosed, storeQuota, writesWords } from '../../src/page/state/rules';

const status = (...settings: unknown[]) => ({ settings: { version: 1, settings: settings as Setting[] } }) as Status;
const UNLIMITED = { __kind__: 'unlimited', unlimited: null };
const atMost = (at_most: unknown) => ({ __kind__: 'at_most', at_most });

describe('the rules of a store, in words', () => {
  it('says who reads', () => {
    expect(readsClosed(status({ __kind__: 'reads', reads: 'owners' }))).toBe(true);
    expect(readsClosed(status({ __kind__: 'reads', reads: 'anyone' }))).toBe(false);
  });

  it('says who adds', () => {
    const words = (writes: string) => writesWords(status({ __kind__: 'writes', writes }));
    expect(words('anyone')).toBe('Everybody may add messages.');
    expect(words('identified')).toBe('Everybody who signs with a key may add messages.');
    expect(words('members')).toBe('Only members of this store may add messages.');
  });

  it('finds the quota of keys without their own', () => {
    const key_quota = { messages: UNLIMITED, bytes: atMost(256_000_000n) };
    expect(storeQuota(status({ __kind__: 'key_quota', key_quota }))).toEqual(key_quota);
  });

  it('says how often callers may call, all together and each', () => {
    const rate = (per_second: number, burst: number) => atMost({ per_second, burst });
    const budget = (items: unknown, bytes: unknown, each: unknown) =>
      rateWords({ items, bytes, each, cycles_a_day: UNLIMITED } as Budget, 'message');
    expect(budget(rate(5, 2000), rate(100_000, 8_000_000), rate(1, 60))).toBe(
      'all together 5 messages a second (2,000 messages at once) and 100 KB a second (8 MB at once); each of them 1 message a second (60 messages at once)',
    );
    expect(budget(UNLIMITED, UNLIMITED, rate(10, 600))).toBe(
      'each of them 10 messages a second (600 messages at once)',
    );
    expect(budget(UNLIMITED, rate(1000, 2000), UNLIMITED)).toBe('all together 1 KB a second (2 KB at once)');
    expect(budget(UNLIMITED, UNLIMITED, UNLIMITED)).toBe('no limit');
    const owners = { items: UNLIMITED, bytes: UNLIMITED, each: rate(1, 600), cycles_a_day: UNLIMITED } as Budget;
    expect(rateWords(owners, 'key')).toBe('each of them 1 key a second (600 keys at once)');
  });
});
