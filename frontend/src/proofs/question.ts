/** A question for a page, and the messages of its answer. */
import type { Fields } from './chain';
import type { Key } from './head';

/** Where a page begins. */
export type Entry =
  /** At the oldest live message, or at the newest. */
  | { readonly kind: 'start' }
  /** After this id: above it, or below it in descending order. */
  | { readonly kind: 'after'; readonly id: number }
  /** At the first message of this second or later; in descending order at the last one of this second or earlier. */
  | { readonly kind: 'time'; readonly second: number }
  /** At the first message of this rank or higher; in descending order at the last one of this rank or lower. */
  | { readonly kind: 'rank'; readonly rank: number };

/** A question for a page. */
export interface Question {
  readonly key: Key;
  readonly order: 'ascending' | 'descending';
  readonly entry: Entry;
}

/** A message in the answer. The reader has computed `hash` and `len` from the ciphertext. */
export type Shown = Omit<Fields, 'rank'>;
