/** The limits of the store, and the share of each that is used. */
import type { Status } from '../../client';
import { formatBytes, formatCount, formatDuration, formatShare } from '../format';
import { useNow } from './clock';

const HIGH = 0.75;
const VERY_HIGH = 0.9;

interface Measure {
  readonly name: string;
  readonly part: number;
  readonly whole: number;
  readonly said: string;
  /** A retention limit: reaching it drops the oldest messages, as intended, so it never warns. */
  readonly retention: boolean;
}

function measures(status: Status, now: number): Measure[] {
  const { limits, settings } = status;
  const of = (name: string, part: number | bigint, whole: number | bigint, format: (v: number | bigint) => string) => ({
    name,
    part: Number(part),
    whole: Number(whole),
    said: `${format(part)} of ${format(whole)}`,
    retention: false,
  });
  const kept = { retention: true };
  const found: Measure[] = [
    of('Ids used', status.next_id - 1, limits.last_id, formatCount),
    of('Index entries', status.index_entries, limits.index_entries, formatCount),
    of('Stable memory', status.stable_bytes, limits.stable_bytes, formatBytes),
  ];
  if (settings.max_messages.__kind__ === 'at_most') {
    found.push({ ...of('Messages kept', status.messages, settings.max_messages.at_most, formatCount), ...kept });
  }
  if (settings.max_bytes.__kind__ === 'at_most') {
    found.push({ ...of('Bytes kept', status.live_bytes, settings.max_bytes.at_most, formatBytes), ...kept });
  }
  if (settings.max_age_seconds.__kind__ === 'at_most') {
    const age = status.messages === 0 ? 0 : Math.max(0, now - status.oldest_timestamp);
    const duration = (seconds: number | bigint) => formatDuration(Number(seconds));
    found.push({ ...of('Age kept', age, settings.max_age_seconds.at_most, duration), ...kept });
  }
  return found;
}

export function Fullness({ status }: { readonly status: Status }) {
  const now = Math.floor(useNow() / 1000);
  const all = measures(status, now);
  return (
    <>
      <ul class="meters">
        {all.map((measure) => (
          <Meter key={measure.name} {...measure} />
        ))}
      </ul>
      <p class="muted">
        {all.some(({ retention }) => retention)
          ? 'Beyond a limit on what is kept, the oldest messages of all keys are dropped.'
          : 'No limit on messages, bytes or age is set: nothing is dropped.'}
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
