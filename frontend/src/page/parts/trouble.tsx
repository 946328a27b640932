/** Problems of the connection, and the page's next step. */
import type { FailureKind } from '../../client';
import { formatCount, formatDuration, formatTime } from '../format';
import { linkTo } from '../state/route';
import { failure, located, poll, refresh, status, upgradedAt } from '../state/session';
import { useNow } from './clock';
import { Notice } from './notice';

const TITLES: Record<FailureKind, string> = {
  refused: 'The canister refuses',
  away: 'The network is away',
  untrusted: 'The answer cannot be trusted',
  'no-canister': 'No such canister here',
  'not-ours': 'Not a message canister',
  rejected: 'The network rejects the call',
  input: 'This cannot be sent',
};

export function Trouble() {
  const problem = failure.value;
  const rebuild = status.value?.rebuild;
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
      {rebuild && (
        <Notice tone="warn" title="The store is rebuilding its indexes">
          <p>
            {formatCount(rebuild.done)} of {formatCount(rebuild.total)} messages done. Until it is done, the store
            answers no lookups by key or hash, and accepts no messages.
          </p>
        </Notice>
      )}
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
