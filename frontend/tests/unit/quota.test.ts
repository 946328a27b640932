import { describe, expect, it } from 'vitest';
import type { Quota } from '../../src/client';
import { quotaOf, quotaWords, usedWords } from '../../src/page/state/quota';

const UNLIMITED = { __kind__: 'unlimited', unlimited: null } as const;
const BOTH: Quota = {
  messages: { __kind__: 'at_most', at_most: 10_000 },
  bytes: { __kind__: 'at_most', at_most: 256_000_000n },
};
const NONE: Quota = { messages: UNLIMITED, bytes: UNLIMITED };
const head = { count: 12, bytes: 3_000n };

describe('a quota in words', () => {
  it('says how much a key takes, and who may fill how much of it', () => {
    expect(quotaWords(NONE)).toBe('A key takes any number of messages.');
    expect(quotaWords({ ...BOTH, bytes: UNLIMITED })).toContain('at most 10,000 messages that');
    expect(quotaWords({ ...BOTH, messages: UNLIMITED })).toContain('at most 256 MB that');
    expect(quotaWords(BOTH)).toContain('10,000 messages and 256 MB');
    expect(quotaWords(BOTH)).toContain('Strangers may fill a quarter of that, members half');
  });

  it('says how much of each limit is used', () => {
    expect(usedWords(BOTH, head)).toBe('12 of 10,000 messages, 3 KB of 256 MB');
    expect(usedWords({ ...BOTH, bytes: UNLIMITED }, head)).toBe('12 of 10,000 messages');
    expect(usedWords(NONE, head)).toBeUndefined();
  });
});

describe('a typed quota', () => {
  it('has a limit for each field that is not empty', () => {
    expect(quotaOf('10,000', '256')).toEqual(BOTH);
    expect(quotaOf(' ', '')).toEqual(NONE);
    expect(quotaOf('0', '').messages).toEqual({ __kind__: 'at_most', at_most: 0 });
    expect(quotaOf('', '4294967295').bytes).toEqual({ __kind__: 'at_most', at_most: 4_294_967_295_000_000n });
  });

  it.each([
    ['many', '', '“many” is not a number of messages.'],
    ['-1', '', '“-1” is not a number of messages.'],
    ['4294967296', '', '“4294967296” is not a number of messages.'],
    ['', '1.5', '“1.5” is not a number of megabytes.'],
  ])('is refused if a field is not a number: %s, %s', (messages, megabytes, words) => {
    expect(() => quotaOf(messages, megabytes)).toThrow(words);
  });
});
