/** The rules of the store, out of its settings: who may read and add, and how much one key takes. Pure. */
import { Readers, type Setting, type Status, Writers } from '../../client';
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

/** The quota that holds for keys without their own. */
export function quotaWords(status: Status): string {
  const quota = settingOf(status, 'key_quota')?.key_quota;
  const messages = quota?.messages.__kind__ === 'at_most' ? `${formatCount(quota.messages.at_most)} messages` : '';
  const bytes = quota?.bytes.__kind__ === 'at_most' ? formatBytes(quota.bytes.at_most) : '';
  const most = [messages, bytes].filter(Boolean).join(' and ');
  return most === ''
    ? 'No quota is set: a key takes any number of messages.'
    : `A key holds at most ${most} that are not acknowledged. Strangers may fill a quarter, members half. The rest is for adds that show the owner’s send key.`;
}
