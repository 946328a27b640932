/**
 * Messages over time, without paging through them. Timestamps never decrease with the id, and ids have no holes. So (timestamp,
 * id) of a few messages describe the number of messages stored by any time. Every status contains both ends of the curve. A
 * probe asks for one message, and halves the largest unknown rectangle between two points.
 *
 * Invariants: points ascend in id and in time; a known point never changes; there are at most `maxPoints`; the expected size of
 * all probes' answers is at most `budgetBytes`.
 */
import type { StoreStatus } from '../client/bindings/canister';

export interface Point {
  readonly id: number;
  /** Unix seconds. */
  readonly time: number;
}

/** The part of a status that the curve needs. */
export type Ends = Pick<
  StoreStatus,
  'first_id' | 'next_id' | 'messages' | 'oldest_timestamp' | 'newest_timestamp' | 'live_bytes'
>;

export interface CurveOptions {
  readonly maxProbes: number;
  /** Limit on the expected bytes of all probes' answers, each of which is a whole message. */
  readonly budgetBytes: number;
  readonly maxPoints: number;
}

export const DEFAULT_CURVE: CurveOptions = { maxProbes: 48, budgetBytes: 4_000_000, maxPoints: 400 };

export class Curve {
  #points: Point[] = [];
  #probes = 0;
  #maxProbes = 0;

  constructor(private readonly options: CurveOptions = DEFAULT_CURVE) {}

  get points(): readonly Point[] {
    return this.#points;
  }

  /** Updates the ends from a status. Returns whether the curve changed. */
  advance(ends: Ends): boolean {
    const before = this.#points;
    if (ends.messages === 0) {
      this.#points = [];
      return before.length > 0;
    }
    const average = Number(ends.live_bytes) / ends.messages;
    this.#maxProbes = Math.min(this.options.maxProbes, Math.floor(this.options.budgetBytes / Math.max(1, average)));

    const last = ends.next_id - 1;
    // If the last id went backwards, this is another store.
    const known = (before.at(-1)?.id ?? 0) > last ? [] : before;
    if (known !== before) this.#probes = 0;
    this.#points = known.filter(({ id }) => id > ends.first_id && id < last);
    this.#points.unshift({ id: ends.first_id, time: ends.oldest_timestamp });
    if (known.at(-1)?.id === last && last > ends.first_id) {
      this.#points.push(known.at(-1) as Point);
    } else if (last > ends.first_id) {
      this.#points.push({ id: last, time: ends.newest_timestamp });
    }
    this.#thin();
    return before.length !== this.#points.length || before.some((point, at) => point.id !== this.#points[at]?.id);
  }

  /** Returns the id to probe next; undefined if no probe would help or the budget is spent. */
  nextProbe(): number | undefined {
    if (this.#probes >= this.#maxProbes) return undefined;
    let widest = 0;
    let probe: number | undefined;
    for (let at = 1; at < this.#points.length; at += 1) {
      const from = this.#points[at - 1] as Point;
      const to = this.#points[at] as Point;
      // A rectangle with a side of at most 1 has no unknown point inside.
      const area = Math.max(0, to.id - from.id - 1) * Math.max(0, to.time - from.time - 1);
      if (area > widest) {
        widest = area;
        probe = from.id + Math.floor((to.id - from.id) / 2);
      }
    }
    return probe;
  }

  /** Records the answer to a probe; undefined: the message has been dropped meanwhile. */
  record(id: number, time: number | undefined): void {
    this.#probes += 1;
    if (time === undefined) return;
    const at = this.#points.findIndex((point) => point.id > id);
    if (at > 0 && this.#points[at - 1]?.id !== id) this.#points.splice(at, 0, { id, time });
  }

  /** Drops the inner points whose removal changes the curve least. */
  #thin(): void {
    while (this.#points.length > this.options.maxPoints) {
      let least = Number.POSITIVE_INFINITY;
      let drop = 1;
      for (let at = 1; at < this.#points.length - 1; at += 1) {
        const [a, b, c] = this.#points.slice(at - 1, at + 2) as [Point, Point, Point];
        const area = Math.abs((b.time - a.time) * (c.id - a.id) - (c.time - a.time) * (b.id - a.id));
        if (area < least) {
          least = area;
          drop = at;
        }
      }
      this.#points.splice(drop, 1);
    }
  }
}
