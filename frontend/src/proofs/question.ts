/** A question for a page, and the messages of its answer. */
import type { Fields } from './chain';
import type { Key } from './head';

/** Where a page begins, in its order. */
export type Entry =
  /** At the oldest live message, or at the newest. */
  | { readonly kind: 'start' }
  /** Behind this id: above it, or below it in descending order. */
  | { readonly kind: 'after'; readonly id: number }
  /** At the first message not older than this second, or the last one not younger. */
  | { readonly kind: 'time'; readonly second: number }
  /** At the first message with this rank or more, or the last one with it or less. */
  | { readonly kind: 'rank'; readonly rank: number };

/** A question for a page. */
export interface Question {
  readonly key: Key;
  readonly order: 'ascending' | 'descending';
  readonly entry: Entry;
}

/** A message as the answer has it; `hash` and `len` are the reader's own, of the ciphertext that it got. */
export type Shown = Omit<Fields, 'rank'>;
