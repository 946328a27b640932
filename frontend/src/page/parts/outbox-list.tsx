/** The messages sealed on this page, and whether each is stored. */
import type { Item } from '../../client';
import { formatCount, formatDuration } from '../format';
import { linkTo } from '../state/route';
import { outbox, outboxItems } from '../state/sealing';
import { useNow } from './clock';

const LABEL_LENGTH = 60;

export function OutboxList() {
  const items = outboxItems.value;
  if (items.length === 0) return null;
  return (
    <section class="card" aria-labelledby="outbox-title">
      <h2 id="outbox-title">Sealed here</h2>
      <ul class="outbox" aria-live="polite">
        {items.map((item) => (
          <Entry key={item.number} item={item} />
        ))}
      </ul>
      <p class="muted">
        Sending again is safe: the same sealed bytes are sent, and the canister stores them once. Keep this page open
        until each message is stored.
      </p>
    </section>
  );
}

function Entry({ item }: { readonly item: Item }) {
  const { delivery } = item;
  const label = shortened(item.label ?? `Message ${item.number}, sealed with a key that is locked now`);
  return (
    <li class={delivery.phase}>
      <span class="label">{label}</span>
      <span class="muted">{formatCount(item.sealed.length)} bytes sealed</span>
      <Became item={item} />
      {delivery.phase !== 'sending' && (
        <button type="button" onClick={() => outbox.value.send(item)}>
          Send again<span class="visually-hidden">: {label}</span>
        </button>
      )}
    </li>
  );
}

function shortened(label: string): string {
  return label.length > LABEL_LENGTH ? `${label.slice(0, LABEL_LENGTH)}…` : label;
}

function Became({ item: { delivery } }: { readonly item: Item }) {
  const now = useNow();
  switch (delivery.phase) {
    case 'sending':
      return <span>Sending…</span>;
    case 'stored':
      // A caller who may not read the key learns no id.
      if (delivery.id === 0) return <span class="good">Stored; the store does not tell you under which id</span>;
      return (
        <span class="good">
          {delivery.duplicate ? 'Already stored, as ' : 'Stored as '}
          <a href={linkTo('messages', { by: 'id', id: String(delivery.id) })}>message {formatCount(delivery.id)}</a>
        </span>
      );
    case 'waiting':
      return (
        <span class="bad">
          {delivery.reason}{' '}
          <span aria-hidden="true">
            Sending again in {formatDuration(Math.max(0, Math.ceil((delivery.nextAt - now) / 1000)))}.
          </span>
        </span>
      );
    case 'failed':
      return <span class="bad">{delivery.reason}</span>;
  }
}
