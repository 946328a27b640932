import { describe, expect, it } from 'vitest';
import type { Setting, Status } from '../../src/client';
import { quotaWords, readsClosed, writesWords } from '../../src/page/state/rules';

const status = (...settings: unknown[]) => ({ settings: { version: 1, settings: settings as Setting[] } }) as Status;
const quota = (messages: unknown, bytes: unknown) => status({ __kind__: 'key_quota', key_quota: { messages, bytes } });
const UNLIMITED = { __kind__: 'unlimited', unlimited: null };
const atMost = (at_most: number | bigint) => ({ __kind__: 'at_most', at_most });

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

  it('says how much a key takes, and who may fill how much of it', () => {
    expect(quotaWords(quota(UNLIMITED, UNLIMITED))).toContain('any number of messages');
    expect(quotaWords(quota(atMost(10_000), UNLIMITED))).toContain('at most 10,000 messages that');
    const both = quotaWords(quota(atMost(10_000), atMost(256_000_000n)));
    expect(both).toContain('10,000 messages and 256 MB');
    expect(both).toContain('Strangers may fill a quarter, members half');
  });
});
