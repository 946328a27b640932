/** Problems of the connection and of the store, and what to do. */
import type { FailureKind } from '../../client';
import { formatDuration, formatTime } from '../format';
import { linkTo } from '../state/route';
import { failure, located, poll, refresh, status, upgradedAt } from '../state/session';
import { useNow } from './clock';
import { Notice } from './notice';
import { storeNotices } from './store-notices';

const TITLES: Record<FailureKind, string> = {
  refused: 'The canister refuses',
  away: 'The network does not answer, or answers with an error',
  untrusted: 'The answer cannot be trusted',
  lie: 'The answer is false',
  restored: 'The store was restored',
  'no-canister': 'No such canister here',
  'not-ours': 'Not a message canister',
  rejected: 'The network rejects the call',
  input: 'This cannot be sent',
};

export function Trouble() {
  const problem = failure.value;
  const notices = status.value ? storeNotices(status.value) : [];
  return (
    <>
      {problem && (
        <Notice tone="bad" title={TITLES[problem.kind]}>
          <p>{problem.message}</p>
          {problem.kind === 'untrusted' && 'place' in located.value && located.value.place.network.kind === 'local' && (
            <p>A local network has a new key each time it starts: if it was restarted, reload this page.</p>
          )}
          {status.value && <p>This page shows the last answer.</p>}
          <p class="actions">
            <Next />
            <button type="button" onClick={refresh}>
              Try now
            </button>
            {!problem.transient && <a href={linkTo('connection')}>Choose another canister or network</a>}
          </p>
        </Notice>
      )}
      {notices.map(({ tone, title, paragraphs }) => (
        <Notice key={title} tone={tone} title={title}>
          {paragraphs.map((paragraph) => (
            <p key={paragraph}>{paragraph}</p>
          ))}
        </Notice>
      ))}
      {upgradedAt.value && (
        <Notice tone="plain">
          The canister was upgraded: its module hash changed, as seen at {formatTime(upgradedAt.value / 1000)}.
        </Notice>
      )}
    </>
  );
}

function Next() {
  const now = useNow();
  const state = poll.value;
  if (state.phase !== 'failed') return null;
  const seconds = Math.max(0, Math.ceil((state.nextAt - now) / 1000));
  return <span aria-hidden="true">Trying again in {formatDuration(seconds)}.</span>;
}
