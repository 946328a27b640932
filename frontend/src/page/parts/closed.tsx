/** What a visitor may not see, and who may add. */
import type { Status } from '../../client';
import { principal } from '../state/identity';
import { quotaWords, readsClosed, writesWords } from '../state/rules';
import { identity } from '../state/session';
import { Notice } from './notice';

/** Shown where reads are closed. */
export function ClosedNotice({ status }: { readonly status: Status | undefined }) {
  if (!status || !readsClosed(status)) return null;
  return (
    <Notice tone="plain" title="Reads are closed">
      <p>
        The store shows each key to its owner, and all keys to its readers. You are{' '}
        {identity.value ? <code>{principal.value}</code> : 'anonymous, and own no key'}. Keys and messages that you may
        not see look absent. The store does not prove that something is absent.
      </p>
    </Notice>
  );
}

/** Who may add, and how much one key takes. */
export function RulesWords({ status }: { readonly status: Status }) {
  return (
    <p class="muted">
      {writesWords(status)} {quotaWords(status)}
    </p>
  );
}
