/**
 * Sealed messages that are being stored.
 *
 * Invariant: an item's bytes never change. A retry sends the same key id and ciphertext, so the message is stored once even if
 * answers get lost. (Sealing again would make another message.) Transient failures are retried with backoff. After other
 * failures the item waits for {@link Outbox.send}.
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

  /** Adds a sealed message and sends it. */
  put(label: string | undefined, keyId: Uint8Array, sealed: Uint8Array): Item {
    this.#numbers += 1;
    const item: Item = { number: this.#numbers, label, keyId, sealed, delivery: { phase: 'failed', reason: '' } };
    this.items.unshift(item);
    void this.send(item);
    return item;
  }

  /** Sends an item now, in any phase but `sending`. */
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

  /** Sends all waiting items now. Call this when the network is reachable again. */
  retryWaiting(): void {
    for (const item of this.items) if (item.delivery.phase === 'waiting') void this.send(item);
  }

  /** Forgets the labels, which may be plaintext. The sealed bytes stay and are still sent. */
  hideLabels(): void {
    for (const item of this.items) item.label = undefined;
    this.onChange();
  }

  /** Number of items that are not known to be stored. */
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
