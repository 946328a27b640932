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
        Each key is shown to its owner, and all keys to the store’s readers. You are{' '}
        {identity.value ? <code>{principal.value}</code> : 'anonymous, and own no key'}. What you may not see is
        answered as what is not there, without proof: nothing here tells the two apart.
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
