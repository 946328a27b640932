/**
 * Checks answers against their proofs, proofs against certificates, and both against the memory of earlier answers.
 *
 *     certificate ──▶ certified data ──▶ proof ──▶ messages, heads ──▶ the answer's other fields
 *     (proofs/certificate.ts)            (proofs/verify.ts, heads.ts)  (here)
 *
 * Beside what the proof covers, a page's `first_id` is bounded by the certified one, `next` and `next_id` follow from the
 * chain where it shows them, and `gap` follows at the beginning, and behind an id in ascending order. The `min_id`, `count`,
 * `bytes`, `quota` and `full_since` of a head have no proof; the first two are bounded.
 */
import {
  type Certified,
  continuation,
  type Entry,
  type Head,
  type Key,
  newestOf,
  type Shown,
  type State,
  type VerifiedHeads,
  type VerifiedPage,
  verifyHeads,
  verifyPage,
} from '../proofs';
import { certificateRefusedWords, certifiedData } from '../proofs/certificate';
import { EMPTY, equal } from '../proofs/hash';
import { tooOld } from '../proofs/head';
import type { Found, Heads, KeyCursor, KeyHead, Message, Page, Proof } from './bindings/canister';
import { Order } from './bindings/canister';
import { Failure } from './failure';
import type { Memory } from './memory';
import { type Read, refuse, type Trust } from './read';

type Question = Pick<KeyCursor, 'start' | 'order'>;

export class Verifier {
  /** The canister's id as bytes, and the network's root key in DER. */
  constructor(
    private readonly canister: Uint8Array,
    private readonly rootKey: Uint8Array,
    private readonly memory: Memory,
  ) {}

  /** A page of a key. Its `next` is 0 if the proof shows that it is the last page. */
  async page(keyId: Uint8Array, question: Question, page: Page): Promise<Read<Page>> {
    const stray = page.messages.find((message) => !equal(message.key_id, keyId));
    if (stray) refuse({ kind: 'other-key', id: stray.id });
    const messages = question.order === Order.ascending ? page.messages : [...page.messages].reverse();
    const proved = await this.#messages(keyId, question, messages, page.proof);
    const { state, head, more } = proved;
    checkFirstId(page.first_id, state);
    const oldest = messages[0];
    if (oldest && page.first_id > oldest.id) refuse({ kind: 'answer', field: 'first_id' });
    const from = entry(question.start);
    const ascending = question.order === Order.ascending;
    if (from.kind === 'start' || (from.kind === 'after' && ascending)) {
      // The newest message before the page. An absent key may have had each message that was dropped.
      const before = oldest?.prev_id ?? head?.lastId ?? page.first_id;
      const gap = from.kind === 'after' && before > Math.max(from.id, head?.acknowledgedId ?? 0);
      if (page.gap !== gap) refuse({ kind: 'answer', field: 'gap' });
    }
    const last = page.messages.at(-1);
    if (more && page.next !== (last?.id ?? 0)) refuse({ kind: 'answer', field: 'next' });
    if (more && !last) refuse({ kind: 'answer', field: 'messages' });
    this.#continue(keyId, proved, messages.length, ascending, from);
    return { value: { ...page, next: more ? page.next : 0 }, trust: verified(proved) };
  }

  /** A message that was requested by its id. */
  async message(id: number, found: Found): Promise<Read<Found>> {
    const { message } = found;
    if (message.id !== id) refuse({ kind: 'other-message', asked: id, found: message.id });
    // No message has the id 0.
    const question: Question = { start: { __kind__: 'after', after: id - 1 }, order: Order.ascending };
    const proved = await this.#messages(message.key_id, question, [message], found.proof);
    checkFirstId(found.first_id, proved.state);
    this.#compare(message.key_id, proved);
    return { value: found, trust: verified(proved) };
  }

  /** The heads of keys, at least one. */
  async heads(keyIds: readonly Uint8Array[], { heads, first_id, proof }: Heads): Promise<Read<(KeyHead | null)[]>> {
    const { bytes, certified } = await this.#certified(proof);
    const keys = keyIds.map((keyId) => this.#key(keyId));
    const proved = verifyHeads(bytes, keys, certified);
    if (proved.kind === 'refused') return refuse({ kind: 'heads', why: proved.why });
    checkFirstId(first_id, proved.state);
    if (heads.length !== keyIds.length) refuse({ kind: 'answer', field: 'heads' });
    const now = Math.max(clock(), certified.time);
    for (const [at, said] of heads.entries()) {
      const head = proved.heads[at] ?? null;
      const field = falseField(said, head, proved.state, now);
      if (field) refuse({ kind: 'head', at, field });
      const known = head ? [{ rank: head.rank, id: head.lastId, chain: head.chain }] : [];
      this.#compare(keyIds[at] as Uint8Array, { ...proved, head, known });
    }
    return { value: heads, trust: verified(proved) };
  }

  /** Verifies messages, the oldest first, and that none is missing. */
  async #messages(keyId: Uint8Array, { start, order }: Question, messages: readonly Message[], proof?: Proof) {
    const [{ bytes, certified }, shown] = await Promise.all([this.#certified(proof), hashed(messages)]);
    const ascending = order === Order.ascending;
    const question = {
      key: this.#key(keyId),
      order: ascending ? 'ascending' : 'descending',
      entry: entry(start),
    } as const;
    const page = verifyPage(bytes, question, shown, certified, clock());
    if (page.kind === 'refused') return refuse({ kind: 'page', why: page.why });
    checkNextIds(messages, page);
    return page;
  }

  async #certified(proof: Proof | undefined): Promise<{ bytes: Uint8Array; certified: Certified }> {
    if (!proof) return refuse({ kind: 'no-proof' });
    const certified = await certifiedData(proof.certificate, this.canister, this.rootKey);
    if (certified.kind === 'certified') return { bytes: proof.bytes, certified };
    // A wrong clock is no lie.
    if (certified.why.kind === 'certificate-time') {
      throw new Failure('untrusted', `${certificateRefusedWords(certified.why)} Is the clock right?`, true);
    }
    return refuse({ kind: 'certificate', why: certified.why });
  }

  /** How a verified answer continues the memory of the key. undefined: nothing is remembered. */
  #compare(keyId: Uint8Array, now: Parameters<typeof continuation>[1] & { readonly asOf: number }) {
    const before = this.memory.seen(keyId);
    if (!before) return undefined;
    const how = continuation(before.seen, now);
    if (how.kind === 'broken') {
      const seconds = before.asOf - now.asOf;
      return refuse(seconds >= 0 ? { kind: 'behind', why: how.why, seconds } : { kind: 'seen', why: how.why });
    }
    return how.kind;
  }

  /** Compares a page with the memory of the key, and remembers its newest message. Single messages and heads are only compared. */
  #continue(keyId: Uint8Array, page: VerifiedPage, count: number, ascending: boolean, from: Entry): void {
    const how = this.#compare(keyId, page);
    const seen = this.memory.seen(keyId)?.seen;
    // A page before the message that was seen: in one epoch, a later page shows whether that message is the same.
    const before = how === 'unlinked' && ascending && count > 0 && seen && page.firstRank + count <= seen.rank;
    const restored = how === 'restored' || (before && page.state.epoch > seen.epoch);
    if (restored && ascending && from.kind === 'after') {
      throw new Failure('restored', 'The operator has restored an earlier state: start again at the beginning.', false);
    }
    const newest = newestOf(page);
    const same = newest && seen?.epoch === newest.epoch && equal(seen.chain, newest.chain);
    if (newest && !same && (!before || restored)) this.memory.saw(keyId, newest, page.asOf);
  }

  /** If the store's reads are open, the key id determines the label. */
  #key(id: Uint8Array): Key {
    const label = this.memory.label(id);
    return label ? { label } : { id };
  }
}

/** Each message with its hash, computed here. Every message that is read passes here, with or without a proof. */
export function hashed(messages: readonly Message[]): Promise<Shown[]> {
  return Promise.all(
    messages.map(async ({ id, prev_id, timestamp, ciphertext, hash }) => {
      const own = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(ciphertext)));
      if (!equal(own, hash)) refuse({ kind: 'message', id, field: 'hash' });
      return { id, prevId: prev_id, timestamp, len: ciphertext.length, hash: own };
    }),
  );
}

function verified({ asOf }: VerifiedPage | VerifiedHeads): Trust {
  return { kind: 'verified', asOf };
}

/** Unix seconds. */
function clock(): number {
  return Date.now() / 1000;
}

/** In descending order nothing lies behind 0, so 0 means the start, as in ascending order. */
function entry(start: KeyCursor['start']): Entry {
  switch (start.__kind__) {
    case 'beginning':
      return { kind: 'start' };
    case 'after':
      return start.after === 0 ? { kind: 'start' } : { kind: 'after', id: start.after };
    case 'time':
      return { kind: 'time', second: start.time };
    case 'rank':
      return { kind: 'rank', rank: start.rank };
  }
}

/** Checks that each message's `next_id` is the id of the message above it, as far as the proof shows this. */
function checkNextIds(messages: readonly Message[], { above }: VerifiedPage): void {
  const next = [...messages.slice(1).map(({ id }) => id), above];
  const wrong = messages.find(({ next_id }, at) => next[at] !== undefined && next_id !== next[at]);
  if (wrong) refuse({ kind: 'message', id: wrong.id, field: 'next_id' });
}

/**
 * The age limit raises `first_id` by the clock before the certified state does. A store with closed reads shows 0 to callers
 * who may not read all keys.
 */
function checkFirstId(said: number, state: State): void {
  const closed = equal(state.salt, EMPTY);
  const possible = said === 0 ? closed : state.maxAge === 0 ? said === state.firstId : said >= state.firstId;
  if (!possible) refuse({ kind: 'answer', field: 'first_id' });
}

/** The name of a head's first false field. `opt`: the answer denies a key that the store knows, or invents one. */
function falseField(said: KeyHead | null, head: Head | null, state: State, now: number): string | undefined {
  if (!said || !head) return said || head ? 'opt' : undefined;
  const gone = head.lastId < state.firstId || head.acknowledgedRank >= head.rank;
  // The node's clock may be behind ours: a message that is too old here may live there.
  const newest = said.max_id === 0 ? gone || tooOld(state, head.lastTime, now) : said.max_id === head.lastId && !gone;
  const live = Math.max(0, head.rank - head.acknowledgedRank);
  const empty = said.max_id === 0;
  const checks: readonly (readonly [field: string, isTrue: boolean])[] = [
    ['rank', said.rank === head.rank],
    ['acknowledged_id', said.acknowledged_id === head.acknowledgedId],
    ['max_id', newest],
    ['min_id', said.min_id <= said.max_id && (said.min_id === 0) === empty],
    ['count', said.count <= live && (said.count === 0) === empty],
  ];
  return checks.find(([, isTrue]) => !isTrue)?.[0];
}
