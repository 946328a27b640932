/** The rules of the store: who may read and add, how much a key takes, and how often a caller may call. */
import type { Budget, Status } from '../../client';
import { quotaWords } from '../state/quota';
import { rateWords, readsClosed, settingOf, storeQuota, writesWords } from '../state/rules';

export function Rules({ status }: { readonly status: Status }) {
  const quota = storeQuota(status);
  return (
    <>
      <dl class="facts">
        <dt>Who reads</dt>
        <dd>
          {readsClosed(status)
            ? 'The owner of a key reads it. Readers and admins read everything.'
            : 'Everybody may read everything.'}
        </dd>
        <dt>Who adds</dt>
        <dd>{writesWords(status)}</dd>
        <dt>Quota of a key</dt>
        <dd>{quota && quotaWords(quota)}</dd>
        <Rate of="strangers" budget={settingOf(status, 'strangers')?.strangers} />
        <Rate of="members" budget={settingOf(status, 'members')?.members} />
        <Rate of="owners" budget={settingOf(status, 'owners')?.owners} item="key" />
      </dl>
      <p class="muted">
        Members are writers and admins. All other callers are strangers. The rates of owners are for acknowledgements,
        claims and settings of keys. A rate that is used up refuses calls until half of the amount allowed at once has
        recovered.
      </p>
    </>
  );
}

interface RateProps {
  readonly of: string;
  readonly budget: Budget | undefined;
  readonly item?: 'message' | 'key';
}

function Rate({ of, budget, item = 'message' }: RateProps) {
  return (
    <>
      <dt>Rate of {of}</dt>
      <dd>{budget && rateWords(budget, item)}</dd>
    </>
  );
}
