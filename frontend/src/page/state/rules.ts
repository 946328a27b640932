/**
 * The rules of the store, from its settings: who may read and add, how much one key takes, and how often one may call. Pure.
 */
import { type Budget, type Quota, Readers, type Setting, type Status, Writers } from '../../client';
import { formatBytes, formatCount } from '../format';

type Kind = Setting['__kind__'];

/** The setting of one kind. */
export function settingOf<K extends Kind>({ settings: { settings } }: Status, kind: K) {
  return settings.find((setting): setting is Extract<Setting, { __kind__: K }> => setting.__kind__ === kind);
}

export function readsClosed(status: Status): boolean {
  return settingOf(status, 'reads')?.reads === Readers.owners;
}

/** Who may add. */
export function writesWords(status: Status): string {
  switch (settingOf(status, 'writes')?.writes) {
    case Writers.members:
      return 'Only members of this store may add messages.';
    case Writers.identified:
      return 'Everybody who signs with a key may add messages.';
    default:
      return 'Everybody may add messages.';
  }
}

/** The quota of keys without their own. */
export function storeQuota(status: Status): Quota | undefined {
  return settingOf(status, 'key_quota')?.key_quota;
}

/** The rates of one group of callers: of all together, and of each one. `item`: what their calls are counted in. */
export function rateWords({ items, bytes, each }: Budget, item: 'message' | 'key'): string {
  const itemsOf = (count: number): string => `${formatCount(count)} ${item}${count === 1 ? '' : 's'}`;
  const all = [within(items, itemsOf), within(bytes, formatBytes)].filter(Boolean).join(' and ');
  const one = within(each, itemsOf);
  const parts = [all && `all together ${all}`, one && `each of them ${one}`].filter(Boolean);
  return parts.length === 0 ? 'no limit' : parts.join('; ');
}

/** "5 messages a second (200 messages at once)"; empty: no limit. */
function within(bound: Budget['items'], format: (value: number) => string): string {
  if (bound.__kind__ === 'unlimited') return '';
  const { per_second, burst } = bound.at_most;
  return `${format(per_second)} a second (${format(burst)} at once)`;
}
