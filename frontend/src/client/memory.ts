/**
 * A reader's memory of keys between visits: the newest verified message, and the label that `claim` returned to the key's
 * owner. A later answer must continue it.
 *
 * One item of a storage contains the keys of a place, as JSON, the last changed one at the end:
 *
 *     [[key id in hex, { seen?: [epoch, id, rank, chain in hex, unix seconds], label?: hex }], …]
 *
 * At most {@link MAX_KEYS} are kept: about 250 bytes each. It is read again for each use, because other tabs write it too.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Hash, Seen } from '../proofs';

/** Maximum number of keys of one place. The one that has not changed for the longest time is forgotten first. */
export const MAX_KEYS = 1_000;

/** The methods of the browser's `localStorage` that are needed. */
export type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem'>;

/** The newest message seen, and the time of the first certificate that showed it, in unix seconds. */
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

  /** Forgets a key. */
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

  /** Malformed text counts as nothing: a person or an extension wrote it. */
  #read(): Map<string, Entry> {
    try {
      return new Map(JSON.parse(this.storage.getItem(this.#name) ?? '[]'));
    } catch {
      return new Map();
    }
  }

  /** If the storage is full, or the browser withholds it, nothing is stored. Every answer is verified all the same. */
  #write(entries: Map<string, Entry>): void {
    try {
      this.storage.setItem(this.#name, JSON.stringify([...entries].slice(-MAX_KEYS)));
    } catch {}
  }
}

/** A storage in memory only. */
export function forgetful(): Storage {
  const items = new Map<string, string>();
  return { getItem: (name) => items.get(name) ?? null, setItem: (name, value) => void items.set(name, value) };
}
