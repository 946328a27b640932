/** The data of the messages view: a list through a window, or one message. */
import { computed, effect, signal } from '@preact/signals';
import { type Client, Failure, type KeyHead, type Message, Poller, type Read } from '../../client';
import { type Direction, MessageWindow, type Source } from '../../paging';
import { fromHex, parseU32 } from '../format';
import { fragment, type ListOrder, type Query, queryOf, viewOf } from './route';
import { client, connected, placeName, status, whenBack } from './session';

export const DEFAULT_PAGE_SIZE = 100;
const U32_MAX = 0xffff_ffff;
const WINDOW_BYTES = 64_000_000;
const FOLLOW_INTERVAL_MS = 3000;
/** Maximum number of pages loaded by one look for new messages. */
const FOLLOW_PAGES = 20;

export interface List {
  readonly window: MessageWindow;
  readonly order: ListOrder;
  /** The newest id of the list, without its message. */
  readonly newest: () => Promise<number>;
  /** The key of a key's list. */
  readonly keyId: Uint8Array | undefined;
}

export const list = signal<List | undefined>(undefined);
/** The head of the list's key. */
export const head = signal<Read<KeyHead | null> | undefined>(undefined);
export const found = signal<Read<Message> | undefined>(undefined);
export const busy = signal(false);
export const problem = signal<Failure | undefined>(undefined);
export const follow = signal(false);
/** Incremented when the window, which is mutable, changes. */
export const listVersion = signal(0);
/** Number of rows that the last load added at the top. The view uses it to stay in place. */
export const shift = signal({ rows: 0 });

function number(text: string, name: string, whenEmpty?: number): number {
  if (text.trim() === '' && whenEmpty !== undefined) return whenEmpty;
  const value = parseU32(text);
  if (value === undefined) {
    throw new Failure('input', `${name} must be a whole number from 0 to 4,294,967,295, not "${text}".`, false);
  }
  return value;
}

function bytes(text: string, name: string): Uint8Array {
  const value = fromHex(text);
  if (!value) throw new Failure('input', `${name} must be in hex, two digits a byte, not "${text}".`, false);
  return value;
}

type ListQuery = Extract<Query, { order: ListOrder }>;

function makeList(of: Client, query: ListQuery): List {
  const { order } = query;
  const last = async () => ((status.value ?? (await of.status())).store?.next_id ?? 1) - 1;
  const from = query.by === 'key' ? undefined : query.from;
  const until = query.by === 'key' ? undefined : query.until;
  let source: Source;
  let newest = last;
  const keyId = query.by === 'key' ? bytes(query.key, 'The key id') : undefined;
  if (keyId) {
    source = (cursor) => of.pageByKey(keyId, cursor);
    newest = async () => {
      const read = await of.keyHead(keyId);
      if (list.value?.keyId === keyId) head.value = read;
      return read.value?.max_id ?? 0;
    };
  } else if (query.by === 'range') {
    const [min, max] = [number(from ?? '', 'The first id', 1), number(until ?? '', 'The last id', U32_MAX)];
    source = (cursor) => of.pageByRange(min, max, cursor);
    newest = async () => Math.min(max, await last());
  } else {
    const [min, max] = [number(from ?? '', 'The time from', 0), number(until ?? '', 'The time until', U32_MAX)];
    source = (cursor) => of.pageByTime(min, max, cursor);
  }
  const options = {
    pageSize: number(query.limit, 'The page size', DEFAULT_PAGE_SIZE),
    maxBytes: WINDOW_BYTES,
    after: number(query.after, 'The id to continue after', 0),
  };
  return { window: new MessageWindow(source, options), order, newest, keyId };
}

/** The end of the list that is further down on the screen. */
export function downwards(order: ListOrder): Direction {
  return order === 'newest' ? 'older' : 'newer';
}

async function guarded(work: () => Promise<void>): Promise<void> {
  busy.value = true;
  try {
    await work();
    problem.value = undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    problem.value = error;
  } finally {
    busy.value = false;
  }
}

async function loadInto(target: List, direction: Direction): Promise<void> {
  const { added, evicted } = await target.window.load(direction);
  if (target !== list.value) return;
  const onTop = direction === downwards(target.order) ? -evicted : added;
  shift.value = { rows: onTop };
  listVersion.value += 1;
}

/** Loads one more page at an end of the list. A failure is put into {@link problem}. */
export function load(direction: Direction): Promise<void> {
  return guarded(async () => {
    if (list.value) await loadInto(list.value, direction);
  });
}

/** Runs the query of the current address. */
export function run(): Promise<void> {
  const query = queryOf(fragment.peek());
  list.value = undefined;
  head.value = undefined;
  found.value = undefined;
  problem.value = undefined;
  if (!query) return Promise.resolve();
  return guarded(async () => {
    const of = await connected();
    // The address may change while the canister answers.
    const current = () => fragment.peek().toString() === asked;
    const asked = fragment.peek().toString();
    if (query.by === 'id') {
      const message = await of.message(number(query.id, 'The id'));
      if (current()) found.value = message;
    } else if (query.by === 'hash') {
      const message = await of.messageByHash(bytes(query.hash, 'The hash'));
      if (current()) found.value = message;
    } else {
      const made = makeList(of, query);
      const [keyHead] = await Promise.all([
        made.keyId && of.keyHead(made.keyId),
        made.window.load(downwards(made.order)),
      ]);
      if (current()) {
        list.value = made;
        head.value = keyHead;
        listVersion.value += 1;
      }
    }
  });
}

const followPoller = new Poller(
  async () => {
    const target = list.value;
    if (!target) return;
    const newest = await target.newest();
    for (let pages = 0; pages < FOLLOW_PAGES && newest > (target.window.newest ?? 0); pages += 1) {
      const before = target.window.newest;
      await loadInto(target, 'newer');
      if (target !== list.value || target.window.newest === before) break;
    }
    problem.value = undefined;
  },
  { intervalMs: FOLLOW_INTERVAL_MS },
  (state) => {
    if (state.phase !== 'failed') return;
    const failure = state.error as Failure;
    problem.value = failure;
    // If a node lags behind, the page asks again. After any other lie it waits for a person's decision.
    if (failure.kind === 'lie' && !failure.transient) follow.value = false;
  },
);

/** The key of the current query, in bytes. undefined: the query is not about a key. */
export const seenKey = computed(() => {
  const query = queryOf(fragment.value);
  return query?.by === 'key' ? fromHex(query.key) : undefined;
});

/** Whether the answer contradicts this browser's memory of the key: the newest message seen, or perhaps its label. */
export function contradictsSeen({ variant }: Failure): boolean {
  const key = seenKey.value;
  if (!key) return false;
  if (variant === 'seen' || variant === 'behind') return true;
  // A canister that was installed again has other labels.
  return (variant === 'page' || variant === 'heads') && client.value?.knowsLabel(key) === true;
}

/** Forgets this browser's memory of the key, and asks again. The answer is compared with nothing. */
export async function forgetSeen(): Promise<void> {
  const key = seenKey.value;
  if (key) (await connected()).forget(key);
  await run();
}

/** Following begins at the newest message. If the window does not reach it, a new window opens there. */
async function jumpToNewest(): Promise<void> {
  const target = list.value;
  if (!target?.window.more.newer) return;
  const query = queryOf(fragment.peek());
  if (!query || !('order' in query)) return;
  await guarded(async () => {
    const made = makeList(await connected(), { ...query, after: '' });
    await made.window.load('older');
    list.value = made;
    listVersion.value += 1;
  });
}

export function startBrowsing(): void {
  let shown = '';
  effect(() => {
    const { value } = fragment;
    // Without a place there is no canister to ask. A person may have to agree to it first.
    if (viewOf(value) !== 'messages' || placeName.value === undefined) return;
    const now = `${placeName.value} ${value}`;
    if (now !== shown) {
      shown = now;
      follow.value = false;
      void run();
    }
  });
  effect(() => {
    if (follow.value) {
      void jumpToNewest().then(() => {
        if (follow.peek()) followPoller.start();
      });
    } else {
      followPoller.pause();
    }
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) followPoller.pause();
    else if (follow.value) followPoller.start();
  });
  whenBack(() => {
    if (follow.value) followPoller.poke();
    else if (problem.value?.kind === 'away') void run();
  });
}
