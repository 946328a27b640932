/** The changes of a label, and the checks that the answer has passed. */
import { samePolicy, type Timed } from '../../directory';
import { formatCount } from '../format';
import type { Shown } from '../state/directory';
import { checksOf, timeOf } from './directory-trust';

const KINDS = { set: 'keys or profile set', close: 'closed', recover: 'recovery begun' } as const;

export function LabelHistory({ found, seenBefore, vouched }: Shown) {
  return (
    <>
      {found.changes.length > 0 && (
        <section class="card" aria-labelledby="history-title">
          <h2 id="history-title">History</h2>
          <ol class="changes" reversed>
            {found.changes.toReversed().map((change, at) => (
              <Change key={change.update.entry.version} change={change} before={found.changes.at(-2 - at)} />
            ))}
          </ol>
        </section>
      )}
      <section class="card" aria-labelledby="checks-title">
        <h2 id="checks-title">How it was verified</h2>
        <ol class="checks">
          {checksOf(found, seenBefore, vouched).map((check) => (
            <li key={check}>{check}</li>
          ))}
        </ol>
      </section>
    </>
  );
}

interface ChangeProps {
  readonly change: Timed;
  readonly before: Timed | undefined;
}

function Change({ change: { time, update }, before }: ChangeProps) {
  const { entry, signatures } = update;
  return (
    <li value={entry.version}>
      <strong>Version {formatCount(entry.version)}</strong>: {before ? KINDS[entry.kind] : 'registered'}
      {before && !samePolicy(before.update.entry.policy, entry.policy) && ', with new keys'}, signed by{' '}
      {formatCount(signatures.length)} {signatures.length === 1 ? 'key' : 'keys'}{' '}
      <span class="muted">{timeOf(time)}</span>
    </li>
  );
}
