import { useLayoutEffect, useRef } from 'preact/hooks';
import { follow, shift } from '../state/browse';

/**
 * Keeps the rows in view in place when rows above them are added or removed, except while following an end of the list.
 *
 * @param atEnd whether the last row was in view before
 * @param onShift receives the number of rows by which everything moved down
 */
export function useStayInPlace(
  scroller: { readonly current: HTMLElement | null },
  rowHeight: number,
  atEnd: { readonly current: boolean },
  onShift: (rows: number) => void,
): void {
  const moved = shift.value;
  const seen = useRef(moved);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || seen.current === moved) return;
    seen.current = moved;
    if (moved.rows !== 0) {
      onShift(moved.rows);
      const followsTop = follow.peek() && element.scrollTop === 0;
      if (!followsTop) element.scrollTop += moved.rows * rowHeight;
    } else if (follow.peek() && atEnd.current) {
      element.scrollTop = element.scrollHeight;
    }
  });
}
