/** The overview: counts, the chart, limits and the canister's facts. */

import type { Status, StoreStatus } from '../../client';
import { formatBytes, formatCount, formatTime } from '../format';
import { MessagesChart } from '../parts/chart';
import { ClosedNotice } from '../parts/closed';
import { Copy } from '../parts/copy';
import { Fullness } from '../parts/fullness';
import { Rules } from '../parts/rules';
import { linkTo } from '../state/route';
import { located, moduleHash, moduleHashProblem, status } from '../state/session';

export function OverviewView() {
  const now = status.value;
  const store = now?.store;
  return (
    <>
      <section class="tiles" aria-label="Counts">
        <Tile name="Messages" value={store && formatCount(store.messages)} />
        <Tile name="Keys" value={store && formatCount(store.keys)} />
        <Tile name="First id" value={store && formatCount(store.first_id)} note={store && droppedNote(store)} />
        <Tile name="Next id" value={store && formatCount(store.next_id)} />
        <Tile name="Bytes of messages" value={store && formatBytes(store.live_bytes)} exact={store?.live_bytes} />
      </section>
      <ClosedNotice status={now} />
      <p class="muted">
        Counts, limits and the chart come from one node and are not proved. It could count wrong or show an older state.
        The subnet certifies the module hash. The page verifies messages of a key, and single messages, before it shows
        them.
      </p>
      <section class="card" aria-labelledby="chart-title">
        <h2 id="chart-title">Messages over time</h2>
        <MessagesChart />
      </section>
      <div class="columns">
        <section class="card" aria-labelledby="full-title">
          <h2 id="full-title">Space used</h2>
          {now && store ? <Fullness status={now} store={store} /> : <p class="muted">{nothing(now)}</p>}
        </section>
        <section class="card" aria-labelledby="facts-title">
          <h2 id="facts-title">The canister</h2>
          <Facts status={now} />
        </section>
        <section class="card" aria-labelledby="limits-title">
          <h2 id="limits-title">Limits of one call</h2>
          {now ? <Limits status={now} /> : <p class="muted">Waiting for the canister.</p>}
          {now && store && <Internals status={now} store={store} />}
        </section>
      </div>
      <section class="card" aria-labelledby="rules-title">
        <h2 id="rules-title">Rules</h2>
        {now ? <Rules status={now} /> : <p class="muted">Waiting for the canister.</p>}
      </section>
    </>
  );
}

/** The reason why there is nothing to show. */
function nothing(now: Status | undefined): string {
  return now ? 'This store does not show you its contents.' : 'Waiting for the canister.';
}

function droppedNote({ first_id }: StoreStatus): string | undefined {
  return first_id > 1 ? `${formatCount(first_id - 1)} dropped` : undefined;
}

interface TileProps {
  readonly name: string;
  readonly value: string | undefined;
  readonly note?: string | undefined;
  readonly exact?: bigint | undefined;
}

function Tile({ name, value, note, exact }: TileProps) {
  return (
    <dl class="tile">
      <dt>{name}</dt>
      <dd class="value" title={exact === undefined ? undefined : `${formatCount(exact)} bytes`}>
        {value ?? '–'}
      </dd>
      {note && <dd class="note">{note}</dd>}
    </dl>
  );
}

function Facts({ status: now }: { readonly status: Status | undefined }) {
  const store = now?.store;
  const place = 'place' in located.value ? located.value.place : undefined;
  return (
    <dl class="facts">
      <dt>Canister id</dt>
      <dd>{place && <Copy name="canister id" value={place.canisterId} />}</dd>
      <dt>Module hash</dt>
      <dd>
        {moduleHash.value ? <Copy name="module hash" value={moduleHash.value} /> : '–'}
        {moduleHashProblem.value && <div class="bad">{moduleHashProblem.value}</div>}
      </dd>
      <dt>Version</dt>
      <dd>{now ? `${now.version}, layout ${now.layout_version}` : '–'}</dd>
      <dt>Stable memory</dt>
      <dd>{store ? formatBytes(store.stable_bytes) : '–'}</dd>
      <dt>Oldest message</dt>
      <dd>{store?.messages ? formatTime(store.oldest_timestamp) : '–'}</dd>
      <dt>Newest message</dt>
      <dd>{store?.messages ? formatTime(store.newest_timestamp) : '–'}</dd>
      <dt>Browse</dt>
      <dd>
        <a href={linkTo('messages', { by: 'range', from: '1', until: '', order: 'newest', after: '', limit: '' })}>
          All messages, newest first
        </a>
      </dd>
    </dl>
  );
}

function Limits({ status: { limits } }: { readonly status: Status }) {
  return (
    <dl class="facts numbers">
      <dt>Key id</dt>
      <dd>{formatBytes(limits.key_id_bytes)}</dd>
      <dt>Ciphertext</dt>
      <dd>{formatBytes(limits.ciphertext_bytes)}</dd>
      <dt>Page</dt>
      <dd>
        {formatCount(limits.page_messages)} messages, {formatBytes(limits.page_bytes)}
      </dd>
      <dt>Messages added at once</dt>
      <dd>{formatCount(limits.batch_messages)}</dd>
      <dt>Items looked up at once</dt>
      <dd>{formatCount(limits.lookup_items)}</dd>
    </dl>
  );
}

/** For operators: closed until somebody opens it. */
function Internals({ status: { limits }, store }: { readonly status: Status; readonly store: StoreStatus }) {
  return (
    <details>
      <summary>Details for operators</summary>
      <dl class="facts numbers">
        <dt>Dropped messages still in the index</dt>
        <dd>{formatCount(store.backlog)}</dd>
        <dt>Free stable memory</dt>
        <dd>{formatBytes(store.stable_bytes_free)}</dd>
        <dt>Limit of bytes ever stored</dt>
        <dd>{formatBytes(limits.payload_stream_bytes)}</dd>
        <dt>Limit of 4 KiB pages touched by one rebuild step</dt>
        <dd>{formatCount(limits.rebuild_pages)}</dd>
      </dl>
    </details>
  );
}
