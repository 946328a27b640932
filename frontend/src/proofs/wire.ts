/** Reads the bytes of a proof. They are little-endian. Every count is bounded before anything is allocated for it. */
import { HASH_BYTES, type Hash } from './hash';
import type { Refuse } from './verdict';

/** The first byte of every proof. */
const VERSION = 1;

/** The reason why bytes are not a proof of this version. */
export type Malformed =
  /** The bytes end in the middle of a field. */
  | { readonly kind: 'truncated' }
  /** Bytes follow the proof. */
  | { readonly kind: 'trailing-bytes'; readonly count: number }
  /** A version that this release does not know. */
  | { readonly kind: 'version'; readonly found: number }
  /** A byte that stands for no case. */
  | { readonly kind: 'case'; readonly found: number }
  /** A number with more bytes than it needs, or with more than 32 bits. */
  | { readonly kind: 'number' }
  /** A count above its limit. */
  | { readonly kind: 'count'; readonly found: number; readonly max: number };

export type MalformedProof = { readonly kind: 'malformed'; readonly error: Malformed };

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #refuse: Refuse<MalformedProof>;
  #at = 0;

  /** Copies the bytes once. The hashes that it returns are views of the copy. */
  constructor(bytes: Uint8Array, refuse: Refuse<MalformedProof>) {
    this.#bytes = new Uint8Array(bytes);
    this.#view = new DataView(this.#bytes.buffer);
    this.#refuse = refuse;
  }

  /** Reads the version. It must be the one that this release knows. */
  version(): void {
    const found = this.u8();
    if (found !== VERSION) this.#malformed({ kind: 'version', found });
  }

  hash(): Hash {
    const at = this.#take(HASH_BYTES);
    return this.#bytes.subarray(at, at + HASH_BYTES);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** Reads a number in groups of 7 bits, the low ones first. It must have no superfluous byte. */
  number(): number {
    let number = 0;
    for (let unit = 1; unit <= 2 ** 28; unit *= 2 ** 7) {
      const byte = this.u8();
      number += (byte & 0x7f) * unit;
      if ((byte === 0 && unit > 1) || number > 0xffffffff) break;
      if (byte < 0x80) return number;
    }
    return this.#malformed({ kind: 'number' });
  }

  /** A count. */
  count(max: number): number {
    const found = this.u16();
    return found > max ? this.#malformed({ kind: 'count', found, max }) : found;
  }

  /** Reads a count, and this many items. */
  items<Item>(max: number, item: () => Item): Item[] {
    const count = this.count(max);
    const items: Item[] = [];
    while (items.length < count) items.push(item());
    return items;
  }

  /** Reads a byte, and the case with this number. */
  oneOf<Case>(...cases: readonly (() => Case)[]): Case {
    const found = this.u8();
    const read = cases[found];
    return read ? read() : this.noCase(found);
  }

  /** A case that no byte may stand for. */
  noCase(found: number): never {
    return this.#malformed({ kind: 'case', found });
  }

  /** Refuses bytes that are left. */
  done(): void {
    const count = this.#bytes.length - this.#at;
    if (count > 0) this.#malformed({ kind: 'trailing-bytes', count });
  }

  /** The position of the next bytes. */
  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) this.#malformed({ kind: 'truncated' });
    this.#at = at + count;
    return at;
  }

  #malformed(error: Malformed): never {
    return this.#refuse({ kind: 'malformed', error });
  }
}
