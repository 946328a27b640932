/**
 * A reader's memory of a directory between visits: the last verified log, and the pins with which it was verified. A later
 * answer must continue the log under the same pins.
 *
 * One item of a storage contains it, as JSON:
 *
 *     { vrfKey: hex, configuration: hex, size: decimal, root: hex, ratified: decimal }
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Memory, Trusted } from '../directory';
import { equal } from '../proofs/hash';
import type { Storage } from './memory';

/** The pins of a successful look-up, and its memory. */
export interface Remembered {
  readonly pins: Pick<Trusted, 'vrfKey' | 'configuration'>;
  readonly memory: Memory;
}

export class DirectoryMemory {
  readonly #name: string;

  /** `place` names the canister and its network. */
  constructor(
    private readonly storage: Storage,
    place: string,
  ) {
    this.#name = `directory ${place}`;
  }

  /** `undefined`: nothing is stored. Malformed text counts as nothing: a person or an extension wrote it. */
  read(): Remembered | undefined {
    try {
      const item = JSON.parse(this.storage.getItem(this.#name) ?? 'null');
      if (!item) return undefined;
      const [vrfKey, configuration] = [hexToBytes(item.vrfKey), hexToBytes(item.configuration)];
      const log = { size: BigInt(item.size), root: hexToBytes(item.root) };
      return { pins: { vrfKey, configuration }, memory: { log, ratified: BigInt(item.ratified) } };
    } catch {
      return undefined;
    }
  }

  /**
   * Stores the memory, unless another tab has stored a larger log. If the storage is full, or the browser withholds it, nothing
   * is stored. Every answer is verified all the same.
   */
  write({ pins, memory: { log, ratified } }: Remembered): void {
    const before = this.read();
    if (before && samePins(before.pins, pins) && before.memory.log.size > log.size) return;
    const item = {
      vrfKey: bytesToHex(pins.vrfKey),
      configuration: bytesToHex(pins.configuration),
      size: String(log.size),
      root: bytesToHex(log.root),
      ratified: String(ratified),
    };
    this.#set(JSON.stringify(item));
  }

  forget(): void {
    this.#set('null');
  }

  #set(item: string): void {
    try {
      this.storage.setItem(this.#name, item);
    } catch {}
  }
}

/** Whether the directory has the same keys as before. */
export const samePins = (a: Remembered['pins'], b: Remembered['pins']): boolean =>
  equal(a.vrfKey, b.vrfKey) && equal(a.configuration, b.configuration);
