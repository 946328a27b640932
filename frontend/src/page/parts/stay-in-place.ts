import { useLayoutEffect, useRef } from 'preact/hooks';
import { follow, shift } from '../state/browse';

/**
 * Rows that come or go above do not move what is looked at, unless it is the end that is followed.
 *
 * @param atEnd whether the last row was in view before
 * @param onShift is told by how many rows everything moved down
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
