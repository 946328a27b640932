/**
 * A window onto a list of messages: those of a key, a range of ids or a span of time. It grows at either end, page by
 * page, records where messages were dropped in between, and evicts messages at the far end when it is full.
 *
 * Invariants:
 * - `messages` ascend by id and each is in it once.
 * - Between two neighbours nothing of the list is missing, unless the later one's id is in `gaps`.
 * - Loads never overlap: each waits for the one before, so that each cursor is the window's edge.
 */
import type { Cursor, Message, Page } from '../client/bindings/canister';
import { Order } from '../client/bindings/canister';
import { type Read, type Trust, UNPROVABLE } from '../client/read';

/** Fetches a page of the list: a method of the client with its first arguments fixed. */
export type Source = (cursor: Cursor) => Promise<Read<Page>>;

/** The direction of a load: towards the beginning of the list or towards its end. */
export type Direction = 'older' | 'newer';

export interface WindowOptions {
  /** Number of messages requested at once. A page may have fewer. */
  readonly pageSize: number;
  /** Maximum ciphertext bytes that are kept, without the last loaded page. */
  readonly maxBytes: number;
  /** Begin after this id (exclusive); 0: begin at an end of the list. */
  readonly after?: number;
}

export interface Loaded {
  /** Number of messages added at this end. */
  readonly added: number;
  /** Number of messages evicted at the other end. */
  readonly evicted: number;
}

export class MessageWindow {
  messages: Message[] = [];
  /** The ids of messages directly before which messages of the list were dropped. */
  readonly gaps = new Set<number>();
  /** Whether messages before the first one were dropped while the window was open. */
  droppedBefore = false;
  /** Whether there may be more messages at each end. False at the newer end can become true as messages arrive. */
  readonly more: Record<Direction, boolean> = { older: true, newer: true };
  /** All messages below this id have been dropped, as of the last page. */
  firstId = 0;

  /** The trust in the last loaded page. undefined: no page was loaded yet. */
  trust: Trust | undefined;

  readonly #trusts = new WeakMap<Message, Trust>();
  readonly #anchor: number;
  #bytes = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly source: Source,
    private readonly options: WindowOptions,
  ) {
    this.#anchor = options.after ?? 0;
  }

  get oldest(): number | undefined {
    return this.messages[0]?.id;
  }

  get newest(): number | undefined {
    return this.messages.at(-1)?.id;
  }

  /** The trust in a message of the window: that of its page. */
  trustOf(message: Message): Trust {
    return this.#trusts.get(message) ?? UNPROVABLE;
  }

  /** Loads one page at an end. If the source throws, the window is unchanged. */
  load(direction: Direction): Promise<Loaded> {
    const load = this.#queue.then(() => this.#load(direction));
    this.#queue = load.catch(() => {});
    return load;
  }

  async #load(direction: Direction): Promise<Loaded> {
    const edge = (direction === 'older' ? this.oldest : this.newest) ?? this.#anchor;
    const order = direction === 'older' ? Order.descending : Order.ascending;
    const { value: page, trust } = await this.source({ after: edge, order, limit: this.options.pageSize });

    this.trust = trust;
    for (const message of page.messages) this.#trusts.set(message, trust);
    this.firstId = page.first_id;
    this.more[direction] = page.next !== 0;
    // A load that starts at an end of the list has nothing beyond that end.
    if (edge === 0) this.more[direction === 'older' ? 'newer' : 'older'] = false;

    const incoming = direction === 'older' ? [...page.messages].reverse() : page.messages;
    this.#bytes += bytesOf(incoming);
    if (direction === 'older') {
      // Only the oldest messages are dropped, so nothing older is left.
      if (page.gap) this.droppedBefore = true;
      this.messages = [...incoming, ...this.messages];
    } else {
      const first = incoming[0];
      if (page.gap && first) this.gaps.add(first.id);
      this.messages = [...this.messages, ...incoming];
    }
    return { added: incoming.length, evicted: this.#evict(direction, incoming.length) };
  }

  /** Evicts messages at the end away from the load, but never those just loaded. */
  #evict(loaded: Direction, brought: number): number {
    const spare = this.messages.length - brought;
    let evicted = 0;
    while (this.#bytes > this.options.maxBytes && evicted < spare) {
      const at = loaded === 'older' ? this.messages.length - 1 - evicted : evicted;
      this.#bytes -= this.messages[at]?.ciphertext.length ?? 0;
      evicted += 1;
    }
    if (evicted > 0) {
      const kept = this.messages.length - evicted;
      this.messages = loaded === 'older' ? this.messages.slice(0, kept) : this.messages.slice(evicted);
      this.more[loaded === 'older' ? 'newer' : 'older'] = true;
      if (loaded === 'newer') this.droppedBefore = false;
    }
    return evicted;
  }
}

function bytesOf(messages: readonly Message[]): number {
  return messages.reduce((bytes, { ciphertext }) => bytes + ciphertext.length, 0);
}
