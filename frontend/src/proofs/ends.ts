/** The two ends of a page whose chain has been verified. */
import type { Fields } from './chain';
import { type Head, tooOld } from './head';
import type { PageProof } from './page';
import type { Entry, Question, Shown } from './question';
import type { Refuse } from './verdict';

export type EndsRefused =
  /** This message does not belong to the page by where it begins. */
  | { readonly kind: 'before-entry'; readonly id: number }
  /** Nothing shows that the page begins where it was asked for: messages may be left out before this rank. */
  | { readonly kind: 'start'; readonly rank: number }
  /** The page is empty, and nothing shows why. */
  | { readonly kind: 'empty' };

export interface Page {
  readonly proof: PageProof;
  readonly head: Head;
  /** The oldest first. */
  readonly shown: readonly Shown[];
  /** Unix seconds, by which messages are too old. */
  readonly now: number;
}

/** Whether the key has live messages beyond the page, in its order. Refuses a page that does not begin where it should. */
export function moreBeyond({ order, entry }: Question, page: Page, refuse: Refuse<EndsRefused>): boolean {
  return order === 'ascending' ? ascending(entry, page, refuse) : descending(entry, page, refuse);
}

function ascending(entry: Entry, page: Page, refuse: Refuse<EndsRefused>): boolean {
  const { proof, head } = page;
  const [oldest] = page.shown;
  if (!oldest) {
    const newest = { id: head.lastId, timestamp: head.lastTime, rank: head.rank };
    // No message belongs to the page if the newest does not.
    return !reached(entry, newest) || newestIsGone(page) ? false : refuse({ kind: 'empty' });
  }
  const rank = proof.firstRank;
  if (!reached(entry, { ...oldest, rank })) refuse({ kind: 'before-entry', id: oldest.id });
  if (!beginsAt(entry, oldest, page) && !endsBelow(rank, oldest.prevId, page)) refuse({ kind: 'start', rank });
  return proof.steps.length > 0;
}

function descending(entry: Entry, page: Page, refuse: Refuse<EndsRefused>): boolean {
  const { proof, shown } = page;
  const rank = proof.firstRank;
  const [oldest, newest] = [shown[0], shown.at(-1)];
  if (newest && !within(entry, { ...newest, rank: rank + shown.length - 1 })) {
    refuse({ kind: 'before-entry', id: newest.id });
  }
  // The message above the page does not belong to it.
  const above = proof.steps.at(-1);
  const beginsThere = !above || (above.taken === 'previous' && !within(entry, above.fields));
  if (oldest) return beginsThere ? !endsBelow(rank, oldest.prevId, page) : refuse({ kind: 'start', rank });
  const nothingLive = above
    ? beginsThere && endsBelow(above.fields.rank, above.fields.prevId, page)
    : newestIsGone(page);
  return nothingLive ? false : refuse({ kind: 'empty' });
}

type Place = Pick<Fields, 'id' | 'timestamp' | 'rank'>;

/** A message belongs to an ascending page with this entry. */
function reached(entry: Entry, { id, timestamp, rank }: Place): boolean {
  switch (entry.kind) {
    case 'start':
      return true;
    case 'after':
      return id > entry.id;
    case 'time':
      return timestamp >= entry.second;
    case 'rank':
      return rank >= entry.rank;
  }
}

/** A message belongs to a descending page with this entry. */
function within(entry: Entry, { id, timestamp, rank }: Place): boolean {
  switch (entry.kind) {
    case 'start':
      return true;
    case 'after':
      return id < entry.id;
    case 'time':
      return timestamp <= entry.second;
    case 'rank':
      return rank <= entry.rank;
  }
}

/** No message before the page's oldest belongs to an ascending page with this entry. */
function beginsAt(entry: Entry, oldest: Shown, { proof: { below, firstRank } }: Page): boolean {
  switch (entry.kind) {
    case 'start':
      return false;
    case 'after':
      return oldest.prevId <= entry.id;
    case 'time':
      return below.kind === 'message' && below.fields.timestamp < entry.second;
    case 'rank':
      return firstRank === entry.rank;
  }
}

/** The key's newest message is no longer live, and so no other is. */
function newestIsGone({ proof: { state }, head, now }: Page): boolean {
  return head.lastId < state.firstId || head.acknowledgedRank >= head.rank || tooOld(state, head.lastTime, now);
}

/** No message before the one with this rank and previous id is live. */
function endsBelow(rank: number, prevId: number, { proof: { state, below }, head, now }: Page): boolean {
  return (
    rank === 1 ||
    prevId < state.firstId ||
    rank <= head.acknowledgedRank + 1 ||
    (below.kind === 'message' && tooOld(state, below.fields.timestamp, now))
  );
}
