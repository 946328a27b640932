/** Quotas of keys in words, and parsed from a person's input. Pure. */
import { Failure, type KeyHead, type Quota } from '../../client';
import { formatBytes, formatCount, parseU32 } from '../format';

/** How much a key with this quota takes, and the share of each group. */
export function quotaWords(quota: Quota): string {
  const { messages, bytes } = bounds(quota);
  const most = [
    messages !== undefined && `${formatCount(messages)} messages`,
    bytes !== undefined && formatBytes(bytes),
  ].filter(Boolean);
  return most.length === 0
    ? 'A key takes any number of messages.'
    : `A key holds at most ${most.join(' and ')} that are not acknowledged. Strangers may fill a quarter of that, members half, and the owner and senders with the send key all of it.`;
}

/** The used part of a quota: "12 of 10,000 messages, 3 KB of 256 MB". undefined: there is no limit. */
export function usedWords(quota: Quota, { count, bytes: used }: Pick<KeyHead, 'count' | 'bytes'>): string | undefined {
  const { messages, bytes } = bounds(quota);
  const parts = [
    messages !== undefined && `${formatCount(count)} of ${formatCount(messages)} messages`,
    bytes !== undefined && `${formatBytes(used)} of ${formatBytes(bytes)}`,
  ].filter(Boolean);
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** The quota from two fields. An empty field sets no limit. Throws a {@link Failure} that names a malformed number. */
export function quotaOf(messages: string, megabytes: string): Quota {
  const [count, size] = [bound(messages, 'messages'), bound(megabytes, 'megabytes')];
  return {
    messages: count === undefined ? UNLIMITED : { __kind__: 'at_most', at_most: count },
    bytes: size === undefined ? UNLIMITED : { __kind__: 'at_most', at_most: BigInt(size) * 1_000_000n },
  };
}

const UNLIMITED = { __kind__: 'unlimited', unlimited: null } as const;

function bound(text: string, what: string): number | undefined {
  if (text.trim() === '') return undefined;
  const value = parseU32(text);
  if (value === undefined) {
    throw new Failure(
      'input',
      `“${text}” is not a number of ${what}. It must be a whole number up to 4,294,967,295.`,
      false,
    );
  }
  return value;
}

function bounds({ messages, bytes }: Quota): { messages: number | undefined; bytes: bigint | undefined } {
  return {
    messages: messages.__kind__ === 'at_most' ? messages.at_most : undefined,
    bytes: bytes.__kind__ === 'at_most' ? bytes.at_most : undefined,
  };
}
