/** The lines of a list. */
import type { Message } from '../../client';
import type { List } from '../state/browse';

/** A message, or a place where messages were dropped. */
export type Line = { readonly message: Message } | { readonly gapBefore: number };

/** From the top of the screen downwards. */
export function linesOf({ window, order }: List): Line[] {
  const ascending: Line[] = [];
  if (window.droppedBefore) ascending.push({ gapBefore: window.oldest ?? 0 });
  for (const message of window.messages) {
    if (window.gaps.has(message.id)) ascending.push({ gapBefore: message.id });
    ascending.push({ message });
  }
  return order === 'newest' ? ascending.reverse() : ascending;
}
