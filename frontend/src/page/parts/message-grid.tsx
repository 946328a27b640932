/**
 * The rows of a list. Only rows in view are in the document, but assistive technology sees a grid with all rows. The focus
 * stays on the grid, which names the active row. Arrow keys move, Enter opens.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Message, Trust } from '../../client';
import { formatCount } from '../format';
import type { Line } from './lines';
import { MessageRow, rowAttributes } from './message-row';
import { useStayInPlace } from './stay-in-place';
import { useMedia, useRows } from './virtual';

const COLUMNS = ['Id', 'Stored', 'Key id', 'Bytes', 'Of the same key', 'Proof', 'State'];

/** Heights in pixels, as in the style sheets. On a narrow screen a row has two lines, and there is no head. */
const NARROW = '(max-width: 700px)';
const WIDE_ROWS = { row: 32, head: 29 };
const NARROW_ROWS = { row: 56, head: 0 };
/** The next page is loaded when the view is this close to the last loaded row. */
const LOAD_AHEAD_ROWS = 20;

interface MessageGridProps {
  readonly lines: readonly Line[];
  /** Whether these are all lines of the list. */
  readonly complete: boolean;
  readonly trustOf: (message: Message) => Trust;
  /** All messages below this id have been dropped. */
  readonly firstId: number;
  readonly chosen: number | undefined;
  readonly onChoose: (message: Message) => void;
  /** Opens a message and moves the focus to it. */
  readonly onOpen: (message: Message) => void;
  /** Called when the last line is near the view. */
  readonly onNearEnd: () => void;
}

export function MessageGrid({
  lines,
  complete,
  trustOf,
  firstId,
  chosen,
  onChoose,
  onOpen,
  onNearEnd,
}: MessageGridProps) {
  const height = useMedia(NARROW) ? NARROW_ROWS : WIDE_ROWS;
  const grid = useRef<HTMLDivElement>(null);
  const rows = useRows({ count: lines.length, rowHeight: height.row, head: height.head, scroller: () => grid.current });
  const [active, setActive] = useState(-1);
  const atEnd = useRef(true);
  useStayInPlace(grid, height.row, atEnd, (moved) => setActive((at) => (at < 0 ? at : Math.max(0, at + moved))));

  const visible = rows.getVirtualItems();
  const nearEnd = (visible.at(-1)?.index ?? 0) >= lines.length - LOAD_AHEAD_ROWS;
  // Runs again if the last line is still near after a load.
  useEffect(() => {
    if (nearEnd) onNearEnd();
  }, [nearEnd, lines, onNearEnd]);

  const pick = useCallback(
    (index: number, message: Message) => {
      setActive(index);
      onChoose(message);
    },
    [onChoose],
  );
  const moveTo = (index: number) => {
    const target = Math.max(0, Math.min(lines.length - 1, index));
    setActive(target);
    rows.scrollToIndex(target, { align: 'auto' });
    const line = lines[target];
    if (line && 'message' in line && chosen !== undefined) onChoose(line.message);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(((grid.current?.clientHeight ?? 0) - height.head) / height.row) - 1);
    const line = lines[active];
    const moves: Record<string, () => void> = {
      ArrowDown: () => moveTo(active + 1),
      ArrowUp: () => moveTo(active - 1),
      PageDown: () => moveTo(active + page),
      PageUp: () => moveTo(active - page),
      Home: () => moveTo(0),
      End: () => moveTo(lines.length - 1),
      Enter: () => line && 'message' in line && onOpen(line.message),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };

  return (
    <div
      ref={grid}
      class="grid"
      role="grid"
      aria-label="Messages"
      aria-rowcount={complete ? lines.length + 1 : -1}
      aria-colcount={COLUMNS.length}
      tabIndex={0}
      aria-activedescendant={active >= 0 ? `row-${active}` : undefined}
      onKeyDown={onKeyDown}
      onFocus={() => active < 0 && setActive(visible[0]?.index ?? 0)}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        atEnd.current = scrollTop + clientHeight >= scrollHeight - height.row;
      }}
    >
      <div role="rowgroup" class="head">
        <div role="row" aria-rowindex={1} class="row">
          {COLUMNS.map((name) => (
            <span key={name} role="columnheader">
              {name}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" class="all-rows" style={{ height: `${rows.getTotalSize()}px` }}>
        {visible.map(({ index, start }) => {
          const line = lines[index];
          if (!line) return null;
          if ('gapBefore' in line) {
            return (
              <GapRow
                key={`gap-${line.gapBefore}`}
                before={line.gapBefore}
                attributes={rowAttributes(index, start, height.row)}
                active={index === active}
              />
            );
          }
          const { message } = line;
          return (
            <MessageRow
              key={message.id}
              message={message}
              trust={trustOf(message)}
              index={index}
              top={start}
              height={height.row}
              active={index === active}
              chosen={message.id === chosen}
              dropped={message.id < firstId}
              onPick={pick}
            />
          );
        })}
      </div>
    </div>
  );
}

interface GapRowProps {
  readonly before: number;
  readonly attributes: preact.HTMLAttributes<HTMLDivElement>;
  readonly active: boolean;
}

function GapRow({ before, attributes, active }: GapRowProps) {
  return (
    <div role="row" {...attributes} class={`row gap${active ? ' active' : ''}`}>
      <span role="gridcell" aria-colspan={COLUMNS.length}>
        Gap: messages before {before > 0 ? `id ${formatCount(before)}` : 'this point'} were dropped
      </span>
    </div>
  );
}
