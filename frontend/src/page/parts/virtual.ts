/** @tanstack/virtual-core for Preact: which rows are in view. */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import { useEffect, useLayoutEffect, useReducer, useState } from 'preact/hooks';

interface RowsOptions {
  readonly count: number;
  readonly rowHeight: number;
  /** Height of the fixed head. It hides this much of the view. */
  readonly head: number;
  readonly scroller: () => HTMLElement | null;
}

export function useRows({ count, rowHeight, head, scroller }: RowsOptions): Virtualizer<HTMLElement, HTMLElement> {
  const [, rerender] = useReducer((renders: number, _: undefined) => renders + 1, 0);
  const options = {
    count,
    getScrollElement: scroller,
    estimateSize: () => rowHeight,
    scrollPaddingEnd: head,
    overscan: 12,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => rerender(undefined),
  };
  const [rows] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options));
  rows.setOptions(options);
  useLayoutEffect(() => rows._didMount(), [rows]);
  useLayoutEffect(() => rows._willUpdate());
  // Measures again when the row height changes.
  useLayoutEffect(() => rows.measure(), [rows, rowHeight]);
  return rows;
}

export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const changed = () => setMatches(media.matches);
    media.addEventListener('change', changed);
    return () => media.removeEventListener('change', changed);
  }, [query]);
  return matches;
}
