/** The entry of a label: its keys, their date, and its profile. */
import { decodeProfile, inForce, type Policy, pendingUntil, type State } from '../../directory';
import { formatBytes, formatCount, formatDuration, toHex } from '../format';
import type { Shown } from '../state/directory';
import type { LabelQuery } from '../state/route';
import { Copy } from './copy';
import { lieWouldBe, standsBehind, timeOf } from './directory-trust';

export function labelName({ label, of }: LabelQuery): string {
  return label === 'registrar' ? 'The registrar' : of;
}

export function LabelCard({ query, found, threshold }: Shown) {
  const { state, trust, head } = found;
  return (
    <section class="card" aria-labelledby="label-title">
      <h2 id="label-title">{labelName(query)}</h2>
      <p class={`trust ${trust.by === 'ratified' ? 'good' : 'warn'}`}>{standsBehind(found, query.state, threshold)}</p>
      {state ? (
        <Entry state={state} now={head.time} />
      ) : (
        <p>Nobody has registered this label. The directory proves it.</p>
      )}
      {found.profile && <Devices profile={found.profile} />}
      <p class="muted">{lieWouldBe(found, query.state)}</p>
    </section>
  );
}

function Entry({ state, now }: { readonly state: State; readonly now: bigint }) {
  const entry = inForce(state, now) ?? state.entry;
  const pending = pendingUntil(state, now);
  return (
    <dl class="facts">
      <dt>State</dt>
      <dd>
        {entry.kind === 'close' ? 'closed' : 'in force'}
        {pending !== undefined && `; a recovery with other keys takes effect at ${timeOf(pending)}`}
      </dd>
      <dt>Version</dt>
      <dd>{formatCount(entry.version)}</dd>
      <dt>Newest change</dt>
      <dd>{timeOf(state.time)}</dd>
      <dt>Owner’s keys</dt>
      <dd>
        <Keys policy={entry.policy} />
      </dd>
      <dt>Recovery</dt>
      <dd>
        {entry.recovery ? (
          <>
            These keys can replace the owner’s keys. The change takes effect after{' '}
            {formatDuration(entry.recovery.delay)}:
            <Keys policy={entry.recovery.policy} />
          </>
        ) : (
          'none'
        )}
      </dd>
      <dt>Place in the directory</dt>
      <dd>
        <Copy name="place" value={toHex(entry.index)} />
      </dd>
    </dl>
  );
}

function Keys({ policy: { keys, threshold } }: { readonly policy: Policy }) {
  return (
    <>
      {keys.length > 1 && (
        <div>
          {formatCount(threshold)} of {formatCount(keys.length)} sign
        </div>
      )}
      {keys.map((key) => (
        <div key={toHex(key)}>
          <Copy name="key" value={toHex(key)} />
        </div>
      ))}
    </>
  );
}

function Devices({ profile }: { readonly profile: Uint8Array }) {
  const { devices, application } = decodeProfile(profile);
  return (
    <>
      <h3>Profile</h3>
      <dl class="facts">
        {devices.map(({ signing, identity }, at) => (
          <>
            <dt>Device {formatCount(at + 1)}: key for signatures</dt>
            <dd>
              <Copy name={`key for signatures of device ${at + 1}`} value={toHex(signing)} />
            </dd>
            <dt>Device {formatCount(at + 1)}: key for key agreement</dt>
            <dd>
              <Copy name={`key for key agreement of device ${at + 1}`} value={toHex(identity)} />
            </dd>
          </>
        ))}
        <dt>Application data</dt>
        <dd>{formatBytes(application.length)}</dd>
      </dl>
    </>
  );
}
