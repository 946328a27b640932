/** A list of messages: the number of loaded messages, buttons to load more at either end, and following. */
import { useCallback, useMemo } from 'preact/hooks';
import type { Message } from '../../client';
import { formatCount } from '../format';
import { busy, downwards, follow, type List, listVersion, load } from '../state/browse';
import { linesOf } from './lines';
import { MessageGrid } from './message-grid';
import { listTrustWords } from './trust';

interface MessageListProps {
  readonly value: List;
  readonly chosen: number | undefined;
  readonly onChoose: (message: Message) => void;
  readonly onOpen: (message: Message) => void;
}

export function MessageList({ value, chosen, onChoose, onOpen }: MessageListProps) {
  const version = listVersion.value;
  // The window is mutable. Its version changes with it.
  const lines = useMemo(() => linesOf(value), [value, version]);
  const { window, order } = value;
  const down = downwards(order);
  const up = down === 'older' ? 'newer' : 'older';
  const loadMore = useCallback(() => {
    if (window.more[down] && !busy.peek()) void load(down);
  }, [window, down]);
  const trustOf = useCallback((message: Message) => window.trustOf(message), [window]);
  const more = window.more.older || window.more.newer;

  return (
    <section class="card list" aria-label="List">
      <div class="list-bar">
        <span>
          {formatCount(window.messages.length)} {window.messages.length === 1 ? 'message' : 'messages'} loaded
          {more && ', there are more'}
        </span>
        {([up, down] as const).map(
          (end) =>
            window.more[end] && (
              <button key={end} type="button" onClick={() => load(end)} disabled={busy.value}>
                Load {end}
              </button>
            ),
        )}
        <label class="follow">
          <input
            type="checkbox"
            checked={follow.value}
            onChange={({ currentTarget }) => {
              follow.value = currentTarget.checked;
            }}
          />
          Follow
        </label>
      </div>
      {window.trust && (
        <p class={`trust ${window.trust.kind === 'verified' ? 'good' : 'warn'}`}>{listTrustWords(window.trust)}</p>
      )}
      {lines.length === 0 ? (
        <p class="muted empty">No messages here.</p>
      ) : (
        <MessageGrid
          lines={lines}
          complete={!more}
          trustOf={trustOf}
          firstId={window.firstId}
          chosen={chosen}
          onChoose={onChoose}
          onOpen={onOpen}
          onNearEnd={loadMore}
        />
      )}
      <p class="muted list-end">{endWords(value)}</p>
    </section>
  );
}

function endWords({ window }: List): string {
  if (window.more.older) return '';
  const dropped =
    window.firstId > 1 ? ` The store has dropped all messages below id ${formatCount(window.firstId)}.` : '';
  return `The oldest message of this list is loaded.${dropped}`;
}
