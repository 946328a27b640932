/**
 * Sealed messages on their way into the store.
 *
 * Invariant: an item's bytes never change. A retry sends the same key id and ciphertext again, so that however often
 * it is sent, and whichever answer got lost, it is stored once: sealing anew would make another message. Items whose
 * call failed for a reason that may pass are tried again with backoff; the others wait for {@link Outbox.send}.
 */
import type { Added } from './bindings/canister';
import { Failure } from './failure';
import { backoffMs } from './poller';

export type Delivery =
  | { readonly phase: 'sending' }
  | { readonly phase: 'stored'; readonly id: number; readonly duplicate: boolean }
  | { readonly phase: 'waiting'; readonly reason: string; readonly nextAt: number }
  | { readonly phase: 'failed'; readonly reason: string };

export interface Item {
  readonly number: number;
  /** Shown to the person who sealed it: often plaintext. {@link Outbox.hideLabels} removes it. */
  label: string | undefined;
  readonly keyId: Uint8Array;
  readonly sealed: Uint8Array;
  delivery: Delivery;
}

export class Outbox {
  readonly items: Item[] = [];
  #numbers = 0;
  readonly #timers = new Map<Item, ReturnType<typeof setTimeout>>();
  readonly #failures = new Map<Item, number>();

  constructor(
    private readonly add: (keyId: Uint8Array, sealed: Uint8Array) => Promise<Added>,
    private readonly onChange: () => void,
    private readonly maxBackoffMs = 60_000,
    private readonly random: () => number = Math.random,
  ) {}

  /** Takes a sealed message in and sends it. */
  put(label: string | undefined, keyId: Uint8Array, sealed: Uint8Array): Item {
    this.#numbers += 1;
    const item: Item = { number: this.#numbers, label, keyId, sealed, delivery: { phase: 'failed', reason: '' } };
    this.items.unshift(item);
    void this.send(item);
    return item;
  }

  /** Sends an item now, whatever became of it before; one that is being sent is left alone. */
  async send(item: Item): Promise<void> {
    if (item.delivery.phase === 'sending') return;
    clearTimeout(this.#timers.get(item));
    this.#set(item, { phase: 'sending' });
    try {
      const { id, duplicate } = await this.add(item.keyId, item.sealed);
      this.#failures.delete(item);
      this.#set(item, { phase: 'stored', id, duplicate });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof Failure && error.transient) this.#later(item, reason);
      else this.#set(item, { phase: 'failed', reason });
    }
  }

  /** Sends at once what waits: for when the network is back. */
  retryWaiting(): void {
    for (const item of this.items) if (item.delivery.phase === 'waiting') void this.send(item);
  }

  /** Forgets the labels, which may be plaintext. The sealed bytes stay and are still sent. */
  hideLabels(): void {
    for (const item of this.items) item.label = undefined;
    this.onChange();
  }

  /** Whether something would be lost if the items were. */
  get unconfirmed(): number {
    return this.items.filter((item) => item.delivery.phase !== 'stored').length;
  }

  #later(item: Item, reason: string): void {
    const failures = (this.#failures.get(item) ?? 0) + 1;
    this.#failures.set(item, failures);
    const wait = backoffMs(failures, this.maxBackoffMs, this.random);
    this.#timers.set(
      item,
      setTimeout(() => void this.send(item), wait),
    );
    this.#set(item, { phase: 'waiting', reason, nextAt: Date.now() + wait });
  }

  #set(item: Item, delivery: Delivery): void {
    item.delivery = delivery;
    this.onChange();
  }
}
