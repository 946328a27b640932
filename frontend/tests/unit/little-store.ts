/** A store of one key in open reads, which answers with proofs: hashes and bytes as docs/proofs.md says, nothing more. */
import { createHash } from 'node:crypto';
import type { Heads, KeyHead, Message, Page } from '../../src/client/bindings/canister';
import type { Head, State } from '../../src/proofs';
import { certifiedDataOf } from '../../src/proofs/certified';
import { chainOf, type Fields, type Links } from '../../src/proofs/chain';
import { EMPTY, entryHash, label } from '../../src/proofs/hash';
import { headValue, rootOf } from '../../src/proofs/head';
import { certifiedState, type Signer } from './signer';

const UNLIMITED = { __kind__: 'unlimited', unlimited: null } as const;
const SALT = new Uint8Array(32).fill(0x5a);

export class LittleStore {
  readonly messages: Message[] = [];
  /** The label, then the chain value of each rank. */
  readonly #chains: Uint8Array[];
  /** The rank to which the message of each rank jumps. */
  readonly #jumps: number[] = [0];
  /** All messages through this id are acknowledged. */
  acknowledged = 0;
  /** All messages below this id are dropped. */
  firstId = 1;

  constructor(
    private readonly signer: Signer,
    private readonly canister: Uint8Array,
    readonly keyId: Uint8Array,
    private readonly epoch = 1n,
  ) {
    this.#chains = [label(SALT, keyId)];
  }

  /** A message jumps to the one before it, or to a lower rank. */
  add(text: string, timestamp: number, id = (this.messages.at(-1)?.id ?? 0) + 1, jump = this.messages.length): void {
    const ciphertext = new TextEncoder().encode(text);
    const last = this.messages.at(-1);
    const hash = new Uint8Array(createHash('sha256').update(ciphertext).digest());
    const message = { id, timestamp, key_id: this.keyId, prev_id: last?.id ?? 0, next_id: 0, hash, ciphertext };
    if (last) last.next_id = id;
    this.messages.push(message);
    this.#jumps.push(jump);
    this.#chains.push(chainOf(this.#fields(this.messages.length), this.#links(this.messages.length)));
  }

  /** Messages behind an id, in ascending order, as of a time. */
  async page(after: number, time: number, limit = this.messages.length): Promise<Page> {
    const below = this.#through(Math.max(after, this.acknowledged, this.firstId - 1));
    const messages = this.messages.slice(below, below + limit).map((message) => ({ ...message }));
    const ranks = messages.map((_, at) => below + 1 + at);
    const steps = messages.length > 0 ? this.#steps(below + messages.length) : [];
    const proof = await this.#proof(
      [
        this.#witness(),
        u16(steps.length),
        ...steps,
        u32(ranks[0] ?? 0),
        u16(ranks.length),
        halves(ranks.map((rank) => (this.#jumps[rank] === rank - 1 ? 1 : 0))),
        ...ranks.filter((rank) => this.#jumps[rank] !== rank - 1).map((rank) => this.#links(rank).jump),
        ...(messages.length > 0 ? [u8(1), this.#chain(below)] : [u8(0)]),
      ],
      time,
    );
    const before = messages[0]?.prev_id ?? this.messages.at(-1)?.id ?? this.firstId;
    const gap = after > 0 && before > Math.max(after, this.acknowledged);
    return { messages, next: steps.length > 0 ? (messages.at(-1)?.id ?? 0) : 0, first_id: this.firstId, gap, proof };
  }

  /** The key's head, as of a time. */
  async heads(time: number): Promise<Heads> {
    const live = this.messages.filter(({ id }) => id > this.acknowledged && id >= this.firstId);
    const head: KeyHead = {
      ...{ min_id: live[0]?.id ?? 0, max_id: live.at(-1)?.id ?? 0, count: live.length, bytes: 10n },
      ...{ rank: this.#head.rank, acknowledged_id: this.acknowledged, full_since: 0 },
      quota: { messages: UNLIMITED, bytes: UNLIMITED },
    };
    return { heads: [head], first_id: this.firstId, proof: await this.#proof([u16(1), this.#witness()], time) };
  }

  /** The number of messages through this id. */
  #through(id: number): number {
    return this.messages.filter((message) => message.id <= id).length;
  }

  #chain(rank: number): Uint8Array {
    return this.#chains[rank] as Uint8Array;
  }

  #links(rank: number): Links {
    return { prev: this.#chain(rank - 1), jump: this.#chain(this.#jumps[rank] as number) };
  }

  #fields(rank: number): Fields {
    const { hash, id, prev_id: prevId, timestamp, ciphertext } = this.messages[rank - 1] as Message;
    return { hash: new Uint8Array(hash), id, prevId, timestamp, len: ciphertext.length, rank };
  }

  /** The steps from the newest message down to a rank. */
  #steps(target: number): Bytes[] {
    const steps: Bytes[] = [];
    let above = this.#fields(this.messages.length);
    for (let rank = above.rank; rank > target; ) {
      const [{ prev, jump }, fields, to] = [this.#links(rank), this.#fields(rank), this.#jumps[rank] as number];
      const jumps = to >= target && to < rank - 1;
      const numbers = [
        above.id - fields.id,
        above.timestamp - fields.timestamp,
        above.rank - fields.rank,
        fields.id - fields.prevId,
        fields.len,
      ];
      steps.push(joined([u8(jumps ? 1 : 0), jumps ? prev : jump, fields.hash, ...numbers.map(number)]));
      above = fields;
      rank = jumps ? to : rank - 1;
    }
    return steps;
  }

  get #head(): Head {
    const { id, timestamp, rank } = this.#fields(this.messages.length);
    return {
      ...{ lastId: id, lastTime: timestamp, rank, chain: this.#chain(rank) },
      ...{ acknowledgedId: this.acknowledged, acknowledgedRank: this.#through(this.acknowledged) },
    };
  }

  /** Without messages, the key is not there. */
  #witness(): number[] {
    if (this.messages.length === 0) return [...u16(0), ...u8(2)];
    const { lastId, lastTime, rank, chain, acknowledgedId, acknowledgedRank } = this.#head;
    return joined([
      u16(0),
      u8(0),
      u32(lastId),
      u32(lastTime),
      u32(rank),
      chain,
      u32(acknowledgedId),
      u32(acknowledgedRank),
    ]);
  }

  async #proof(body: Bytes[], time: number) {
    const state: State = { epoch: this.epoch, firstId: this.firstId, maxAge: 0, layout: 2, salt: SALT };
    const trie = this.messages.length > 0 ? entryHash(label(SALT, this.keyId), headValue(this.#head)) : EMPTY;
    const root = rootOf(state, trie);
    const certificate = await this.signer.certificate(certifiedState(this.canister, certifiedDataOf(root), time));
    const head = [u8(1), u32(Number(this.epoch)), u32(0), u32(this.firstId), u32(0), u32(2), SALT];
    return { certificate, bytes: Uint8Array.from(joined([...head, ...body])) };
  }
}

type Bytes = Uint8Array | number[];
const joined = (parts: Bytes[]): number[] => parts.flatMap((part) => [...part]);
/** Half a byte each, the low half first. */
const halves = (codes: number[]): number[] =>
  codes.flatMap((code, at) => (at % 2 === 0 ? [code | ((codes[at + 1] ?? 0) << 4)] : []));
/** 7 bits in each byte, the low ones first. */
const number = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...number(value >>> 7)]);
const u8 = (value: number): number[] => [value];
const u16 = (value: number): number[] => [value & 255, value >> 8];
const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];
