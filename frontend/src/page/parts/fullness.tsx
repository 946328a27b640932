/** The limits of the store, and the used share of each. */
import type { Setting, Status, StoreStatus } from '../../client';
import { formatBytes, formatCount, formatDuration, formatShare } from '../format';
import { useNow } from './clock';

const HIGH = 0.75;
const VERY_HIGH = 0.9;

interface Measure {
  readonly name: string;
  readonly part: number;
  readonly whole: number;
  readonly said: string;
  /** Whether it is a retention limit. Reaching it drops the oldest messages, as intended, so it never warns. */
  readonly retention: boolean;
}

function measures({ limits, settings: { settings } }: Status, store: StoreStatus, now: number): Measure[] {
  const of = (name: string, part: number | bigint, whole: number | bigint, format: (v: number | bigint) => string) => ({
    name,
    part: Number(part),
    whole: Number(whole),
    said: `${format(part)} of ${format(whole)}`,
    retention: false,
  });
  const found: Measure[] = [
    of('Ids used', store.next_id - 1, limits.last_id, formatCount),
    of('Index entries', store.index_entries, limits.index_entries, formatCount),
    of('Stable memory', store.stable_bytes, limits.stable_bytes, formatBytes),
  ];
  for (const setting of settings) {
    const kept = retention(setting, store, now, of);
    if (kept) found.push({ ...kept, retention: true });
  }
  return found;
}

type Of = (
  name: string,
  part: number | bigint,
  whole: number | bigint,
  format: (v: number | bigint) => string,
) => Measure;

/** The used share of a retention limit. undefined: the setting is not such a limit, or is unlimited. */
function retention(setting: Setting, store: StoreStatus, now: number, of: Of): Measure | undefined {
  switch (setting.__kind__) {
    case 'max_messages': {
      const bound = setting.max_messages;
      return bound.__kind__ === 'at_most' ? of('Messages kept', store.messages, bound.at_most, formatCount) : undefined;
    }
    case 'max_bytes': {
      const bound = setting.max_bytes;
      return bound.__kind__ === 'at_most' ? of('Bytes kept', store.live_bytes, bound.at_most, formatBytes) : undefined;
    }
    case 'max_age_seconds': {
      const bound = setting.max_age_seconds;
      const age = store.messages === 0 ? 0 : Math.max(0, now - store.oldest_timestamp);
      const duration = (seconds: number | bigint) => formatDuration(Number(seconds));
      return bound.__kind__ === 'at_most' ? of('Age kept', age, bound.at_most, duration) : undefined;
    }
    default:
      return undefined;
  }
}

export function Fullness({ status, store }: { readonly status: Status; readonly store: StoreStatus }) {
  const now = Math.floor(useNow() / 1000);
  const all = measures(status, store, now);
  return (
    <>
      <ul class="meters">
        {all.map((measure) => (
          <Meter key={measure.name} {...measure} />
        ))}
      </ul>
      <p class="muted">
        {all.some(({ retention }) => retention)
          ? 'If a limit on messages, bytes or age is exceeded, the oldest messages of the store are dropped, whatever their key.'
          : 'No limit on messages, bytes or age is set, so no message is dropped.'}
      </p>
    </>
  );
}

function Meter({ name, part, whole, said, retention }: Measure) {
  const share = Math.min(1, part / whole);
  const tone = retention || share < HIGH ? '' : share < VERY_HIGH ? 'warn' : 'bad';
  return (
    <li class="meter">
      <span class="name">{name}</span>
      <span class="share">{formatShare(part, whole)}</span>
      <div
        class={`bar ${tone}`}
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={whole}
        aria-valuenow={Math.min(part, whole)}
        aria-valuetext={said}
      >
        <div style={{ width: `${(100 * share).toFixed(2)}%` }} />
      </div>
      <span class="said">{said}</span>
    </li>
  );
}
