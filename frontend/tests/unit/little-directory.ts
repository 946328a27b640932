/**
 * A directory of one label with one key, or of none, in memory. It answers look-ups and pages of its history as the canister does. Its log has
 * one head; registration is open. The label's VRF proof is given.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import type { directoryInterface } from '../../src/client/bindings/directory';
import type { Trusted } from '../../src/directory';
import { concat, integer } from '../../src/directory/bytes';
import { type Entry, encodeEntry, entryHash, signedBytes } from '../../src/directory/entry';
import { sha256, ZERO } from '../../src/directory/hash';
import { encodeKey } from '../../src/directory/keys';
import { logLeaf } from '../../src/directory/log';
import { leafValue, mapRoot } from '../../src/directory/map';
import { verifyVrf } from '../../src/directory/vrf';
import { certifiedLeaf } from '../../src/proofs/certified';
import { certifiedState, type Signer } from './signer';

/** Versions that a proof shows at most. */
const MAX = 64;
const START = 1_795_000_000;
const SECOND = 1_000_000_000n;

type Pinned = Omit<Trusted, 'registrars' | 'quorum'>;
type Calls = Pick<directoryInterface, 'lookup' | 'get_history'>;

export class LittleDirectory implements Calls {
  /** Pages of the history have so many changes. */
  pageSize = 10;
  readonly #entries: Entry[] = [];
  readonly index: Uint8Array;
  readonly trusted: Trusted;

  constructor(
    pinned: Pinned,
    readonly canister: Uint8Array,
    private readonly network: Signer,
    private readonly vrf: Uint8Array,
    label: Uint8Array,
    private readonly secret: Uint8Array,
  ) {
    this.index = verifyVrf(pinned.vrfKey, label, vrf);
    this.trusted = { ...pinned, registrars: [], quorum: undefined };
  }

  /** The label's next entries. `mark` makes them others than those of another directory. */
  grow(versions: number, mark = 1): void {
    for (let left = versions; left > 0; left -= 1) {
      const last = this.#entries.at(-1);
      this.#entries.push({
        realm: this.trusted.realm,
        index: this.index,
        version: this.#entries.length,
        previous: last ? entryHash(last) : ZERO,
        kind: 'set',
        commitment: new Uint8Array(32).fill(mark),
        policy: { keys: [ed25519.getPublicKey(this.secret)], threshold: 1 },
        recovery: undefined,
      });
    }
  }

  async lookup({ history }: Parameters<Calls['lookup']>[0]): ReturnType<Calls['lookup']> {
    const newest = this.#entries.length - 1;
    const from = history.__kind__ === 'version' ? history.version : 0;
    // Version 0 always comes with its signatures.
    const alone = history.__kind__ === 'newest' || from > newest;
    const shown = alone && newest > 0 ? undefined : this.#entries.slice(alone ? 0 : from);
    if (shown && shown.length > MAX) {
      const HistoryTooLong = { versions: BigInt(shown.length), max: BigInt(MAX) };
      return { __kind__: 'Err', Err: { __kind__: 'HistoryTooLong', HistoryTooLong } };
    }
    const last = this.#entries.at(-1);
    const value = last ? leafValue(BigInt(newest), timeOf(last), entryHash(last)) : ZERO;
    const search = { result: last ? 'found' : 'missing' } as const;
    const root = mapRoot({ siblings: [ZERO], search }, this.index, value) as Uint8Array;
    const time = last ? timeOf(last) : BigInt(START) * SECOND;
    const head = concat(
      Uint8Array.of(1),
      ...[integer(8, 0), integer(8, time), root, ZERO, integer(8, 0), integer(4, 1), integer(8, 1)],
      this.trusted.configuration,
    );
    const proof = concat(
      ...[Uint8Array.of(1), this.vrf, head],
      // No edge, no cosignature, no consistency: the log is the head. The label is the tree's only one.
      ...[Uint8Array.of(0, 0, 0, 0), Uint8Array.of(last ? 0 : 2, 0, 1, 0)],
      ...(last ? this.#found(last, shown) : []),
    );
    const log = concat(integer(8, 1), logLeaf(head), integer(8, newest + 1), sha256());
    const data = certifiedLeaf('log', log);
    const seconds = START + this.#entries.length;
    const certificate = await this.network.certificate(certifiedState(this.canister, data, seconds));
    return { __kind__: 'Ok', Ok: { proof, certified: { log, certificate } } };
  }

  /** The part of a proof that shows the label's entries. */
  #found(last: Entry, shown: Entry[] | undefined): Uint8Array[] {
    // A newest entry alone comes without signatures: the map proves it.
    const updates = shown?.map((entry) => this.#update(entry)) ?? [concat(encodeEntry(last), Uint8Array.of(0, 0))];
    const times = (shown ?? [last]).map(timeOf);
    return [
      ...[integer(8, last.version), integer(1, updates.length)],
      ...updates.flatMap((update, at) => [integer(8, times[at] as bigint), update]),
      Uint8Array.of(0, 0, 0),
    ];
  }

  async get_history({ from, limit }: Parameters<Calls['get_history']>[0]): ReturnType<Calls['get_history']> {
    const page = this.#entries.slice(from, from + Math.min(limit, this.pageSize));
    return { __kind__: 'Ok', Ok: page.map((entry) => ({ time: timeOf(entry), update: this.#update(entry) })) };
  }

  #update(entry: Entry): Uint8Array {
    const [key] = entry.policy.keys as [Uint8Array];
    const signature = ed25519.sign(signedBytes(entry), this.secret);
    return concat(encodeEntry(entry), Uint8Array.of(1), encodeKey(key), signature, Uint8Array.of(0));
  }
}

const timeOf = ({ version }: Entry): bigint => BigInt(START + version) * SECOND;
