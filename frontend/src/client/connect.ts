/**
 * A typed client of one message canister.
 *
 *     const client = await connect({ canisterId, network: networkAt('https://icp-api.io')! });
 *     const page = await client.pageByKey(keyId, { after: 0, order: Order.ascending, limit: 100 });
 *
 * Each method throws a {@link Failure} and nothing else. Answers to queries come from one replica, whose signature the
 * agent checks against the network's keys; answers to updates and {@link Client.moduleHash} are certified by the subnet.
 */
import { HttpAgent, type Identity, StatePaths } from '@icp-sdk/core/agent';
import { Principal } from '@icp-sdk/core/principal';
import {
  type Added,
  type Cursor,
  createActor,
  type Found,
  type KeyCursor,
  type KeyHead,
  type Message,
  type NewMessage,
  type Page,
  type Setting,
  type Start,
  type Status,
  type Stored,
} from './bindings/canister';
import { Failure } from './failure';
import type { Place } from './locate';
import { failureOf } from './platform';
import {
  addErrorWords,
  batchErrorWords,
  getErrorWords,
  lookupErrorWords,
  pageErrorWords,
  refusal,
  retryErrorWords,
  settingsErrorWords,
  statusErrorWords,
  take,
} from './words';

/** Aborts a request after this time, which is longer than the 10 s for which a network may hold an update's answer. */
const REQUEST_TIMEOUT_MS = 30_000;

export interface Client {
  readonly place: Place;
  readonly principal: Principal;
  status(): Promise<Status>;
  message(id: number): Promise<Message>;
  messageByHash(hash: Uint8Array): Promise<Message>;
  /** `after` is any id, not only one of the key's. */
  pageByKey(keyId: Uint8Array, cursor: Cursor): Promise<Page>;
  pageByRange(minId: number, maxId: number, cursor: Cursor): Promise<Page>;
  /** Unix seconds, both inclusive. */
  pageByTime(from: number, until: number, cursor: Cursor): Promise<Page>;
  /** null for a key that the store does not know. */
  keyHead(keyId: Uint8Array): Promise<KeyHead | null>;
  /** Safe to repeat with the same bytes: they are stored once, and `duplicate` is true from the second time on. */
  add(keyId: Uint8Array, ciphertext: Uint8Array): Promise<Added>;
  /** The head of each key, in the same order; null for a key that the store does not know. At most `limits.lookup_items` keys. */
  keyHeads(keyIds: readonly Uint8Array[]): Promise<(KeyHead | null)[]>;
  /** The id of each pair of key id and ciphertext hash, in the same order; null where it is not stored. */
  hasMessages(stored: readonly Stored[]): Promise<(number | null)[]>;
  /**
   * Adds at most `limits.batch_messages` messages in one call, and answers for each, in the same order: some may be
   * refused while others are stored. Safe to repeat, as {@link Client.add} is.
   */
  addMany(messages: readonly NewMessage[]): Promise<(Added | Failure)[]>;
  /**
   * Replaces the settings that are named, if `version` is the one of the status. Returns the new version. Admins only.
   */
  setSettings(version: number, settings: readonly Setting[]): Promise<number>;
  /**
   * Starts a rebuild that has stopped again, from its first message. `rebuild_failure` in the status says why it stopped.
   * Admins only.
   */
  retryRebuild(): Promise<void>;
  /** Certified SHA-256 of the installed module; null if no module is installed. */
  moduleHash(): Promise<Uint8Array | null>;
}

/** Throws a {@link Failure} if the canister id is malformed or a local network's root key cannot be fetched. */
export async function connect(place: Place, identity?: Identity): Promise<Client> {
  const { canisterId, network, rootKey } = place;
  const canister = parseCanisterId(canisterId);
  const whereabouts = { canisterId, network: network.origin };
  const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw failureOf(error, whereabouts);
    }
  };

  const agent = await guarded(() =>
    HttpAgent.create({
      host: network.origin,
      fetch: (input, init) =>
        fetch(input, { ...init, credentials: 'omit', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }),
      ...(identity && { identity }),
      ...(network.kind === 'local' && (rootKey ? { rootKey } : { shouldFetchRootKey: true })),
      // The caller decides when to try again.
      retryTimes: 1,
    }),
  );
  const actor = createActor(canisterId, { agent });
  const principal = await guarded(() => agent.getPrincipal());

  return {
    place,
    principal,
    status: () => guarded(async () => take(await actor.get_status(), statusErrorWords)),
    message: (id) => guarded(async () => masked(take(await actor.get_message_by_id(id, null), getErrorWords))),
    messageByHash: (hash) => guarded(async () => masked(take(await actor.get_message_by_hash(hash), getErrorWords))),
    pageByKey: (keyId, cursor) =>
      guarded(async () => maskedPage(take(await actor.get_messages_by_key(keyId, ofKey(cursor)), pageErrorWords))),
    pageByRange: (minId, maxId, cursor) =>
      guarded(async () => maskedPage(take(await actor.get_messages_by_range(minId, maxId, cursor), pageErrorWords))),
    pageByTime: (from, until, cursor) =>
      guarded(async () => maskedPage(take(await actor.get_messages_by_time(from, until, cursor), pageErrorWords))),
    keyHead: (keyId) =>
      guarded(async () => take(await actor.get_key_heads([keyId], null), lookupErrorWords).heads[0] ?? null),
    add: (keyId, ciphertext) => guarded(async () => take(await actor.add_message(keyId, ciphertext), addErrorWords)),
    keyHeads: (keyIds) =>
      guarded(async () => take(await actor.get_key_heads([...keyIds], null), lookupErrorWords).heads),
    hasMessages: (stored) => guarded(async () => take(await actor.has_messages([...stored]), lookupErrorWords)),
    addMany: (messages) =>
      guarded(async () =>
        take(await actor.add_messages([...messages]), batchErrorWords).map((answer) =>
          answer.__kind__ === 'Ok' ? answer.Ok : refusal(answer.Err, addErrorWords),
        ),
      ),
    setSettings: (version, settings) =>
      guarded(async () => take(await actor.set_settings(version, [...settings]), settingsErrorWords)),
    retryRebuild: () =>
      guarded(async () => {
        take(await actor.retry_rebuild(), retryErrorWords);
      }),
    moduleHash: () =>
      guarded(async () => {
        const path = StatePaths.canisterModuleHash(canister);
        return (await agent.readState({ canisterId: canister }, { paths: [path] })).values.get(path) ?? null;
      }),
  };
}

/** The cursor of a key's pages that starts where another cursor does. */
function ofKey({ after, order, limit }: Cursor): KeyCursor {
  const start: Start = after === 0 ? { __kind__: 'beginning', beginning: null } : { __kind__: 'after', after };
  return { start, order, limit, prove: false };
}

/** The message without a link to what has been dropped; the canister answers links as they were stored. */
function masked({ message, first_id }: Found): Message {
  return message.prev_id < first_id ? { ...message, prev_id: 0 } : message;
}

function maskedPage(page: Page): Page {
  return { ...page, messages: page.messages.map((message) => masked({ message, first_id: page.first_id })) };
}

function parseCanisterId(text: string): Principal {
  try {
    return Principal.fromText(text);
  } catch {
    throw new Failure('input', `"${text}" is not a canister id.`, false);
  }
}
