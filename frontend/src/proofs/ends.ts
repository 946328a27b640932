/** The two ends of a page whose chain has been verified. */
import type { Fields } from './chain';
import { type Head, tooOld } from './head';
import type { PageProof } from './page';
import type { Entry, Question, Shown } from './question';
import type { Refuse } from './verdict';

export type EndsRefused =
  /** By its place, this message does not belong to the page. */
  | { readonly kind: 'before-entry'; readonly id: number }
  /** Nothing shows that the page begins where the question puts it: messages before this rank may be missing. */
  | { readonly kind: 'start'; readonly rank: number }
  /** The page is empty, and nothing shows why. */
  | { readonly kind: 'empty' };

export interface Page {
  readonly proof: PageProof;
  readonly head: Head;
  /** The oldest first. */
  readonly shown: readonly Shown[];
  /** The time in unix seconds by which the age of messages is judged. */
  readonly now: number;
}

/** Whether the key has more live messages after the page, in its order. Refuses a page that does not begin where it should. */
export function moreBeyond({ order, entry }: Question, page: Page, refuse: Refuse<EndsRefused>): boolean {
  return order === 'ascending' ? ascending(entry, page, refuse) : descending(entry, page, refuse);
}

function ascending(entry: Entry, page: Page, refuse: Refuse<EndsRefused>): boolean {
  const { proof, head } = page;
  const [oldest] = page.shown;
  if (!oldest) {
    const newest = { id: head.lastId, timestamp: head.lastTime, rank: head.rank };
    // If the newest message does not belong to the page, no message does.
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

/** Whether a message belongs to an ascending page with this entry. */
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

/** Whether a message belongs to a descending page with this entry. */
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

/** Whether no message before the page's oldest belongs to an ascending page with this entry. */
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

/** Whether the key's newest message is no longer live. Then no message is. */
function newestIsGone({ proof: { state }, head, now }: Page): boolean {
  return head.lastId < state.firstId || head.acknowledgedRank >= head.rank || tooOld(state, head.lastTime, now);
}

/** Whether no message before the one with this rank and previous id is live. */
function endsBelow(rank: number, prevId: number, { proof: { state, below }, head, now }: Page): boolean {
  return (
    rank === 1 ||
    prevId < state.firstId ||
    rank <= head.acknowledgedRank + 1 ||
    (below.kind === 'message' && tooOld(state, below.fields.timestamp, now))
  );
}
