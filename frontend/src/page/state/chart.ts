/** The curve of messages over time of the current canister. */
import { effect, signal } from '@preact/signals';
import { Failure, Order } from '../../client';
import { Curve, type Point } from '../../paging';
import { client, status } from './session';

export const curvePoints = signal<readonly Point[]>([]);

export function startCurve(): void {
  let curve = new Curve();
  let of = client.peek();
  let probing = false;

  const probe = async (): Promise<void> => {
    if (probing) return;
    probing = true;
    try {
      for (let id = curve.nextProbe(); id !== undefined; id = curve.nextProbe()) {
        const [from, asked] = [curve, of];
        // This is not proved, as the status is not. If there is no message, it was dropped meanwhile.
        const page = await asked?.pageByRange(id, id, { after: 0, order: Order.ascending, limit: 1 });
        from.record(id, page?.value.messages[0]?.timestamp);
        if (from === curve) curvePoints.value = [...curve.points];
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    } finally {
      probing = false;
    }
  };

  effect(() => {
    if (client.value !== of) {
      of = client.value;
      curve = new Curve();
      curvePoints.value = [];
    }
    if (status.value?.store && curve.advance(status.value.store)) {
      curvePoints.value = [...curve.points];
      void probe();
    }
  });
}
