/** A reader's memory of a key, and how a later page must continue it. */
import { equal, type Hash } from './hash';
import type { Known, VerifiedPage } from './verify';

/** The newest message that a reader has seen. It is stored beside the messages. */
export interface Seen {
  /** The store's epoch. */
  readonly epoch: bigint;
  /** The message's id. */
  readonly id: number;
  /** Its rank. */
  readonly rank: number;
  /** Its chain value. */
  readonly chain: Hash;
}

/** How a verified page continues the memory. */
export type Continuation =
  /** The page shows the message that was seen. All newer messages continue it. */
  | { readonly kind: 'extends' }
  /** The page does not show the message that was seen. Nothing contradicts it. */
  | { readonly kind: 'unlinked' }
  /**
   * The message that was seen has been dropped, and the key was forgotten. The key came back later, so its ranks start again.
   */
  | { readonly kind: 'restarted' }
  /** The operator restored an earlier state under a new epoch. The message that was seen is not in it. */
  | { readonly kind: 'restored' }
  | { readonly kind: 'broken'; readonly why: Broken };

/** A page that contradicts the memory. */
export type Broken =
  /** The page is of an earlier epoch. */
  | { readonly kind: 'epoch'; readonly seen: bigint; readonly found: bigint }
  /**
   * The key's list is shorter than before: the state is older, or messages were removed. `found` is the rank of the newest
   * message now. 0: the key is not there.
   */
  | { readonly kind: 'rolled-back'; readonly seen: number; readonly found: number }
  /** Another message has the rank of the one that was seen. */
  | { readonly kind: 'forked'; readonly rank: number };

/** The part of a page or head that shows what the store has of a key. */
type Proved = Pick<VerifiedPage, 'state' | 'head' | 'known'>;

/** The newest message of a verified page; null: the key has none. */
export function newestOf({ head, state }: Pick<VerifiedPage, 'head' | 'state'>): Seen | null {
  return head && { epoch: state.epoch, id: head.lastId, rank: head.rank, chain: head.chain };
}

/**
 * Number of messages between the one that was seen and the page that nobody can read any more: they were dropped or
 * acknowledged before this reader saw them. Precondition: the page was asked for after that message, in ascending order.
 */
export function missed(seen: Seen, { firstRank }: VerifiedPage): number {
  return Math.max(0, firstRank - (seen.rank + 1));
}

/** How a page continues what was seen. */
export function continuation(seen: Seen, { state, head, known }: Proved): Continuation {
  const { epoch } = state;
  if (epoch < seen.epoch) return { kind: 'broken', why: { kind: 'epoch', seen: seen.epoch, found: epoch } };
  if (known.some(({ rank, chain }) => rank === seen.rank && equal(chain, seen.chain))) return { kind: 'extends' };
  const found = head?.rank ?? 0;
  const shorter = found < seen.rank;
  if (!shorter && !known.some((message) => excludes(message, seen))) return { kind: 'unlinked' };
  if (state.firstId > seen.id) return { kind: 'restarted' };
  if (epoch > seen.epoch) return { kind: 'restored' };
  return {
    kind: 'broken',
    why: shorter ? { kind: 'rolled-back', seen: seen.rank, found } : { kind: 'forked', rank: seen.rank },
  };
}

/** Whether another message cannot be in one list with the one that was seen. In a list, ids grow with ranks. */
function excludes({ rank, id }: Known, seen: Seen): boolean {
  return rank === seen.rank || Math.sign(rank - seen.rank) !== Math.sign(id - seen.id);
}
