/** A store of one key in open reads, which answers with proofs: hashes and bytes as docs/proofs.md says, nothing more. */
import { createHash } from 'node:crypto';
import type { Heads, KeyHead, Message, Page } from '../../src/client/bindings/canister';
import type { Head, State } from '../../src/proofs';
import { certifiedDataOf } from '../../src/proofs/certified';
import { chainOf } from '../../src/proofs/chain';
import { entryHash, label } from '../../src/proofs/hash';
import { headValue, rootOf } from '../../src/proofs/head';
import { certifiedState, type Signer } from './signer';

const UNLIMITED = { __kind__: 'unlimited', unlimited: null } as const;
const SALT = new Uint8Array(32).fill(0x5a);

export class LittleStore {
  readonly messages: Message[] = [];
  readonly #chains: Uint8Array[];
  acknowledged = 0;

  constructor(
    private readonly signer: Signer,
    private readonly canister: Uint8Array,
    readonly keyId: Uint8Array,
    private readonly epoch = 1n,
  ) {
    this.#chains = [label(SALT, keyId)];
  }

  add(text: string, timestamp: number): void {
    const ciphertext = new TextEncoder().encode(text);
    const last = this.messages.at(-1);
    const id = (last?.id ?? 0) + 1;
    const hash = new Uint8Array(createHash('sha256').update(ciphertext).digest());
    const message = { id, timestamp, key_id: this.keyId, prev_id: last?.id ?? 0, next_id: 0, hash, ciphertext };
    if (last) last.next_id = id;
    this.messages.push(message);
    const prev = this.#chains.at(-1) as Uint8Array;
    const fields = { hash, id, prevId: message.prev_id, timestamp, len: ciphertext.length, rank: id };
    this.#chains.push(chainOf(fields, { prev, jump: prev }));
  }

  /** All messages behind an id, in ascending order, as of a time. */
  async page(after: number, time: number): Promise<Page> {
    const messages = this.messages.slice(after).map((message) => ({ ...message }));
    const below = messages.length > 0 ? [u8(1), this.#chains[after] as Uint8Array] : [u8(0)];
    const body = [
      u16(0),
      u32(messages.length > 0 ? after + 1 : 0),
      u16(messages.length),
      jumpsToThePrevious(messages.length),
      ...below,
    ];
    const proof = await this.#proof([this.#witness(), ...body], time);
    return { messages, next: 0, first_id: 1, gap: false, proof };
  }

  /** The key's head, as of a time. */
  async heads(time: number): Promise<Heads> {
    const { lastId: max_id, rank } = this.#head;
    const count = rank - this.acknowledged;
    const min_id = count > 0 ? this.acknowledged + 1 : 0;
    const head: KeyHead = {
      ...{ min_id, max_id: count > 0 ? max_id : 0, count, rank, bytes: 10n },
      ...{ acknowledged_id: this.acknowledged, quota: { messages: UNLIMITED, bytes: UNLIMITED }, full_since: 0 },
    };
    return { heads: [head], first_id: 1, proof: await this.#proof([u16(1), this.#witness()], time) };
  }

  get #head(): Head {
    const last = this.messages.at(-1) as Message;
    return {
      ...{ lastId: last.id, lastTime: last.timestamp, rank: last.id, chain: this.#chains.at(-1) as Uint8Array },
      ...{ acknowledgedId: this.acknowledged, acknowledgedRank: this.acknowledged },
    };
  }

  #witness(): number[] {
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
    const state: State = { epoch: this.epoch, firstId: 1, maxAge: 0, layout: 2, salt: SALT };
    const root = rootOf(state, entryHash(label(SALT, this.keyId), headValue(this.#head)));
    const certificate = await this.signer.certificate(certifiedState(this.canister, certifiedDataOf(root), time));
    const head = [u8(1), u32(Number(this.epoch)), u32(0), u32(1), u32(0), u32(2), SALT];
    return { certificate, bytes: Uint8Array.from(joined([...head, ...body])) };
  }
}

type Bytes = Uint8Array | number[];
const joined = (parts: Bytes[]): number[] => parts.flatMap((part) => [...part]);
/** Half a byte for each message. */
const jumpsToThePrevious = (count: number): number[] => [
  ...Array.from({ length: count >> 1 }, () => 0x11),
  ...(count % 2 === 1 ? [0x01] : []),
];
const u8 = (value: number): number[] => [value];
const u16 = (value: number): number[] => [value & 255, value >> 8];
const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];
