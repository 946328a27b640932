/** The canister, its network, the caller's identity, and whether the canister answers. */
import { networkName } from '../../client';
import { formatDuration } from '../format';
import { linkTo } from '../state/route';
import { failure, identity, located, poll, status } from '../state/session';
import { useNow } from './clock';
import { Copy } from './copy';

export function TopBar() {
  const { value } = located;
  return (
    <header class="top">
      <div class="brand">
        <svg aria-hidden="true" viewBox="0 0 32 32" width="22" height="22">
          <path
            d="M5 17h6.5l1.5 3h6l1.5-3H27M5 17l3.5-9h15L27 17v7a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2z"
            fill="none"
            stroke="currentColor"
            stroke-width="2.2"
            stroke-linejoin="round"
          />
        </svg>
        <span>Message canister</span>
      </div>
      {'place' in value && (
        <div class="where">
          <Copy name="canister id" value={value.place.canisterId} />
          <span class={`network ${value.place.network.kind}`}>
            <strong>{networkName(value.place.network)}</strong> <span class="origin">{value.place.network.origin}</span>
          </span>
        </div>
      )}
      <div class="who">
        {'place' in value && <Liveness />}
        <a href={linkTo('connection')}>{identity.value ? 'Signed by this browser’s key' : 'Anonymous'}</a>
      </div>
    </header>
  );
}

function Liveness() {
  const now = useNow();
  const state = poll.value;
  if (failure.value) return <span class="live bad">{failure.value.kind === 'away' ? 'Away' : 'Not answering'}</span>;
  if (!status.value || state.phase !== 'ok') return <span class="live">Connecting</span>;
  const age = (now - state.at) / 1000;
  return <span class="live good">{age < 5 ? 'Live' : `${formatDuration(age)} old`}</span>;
}
