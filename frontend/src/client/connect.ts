/**
 * A typed client of one message canister.
 *
 *     const client = await connect({ canisterId, network: networkAt('https://icp-api.io')! });
 *     const { value, trust } = await client.pageByKey(keyId, { after: 0, order: Order.ascending, limit: 100 });
 *
 * Each method throws a {@link Failure} and nothing else. Answers to updates and {@link Client.moduleHash} are certified by the
 * subnet. A query is answered by one node. The agent checks the node's signature. If the canister has proofs for a query, the
 * client requests and checks them: each {@link Read} says whether it is verified. An answer that does not verify is a failure
 * of the kind `lie`. The status and {@link Client.hasMessages} are not verified: one node says so.
 */
import { type Identity, StatePaths } from '@icp-sdk/core/agent';
import { Principal } from '@icp-sdk/core/principal';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { equal } from '../proofs/hash';
import {
  type Added,
  type Cursor,
  createActor,
  type KeyCursor,
  type KeyHead,
  type KeySetting,
  type Message,
  type NewMessage,
  type OwnerProof,
  type Page,
  type Setting,
  type Start,
  type Status,
  type Stored,
} from './bindings/canister';
import { Failure } from './failure';
import type { Place } from './locate';
import { forgetful, Memory, type Storage } from './memory';
import { reach } from './reach';
import { type Read, refuse, UNPROVABLE } from './read';
import { refusal, take } from './sentences';
import { hashed, Verifier } from './verify';
import {
  ackErrorWords,
  acksErrorWords,
  addErrorWords,
  batchErrorWords,
  claimErrorWords,
  getErrorWords,
  keyErrorWords,
  lookupErrorWords,
  pageErrorWords,
  retryErrorWords,
  settingsErrorWords,
  statusErrorWords,
} from './words';

/** How often to ask again if a node lags behind, and the pause before. Another node may answer then. */
const AGAIN = 2;
const AGAIN_AFTER_MS = 500;

/** No principal is longer or has greater bytes. */
const LAST_PRINCIPAL = Principal.fromUint8Array(new Uint8Array(29).fill(0xff));

export interface Client {
  readonly place: Place;
  readonly principal: Principal;
  status(): Promise<Status>;
  message(id: number): Promise<Read<Message>>;
  /** The message is verified, but not that it is the newest with this hash. */
  messageByHash(hash: Uint8Array): Promise<Read<Message>>;
  /** `after` may be any id, not only one of the key's. */
  pageByKey(keyId: Uint8Array, cursor: Cursor): Promise<Read<Page>>;
  pageByRange(minId: number, maxId: number, cursor: Cursor): Promise<Read<Page>>;
  /** Unix seconds, both inclusive. */
  pageByTime(from: number, until: number, cursor: Cursor): Promise<Read<Page>>;
  /** null for a key that the store does not know. Verified but for `min_id`, `count`, `bytes`, `quota` and `full_since`. */
  keyHead(keyId: Uint8Array): Promise<Read<KeyHead | null>>;
  /** Safe to repeat with the same bytes: they are stored once, and `duplicate` is true from the second time on. */
  add(keyId: Uint8Array, ciphertext: Uint8Array): Promise<Added>;
  /** The head of each key, in the same order; null for a key that the store does not know. At most `limits.lookup_items` keys. */
  keyHeads(keyIds: readonly Uint8Array[]): Promise<Read<(KeyHead | null)[]>>;
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
   * Restarts a stopped rebuild from its first message. `rebuild_failure` in the status says why it stopped. Admins only.
   */
  retryRebuild(): Promise<void>;
  /**
   * Records the caller as the owner of a key, and learns its label. Where reads are closed, the key's reads verify only
   * with it.
   */
  claim(keyId: Uint8Array, proof: OwnerProof): Promise<void>;
  /** Changes settings of a key: its owner the send key, members whether it is kept, admins its owner and quota. */
  setKey(keyId: Uint8Array, settings: readonly KeySetting[]): Promise<void>;
  /**
   * Acknowledges all messages of the key through this id: the store need not keep them. Returns their number. The caller
   * must own the key.
   */
  acknowledge(keyId: Uint8Array, through: number): Promise<number>;
  /** Whether the caller is an admin of the store, as one node says. */
  isAdmin(): Promise<boolean>;
  /** Whether this client knows the label of a key. */
  knowsLabel(keyId: Uint8Array): boolean;
  /** Forgets the newest message seen of a key, and its label. The next answer is compared with nothing. */
  forget(keyId: Uint8Array): void;
  /** Certified SHA-256 of the installed module; null if no module is installed. */
  moduleHash(): Promise<Uint8Array | null>;
}

/**
 * Throws a {@link Failure} if the canister id is malformed or a local network's root key cannot be fetched. `storage` keeps the
 * newest message seen of each key: the browser's `localStorage`, or by default only this client's memory.
 */
export async function connect(place: Place, identity?: Identity, storage: Storage = forgetful()): Promise<Client> {
  const { canisterId } = place;
  const { agent, canister, rootKey, guarded } = await reach(place, identity);
  const actor = createActor(canisterId, { agent });
  const principal = await guarded(() => agent.getPrincipal());
  // A local network has new keys each time it starts, so memory of an earlier one does not apply.
  const memory = new Memory(storage, `${canisterId} ${bytesToHex(sha256(rootKey)).slice(0, 16)}`);
  const verifier = new Verifier(canister.toUint8Array(), rootKey, memory);
  const current = <T>(read: () => Promise<T>) => guarded(() => notBehind(read));
  const message = async (id: number): Promise<Read<Message>> => {
    const { value, trust } = await verifier.message(id, take(await actor.get_message_by_id(id, true), getErrorWords));
    return { value: masked(value.message, value.first_id), trust };
  };
  const keyHeads = async (keyIds: readonly Uint8Array[]): Promise<Read<(KeyHead | null)[]>> => {
    // Without keys there is no question and no proof.
    if (keyIds.length === 0) return { value: [], trust: UNPROVABLE };
    return verifier.heads(keyIds, take(await actor.get_key_heads([...keyIds], true), lookupErrorWords));
  };

  return {
    place,
    principal,
    status: () => guarded(async () => take(await actor.get_status(), statusErrorWords)),
    message: (id) => current(() => message(id)),
    messageByHash: (hash) =>
      current(async () => {
        const { id } = take(await actor.get_message_by_hash(hash), getErrorWords).message;
        const read = await message(id);
        if (!equal(read.value.hash, hash)) refuse({ kind: 'message', id, field: 'hash' });
        return read;
      }),
    pageByKey: (keyId, cursor) =>
      current(async () => {
        const question = ofKey(cursor);
        const page = take(await actor.get_messages_by_key(keyId, question), pageErrorWords);
        const { value, trust } = await verifier.page(keyId, question, page);
        return { value: maskedPage(value), trust };
      }),
    pageByRange: (minId, maxId, cursor) =>
      guarded(async () => oneNodes(take(await actor.get_messages_by_range(minId, maxId, cursor), pageErrorWords))),
    pageByTime: (from, until, cursor) =>
      guarded(async () => oneNodes(take(await actor.get_messages_by_time(from, until, cursor), pageErrorWords))),
    keyHead: (keyId) =>
      current(async () => {
        const { value, trust } = await keyHeads([keyId]);
        return { value: value[0] ?? null, trust };
      }),
    add: (keyId, ciphertext) => guarded(async () => take(await actor.add_message(keyId, ciphertext), addErrorWords)),
    keyHeads: (keyIds) => current(() => keyHeads(keyIds)),
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
    claim: (keyId, proof) =>
      guarded(async () => {
        const { label } = take(await actor.claim(keyId, proof), claimErrorWords);
        memory.learned(keyId, label);
      }),
    setKey: (keyId, settings) =>
      guarded(async () => {
        take(await actor.set_key(keyId, [...settings]), keyErrorWords);
      }),
    acknowledge: (keyId, through) =>
      guarded(async () => {
        const [answer] = take(await actor.acknowledge([{ key_id: keyId, through }]), acksErrorWords);
        if (!answer) throw new TypeError('the canister answered for no key');
        return take(answer, ackErrorWords).messages;
      }),
    // Only admins may list the roles. The list after this principal is empty.
    isAdmin: () => guarded(async () => (await actor.get_roles(LAST_PRINCIPAL)).__kind__ === 'Ok'),
    knowsLabel: (keyId) => memory.label(keyId) !== undefined,
    forget: (keyId) => memory.forget(keyId),
    moduleHash: () =>
      guarded(async () => {
        const path = StatePaths.canisterModuleHash(canister);
        return (await agent.readState({ canisterId: canister }, { paths: [path] })).values.get(path) ?? null;
      }),
  };
}

/** Asks again while an answer shows an older state than one seen before. */
async function notBehind<T>(read: () => Promise<T>): Promise<T> {
  for (let left = AGAIN; ; left -= 1) {
    try {
      return await read();
    } catch (error) {
      if (left === 0 || !(error instanceof Failure) || error.variant !== 'behind') throw error;
    }
    await new Promise((done) => setTimeout(done, AGAIN_AFTER_MS));
  }
}

/** The cursor of a key's pages that starts where another cursor does. */
function ofKey({ after, order, limit }: Cursor): KeyCursor {
  const start: Start = after === 0 ? { __kind__: 'beginning', beginning: null } : { __kind__: 'after', after };
  return { start, order, limit, prove: true };
}

/** Removes the link to a dropped message. The canister returns links as they were stored. */
function masked(message: Message, firstId: number): Message {
  return message.prev_id < firstId ? { ...message, prev_id: 0 } : message;
}

function maskedPage(page: Page): Page {
  return { ...page, messages: page.messages.map((message) => masked(message, page.first_id)) };
}

/** A page without a proof. Its hashes are checked all the same. */
async function oneNodes(page: Page): Promise<Read<Page>> {
  await hashed(page.messages);
  return { value: maskedPage(page), trust: UNPROVABLE };
}
