/**
 * Bounded reading. Every decoder must use all bytes of its structure, or it refuses them. So a value has only one encoding.
 * Integers are big-endian.
 */
import { DirectoryError } from './error';

/** Reads a structure from its first byte to its last. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  slice(field: string, length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new DirectoryError(`Decode/Truncated/${field}`);
    const taken = this.#bytes.slice(this.#at, end);
    this.#at = end;
    return taken;
  }

  u8(field: string): number {
    return this.slice(field, 1)[0] as number;
  }

  u16(field: string): number {
    return this.#view(field, 2).getUint16(0);
  }

  u32(field: string): number {
    return this.#view(field, 4).getUint32(0);
  }

  u64(field: string): bigint {
    return this.#view(field, 8).getBigUint64(0);
  }

  /** Reads one byte that must be `version`. */
  version(field: string, version: number): void {
    require(this.u8(field) === version, field);
  }

  /** Reads a length of two bytes, at most `limit`, and as many bytes. */
  long(field: string, limit: number): Uint8Array {
    const length = this.u16(field);
    require(length <= limit, field);
    return this.slice(field, length);
  }

  /** Reads a number of elements, at most `limit`, and the elements. */
  list<T>(field: string, limit: number, read: (reader: Reader) => T): T[] {
    const number = this.u8(field);
    require(number <= limit, field);
    return Array.from({ length: number }, () => read(this));
  }

  /** Reads 0, or 1 and an element. */
  optional<T>(field: string, read: (reader: Reader) => T): T | undefined {
    const present = this.u8(field);
    require(present <= 1, field);
    return present === 1 ? read(this) : undefined;
  }

  end(): void {
    if (this.#at < this.#bytes.length) throw new DirectoryError('Decode/Trailing');
  }

  #view(field: string, length: number): DataView {
    const { buffer, byteOffset } = this.slice(field, length);
    return new DataView(buffer, byteOffset, length);
  }
}

/** Throws unless the format allows the field's value. */
export function require(holds: boolean, field: string): void {
  if (!holds) throw invalid(field);
}

export const invalid = (field: string): DirectoryError => new DirectoryError(`Decode/Invalid/${field}`);

/** Decodes a structure that ends with the bytes. */
export function decodeAll<T>(bytes: Uint8Array, read: (reader: Reader) => T): T {
  const reader = new Reader(bytes);
  const value = read(reader);
  reader.end();
  return value;
}

export function integer(length: 1 | 2 | 4 | 8, value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes.subarray(8 - length);
}

const utf8 = new TextEncoder();

export const text = (value: string): Uint8Array => utf8.encode(value);

export { concatBytes as concat } from '@noble/hashes/utils.js';

export const equal = (a: Uint8Array, b: Uint8Array): boolean => compare(a, b) === 0;

/** Negative, 0 or positive, by the order of the first byte that differs. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Whether each element is below the next one. */
export const ascends = <T>(all: readonly T[], bytes: (one: T) => Uint8Array): boolean =>
  all.every((one, at) => at === 0 || compare(bytes(all[at - 1] as T), bytes(one)) < 0);
