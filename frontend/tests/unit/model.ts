/** A store in memory that answers pages as the canister does; small, and written from canister.did alone. */
import type { Cursor, Message, Page } from '../../src/client/bindings/canister';
import { Order } from '../../src/client/bindings/canister';

export class Model {
  #messages: Message[] = [];
  #firstId = 1;
  calls = 0;

  add(keyId: string, bytes = 10): void {
    this.#messages.push({
      id: this.#messages.length + 1,
      timestamp: 1_000_000 + this.#messages.length,
      key_id: new TextEncoder().encode(keyId),
      prev_id: 0,
      next_id: 0,
      hash: new Uint8Array(32),
      ciphertext: new Uint8Array(bytes),
    });
  }

  drop(firstId: number): void {
    this.#firstId = firstId;
  }

  /** Pages of a key: `after` must be one of its messages, or 0. */
  key(keyId: string, { after, order, limit }: Cursor): Page {
    this.calls += 1;
    const all = this.#messages.filter((message) => new TextDecoder().decode(message.key_id) === keyId);
    if (after !== 0 && after >= this.#firstId && !all.some(({ id }) => id === after))
      throw new Error(`unknown ${after}`);
    const up = order === Order.ascending;
    const wanted = all.filter(({ id }) => after === 0 || (up ? id > after : id < after));
    const live = wanted.filter(({ id }) => id >= this.#firstId);
    const lost = wanted.length > live.length;
    const ordered = up ? live : live.reverse();
    const messages = ordered.slice(0, limit);
    return {
      messages,
      next: ordered.length > limit ? (messages.at(-1)?.id ?? 0) : 0,
      first_id: this.#firstId,
      gap: after !== 0 && lost && (up || live.length === 0),
    };
  }
}
