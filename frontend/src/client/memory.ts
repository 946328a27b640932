/**
 * What a reader remembers of keys between visits: the newest message that was verified, and the label that `claim` told the
 * key's owner. A later answer must continue it.
 *
 * One item of a storage holds a place's keys, as JSON, the one changed last at the end:
 *
 *     [[key id in hex, { seen?: [epoch, id, rank, chain in hex, unix seconds], label?: hex }], …]
 *
 * At most {@link MAX_KEYS} are kept: about 250 bytes each. It is read anew each time, because other tabs write it too.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Hash, Seen } from '../proofs';

/** Keys remembered of one place. The one unchanged for longest is forgotten first. */
export const MAX_KEYS = 1_000;

/** The two methods of the browser's `localStorage` that are needed. */
export type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem'>;

/** What was seen, and the time of the first certificate that showed it, in unix seconds. */
export interface SeenAt {
  readonly seen: Seen;
  readonly asOf: number;
}

interface Entry {
  readonly seen?: readonly [epoch: string, id: number, rank: number, chain: string, asOf: number];
  readonly label?: string;
}

export class Memory {
  readonly #name: string;

  /** `place` names the canister and its network. */
  constructor(
    private readonly storage: Storage,
    place: string,
  ) {
    this.#name = `message-canister ${place}`;
  }

  seen(keyId: Uint8Array): SeenAt | undefined {
    const entry = this.#read().get(bytesToHex(keyId))?.seen;
    if (!entry) return undefined;
    const [epoch, id, rank, chain, asOf] = entry;
    return { seen: { epoch: BigInt(epoch), id, rank, chain: hexToBytes(chain) }, asOf };
  }

  label(keyId: Uint8Array): Hash | undefined {
    const label = this.#read().get(bytesToHex(keyId))?.label;
    return label === undefined ? undefined : hexToBytes(label);
  }

  saw(keyId: Uint8Array, { epoch, id, rank, chain }: Seen, asOf: number): void {
    this.#change(keyId, { seen: [String(epoch), id, rank, bytesToHex(chain), asOf] });
  }

  learned(keyId: Uint8Array, label: Hash): void {
    this.#change(keyId, { label: bytesToHex(label) });
  }

  /** Forgets all of a key. */
  forget(keyId: Uint8Array): void {
    const entries = this.#read();
    if (entries.delete(bytesToHex(keyId))) this.#write(entries);
  }

  #change(keyId: Uint8Array, changed: Entry): void {
    const entries = this.#read();
    const key = bytesToHex(keyId);
    const entry = { ...entries.get(key), ...changed };
    entries.delete(key);
    entries.set(key, entry);
    this.#write(entries);
  }

  /** Text of another form counts as nothing: a person or an extension wrote it. */
  #read(): Map<string, Entry> {
    try {
      return new Map(JSON.parse(this.storage.getItem(this.#name) ?? '[]'));
    } catch {
      return new Map();
    }
  }

  /** If the storage is full, or the browser withholds it, nothing is kept. Every answer is verified all the same. */
  #write(entries: Map<string, Entry>): void {
    try {
      this.storage.setItem(this.#name, JSON.stringify([...entries].slice(-MAX_KEYS)));
    } catch {}
  }
}

/** A storage for as long as the program runs. */
export function forgetful(): Storage {
  const items = new Map<string, string>();
  return { getItem: (name) => items.get(name) ?? null, setItem: (name, value) => void items.set(name, value) };
}
