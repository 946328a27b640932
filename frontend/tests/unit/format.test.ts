import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  formatTime,
  fromHex,
  fromTimeField,
  parseU32,
  shortBytes,
  timeSpan,
  toHex,
  toTimeField,
} from '../../src/page/format';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('formatting', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 KB'],
    [1234, '1.23 KB'],
    [999_499, '999 KB'],
    [999_500, '1 MB'],
    [2_020_000n, '2.02 MB'],
    [536_870_912_000n, '537 GB'],
    [281_474_976_710_656n, '281 TB'],
  ])('%s bytes is %s', (value, text) => expect(formatBytes(value)).toBe(text));

  it.each([
    [0, 10, '0%'],
    [1, 4_294_967_294, '<0.01%'],
    [1, 8, '12.5%'],
    [99_999, 100_000, '>99.9%'],
    [10, 10, '100%'],
  ])('%s of %s is %s', (part, whole, text) => expect(formatShare(part, whole)).toBe(text));

  it.each([
    [-3, '0 seconds'],
    [1, '1 second'],
    [59.9, '59 seconds'],
    [60, '1 minute'],
    [7199, '1 hour'],
    [86_400 * 90, '90 days'],
  ])('%s s is %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it('groups counts', () => expect([formatCount(50000), formatCount(150_000_000n)]).toEqual(['50,000', '150,000,000']));

  it('writes local times, and reads what it wrote', () => {
    expect(formatTime(new Date(2026, 0, 2, 3, 4, 5).getTime() / 1000)).toBe('2026-01-02 03:04:05');
    for (const time of [0, 1_795_556_453, 0xffff_ffff]) expect(fromTimeField(toTimeField(time))).toBe(time);
    expect(fromTimeField('soon')).toBeUndefined();
  });
});

describe('hex', () => {
  it('reads what it writes, with blanks and a prefix', () => {
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    expect(fromHex(toHex(all))).toEqual(all);
    expect(fromHex(' 0xDE ad\n')).toEqual(Uint8Array.of(0xde, 0xad));
    expect(fromHex('')).toEqual(new Uint8Array());
  });

  it.each(['a', 'abc', 'zz', '0x0x12'])('refuses %s', (text) => expect(fromHex(text)).toBeUndefined());

  it('shortens in the middle, and shows text where it is text', () => {
    expect(shortBytes(bytes('alice'))).toBe('alice');
    expect(shortBytes(bytes('abcdefghijklmnopqrstuvwxyz'))).toBe('abcdefgh…stuvwxyz');
    expect(shortBytes(Uint8Array.of(1, 2))).toBe('0102');
    expect(shortBytes(new Uint8Array(20))).toBe('00000000…00000000');
    expect(shortBytes(bytes('a b'))).toBe('612062');
  });
});

describe('the axis of times', () => {
  it('shows from the first to the last, and never less than a moment fills', () => {
    expect(timeSpan(100, 200)).toEqual([100, 200]);
    expect(timeSpan(100, 101)).toEqual([100, 101]);
    expect(timeSpan(100, 100)).toEqual([70, 130]);
  });
});

describe('numbers', () => {
  it.each([
    ['0', 0],
    [' 1,000 ', 1000],
    ['50_000', 50_000],
    ['4294967295', 0xffff_ffff],
    ['4294967296', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['', undefined],
    ['1e3', undefined],
  ])('%j is %s', (text, value) => expect(parseU32(text)).toBe(value));
});
