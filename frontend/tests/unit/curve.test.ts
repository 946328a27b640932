import { describe, expect, it } from 'vitest';
import { Curve, type CurveOptions, type Ends } from '../../src/paging';

const OPTIONS: CurveOptions = { maxProbes: 20, budgetBytes: 1e6, maxPoints: 50 };

/** A store whose message `id` was stored at `timeOf(id)`. */
function ends(first: number, last: number, timeOf: (id: number) => number, bytes = 100): Ends {
  const messages = last - first + 1;
  return {
    first_id: first,
    next_id: last + 1,
    messages,
    oldest_timestamp: timeOf(first),
    newest_timestamp: timeOf(last),
    live_bytes: BigInt(messages * bytes),
  };
}

function probeAll(curve: Curve, timeOf: (id: number) => number): number {
  let probes = 0;
  for (let id = curve.nextProbe(); id !== undefined; id = curve.nextProbe()) {
    curve.record(id, timeOf(id));
    probes += 1;
    if (probes > 1000) throw new Error('it never ends');
  }
  return probes;
}

const slow = (id: number) => 1000 + id * 10;

describe('a curve', () => {
  it('has nothing of an empty store', () => {
    const curve = new Curve(OPTIONS);
    expect(curve.advance({ ...ends(1, 1, slow), messages: 0, next_id: 1, live_bytes: 0n })).toBe(false);
    expect([curve.points, curve.nextProbe()]).toEqual([[], undefined]);
  });

  it('takes its ends from the status and asks for nothing that they tell', () => {
    const curve = new Curve(OPTIONS);
    expect(curve.advance(ends(1, 1000, () => 5))).toBe(true);
    expect(curve.points).toEqual([
      { id: 1, time: 5 },
      { id: 1000, time: 5 },
    ]);
    expect(curve.nextProbe()).toBeUndefined();
  });

  it('spends its probes, stays in order, and says the truth at each dot', () => {
    const curve = new Curve(OPTIONS);
    curve.advance(ends(1, 1_000_000, slow));
    expect(probeAll(curve, slow)).toBe(OPTIONS.maxProbes);
    expect(curve.points.length).toBe(OPTIONS.maxProbes + 2);
    for (const [at, { id, time }] of curve.points.entries()) {
      expect(time).toBe(slow(id));
      expect(id).toBeGreaterThan(curve.points[at - 1]?.id ?? 0);
    }
  });

  it('finds a sudden rise', () => {
    // All but ten messages within the last second of a day.
    const burst = (id: number) => (id <= 10 ? id * 8000 : 86_400);
    const curve = new Curve(OPTIONS);
    curve.advance(ends(1, 100_000, burst));
    probeAll(curve, burst);
    const before = curve.points.filter(({ time }) => time < 86_400).at(-1);
    const after = curve.points.find(({ time }) => time === 86_400);
    expect((after?.id ?? Infinity) - (before?.id ?? 0)).toBeLessThan(200);
  });

  it('asks less where messages are large, and nothing where one is beyond the budget', () => {
    const curve = new Curve(OPTIONS);
    curve.advance(ends(1, 1000, slow, 200_000));
    expect(probeAll(curve, slow)).toBe(5);
    const larger = new Curve(OPTIONS);
    larger.advance(ends(1, 1000, slow, 2_000_000));
    expect(larger.nextProbe()).toBeUndefined();
  });

  it('grows at its end without a probe, and says whether it changed', () => {
    const curve = new Curve({ ...OPTIONS, maxProbes: 0 });
    curve.advance(ends(1, 100, slow));
    expect(curve.advance(ends(1, 100, slow))).toBe(false);
    expect(curve.advance(ends(1, 150, slow))).toBe(true);
    expect(curve.points.map(({ id }) => id)).toEqual([1, 100, 150]);
  });

  it('forgets dropped messages', () => {
    const curve = new Curve({ ...OPTIONS, maxProbes: 0 });
    curve.advance(ends(1, 100, slow));
    curve.advance(ends(1, 200, slow));
    curve.advance(ends(150, 300, slow));
    expect(curve.points.map(({ id }) => id)).toEqual([150, 200, 300]);
  });

  it('passes over a probe that was dropped meanwhile', () => {
    const curve = new Curve(OPTIONS);
    curve.advance(ends(1, 100, slow));
    curve.record(curve.nextProbe() as number, undefined);
    expect(curve.points.length).toBe(2);
  });

  it('begins anew with a store that was emptied', () => {
    const curve = new Curve({ ...OPTIONS, maxProbes: 0 });
    curve.advance(ends(1, 500, slow));
    curve.advance(ends(1, 20, slow));
    expect(curve.points.map(({ id }) => id)).toEqual([1, 20]);
  });

  it('holds at most so many points, and keeps the bend', () => {
    const curve = new Curve({ ...OPTIONS, maxProbes: 0 });
    const bent = (id: number) => (id <= 500 ? id : 500 + (id - 500) * 100);
    for (let last = 10; last <= 1000; last += 10) curve.advance(ends(1, last, bent));
    expect(curve.points.length).toBe(OPTIONS.maxPoints);
    expect(curve.points.map(({ id }) => id)).toContain(500);
    expect(curve.points.at(-1)?.id).toBe(1000);
  });
});
