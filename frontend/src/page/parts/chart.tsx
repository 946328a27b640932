/** Messages over time: a curve drawn by uPlot, and its description in words. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Point } from '../../paging';
import { formatCount, formatTime, timeSpan } from '../format';
import { curvePoints } from '../state/chart';
import { status } from '../state/session';

const HEIGHT = 220;

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function options(width: number): uPlot.Options {
  const axis = {
    stroke: () => color('--muted'),
    grid: { stroke: () => color('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    padding: [12, 26, 0, 0],
    cursor: { y: false, points: { size: 7 } },
    legend: { show: true, live: true },
    scales: {
      x: { time: true, range },
      y: { range: (_, min, max) => [Math.max(0, min - 1), max + 1] },
    },
    axes: [
      { ...axis, space: 80, values: (_, ticks, __, ___, step) => timeTicks(ticks, step) },
      {
        ...axis,
        size: 70,
        values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? formatCount(tick) : '')),
      },
    ],
    series: [
      { label: 'Time', value: (_, time) => (time == null ? '–' : formatTime(time)) },
      {
        label: 'Stored by then',
        value: (_, id) => (id == null ? '–' : formatCount(id)),
        stroke: () => color('--accent'),
        fill: () => color('--accent-wash'),
        width: 1.5,
        points: { show: true, size: 4, fill: () => color('--accent') },
      },
    ],
  };
}

/**
 * The times in view. If all times are the same, uPlot would show years. It also overlooks messages that share the last time in
 * view.
 */
function range({ data: [times] }: uPlot, min: number, max: number): [number, number] {
  const [first, last] = [times[0], times.at(-1)];
  const [from, until] = first !== undefined && first === last ? timeSpan(first, first) : timeSpan(min, max);
  return [from, until + 1];
}

/** Clock times, with the date below the first tick of each day. If ticks are days apart, only dates. */
function timeTicks(ticks: readonly number[], step: number): string[] {
  let day = '';
  return ticks.map((tick) => {
    // Times are whole seconds.
    if (!Number.isInteger(tick)) return '';
    const [date = '', time = ''] = formatTime(tick).split(' ');
    const isNew = date !== day;
    day = date;
    if (step >= 86_400) return date;
    const clock = step < 60 ? time : time.slice(0, 5);
    return isNew ? `${clock}\n${date}` : clock;
  });
}

function data(points: readonly Point[]): uPlot.AlignedData {
  return [points.map(({ time }) => time), points.map(({ id }) => id)];
}

export function MessagesChart() {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const points = curvePoints.value;
  const drawable = points.length > 1;

  useEffect(() => {
    const element = holder.current;
    if (!element || !drawable) return;
    const made = new uPlot(options(element.clientWidth), data(curvePoints.peek()), element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => made.redraw();
    scheme.addEventListener('change', redraw);
    return () => {
      scheme.removeEventListener('change', redraw);
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [drawable]);

  useEffect(() => plot.current?.setData(data(points)), [points]);

  return (
    <>
      <div ref={holder} class="chart" role="img" aria-label={inWords(points)} hidden={!drawable} />
      {!drawable && <p class="muted empty">{nothing()}</p>}
      <p class="muted">
        The number of messages stored so far under all keys, including dropped ones. Dots are exact. The line between
        them is interpolated (at most 48 messages are sampled).
      </p>
    </>
  );
}

function nothing(): string {
  const { value } = status;
  if (!value) return 'Waiting for the canister.';
  if (!value.store) return 'This store does not show you its contents.';
  if (value.store.messages === 0) return 'Nothing is stored.';
  return 'One message is stored. The chart needs two.';
}

function inWords(points: readonly Point[]): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return 'No messages yet';
  return `Message ${formatCount(first.id)} was stored at ${formatTime(first.time)}, message ${formatCount(last.id)} at ${formatTime(last.time)}`;
}
