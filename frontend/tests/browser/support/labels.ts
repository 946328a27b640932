/** Labels of the directory, registered and changed as their owner's program would: with one key, and without a registrar. */
import { ed25519 } from '@noble/curves/ed25519.js';
import {
  connectDirectory,
  type DirectoryClient,
  Failure,
  type LookedUp,
  networkAt,
  pin,
  published,
} from '../../../src/client';
import { type Entry, nameLabel } from '../../../src/directory';
import { concat } from '../../../src/directory/bytes';
import { encodeEntry, entryHash, signedBytes } from '../../../src/directory/entry';
import { encodeKey } from '../../../src/directory/keys';
import { commit } from '../../../src/directory/label';
import type { LocalNetwork } from './network';

const ZERO = new Uint8Array(32);

export const keyOf = (secret: Uint8Array): Uint8Array => ed25519.getPublicKey(secret);

export class Owner {
  private constructor(
    private readonly directory: DirectoryClient,
    private readonly realm: Uint8Array,
  ) {}

  /** At once after the start the directory waits for its VRF key. */
  static async of({ origin, directoryId: canisterId }: LocalNetwork): Promise<Owner> {
    const network = networkAt(origin);
    if (!network) throw new Error(`${origin} is no network`);
    const place = { canisterId, network };
    const trusted = pin(canisterId, await patiently(() => published(place)), [], 3_600n);
    return new Owner(await connectDirectory(place, trusted), trusted.realm);
  }

  /** Sets a name's only key, and a profile with one device and bytes of an application; `before`: the key that it has. Waits for the epoch. */
  async set(name: string, secret: Uint8Array, application: string, before?: Uint8Array): Promise<void> {
    const label = nameLabel(name);
    const { index, state } = await patiently(() => this.directory.lookup(label));
    const version = state ? state.entry.version + 1 : 0;
    const device = concat(encodeKey(keyOf(secret)), keyOf(secret));
    const length = Uint8Array.of(0, application.length);
    const profile = concat(Uint8Array.of(1, 1), device, length, new TextEncoder().encode(application));
    const opening = crypto.getRandomValues(new Uint8Array(16));
    const entry: Entry = {
      realm: this.realm,
      index,
      version,
      previous: state ? entryHash(state.entry) : ZERO,
      kind: 'set',
      commitment: commit(opening, label, version, profile),
      policy: { keys: [keyOf(secret)], threshold: 1 },
      recovery: undefined,
    };
    const signatures = (before ? [before, secret] : [secret])
      .map((each) => concat(encodeKey(keyOf(each)), ed25519.sign(signedBytes(entry), each)))
      .sort(Buffer.compare);
    const update = concat(encodeEntry(entry), Uint8Array.of(signatures.length), ...signatures, Uint8Array.of(0));
    await patiently(() => this.directory.update({ label, update, opened: { opening, profile } }));
    await patiently(async () => {
      const found: LookedUp = await this.directory.lookup(label);
      if (found.state?.entry.version !== version) throw new Failure('refused', 'The epoch is open.', true);
    });
  }
}

/** Tries again while what fails may succeed later. The test's own limit of time ends it. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure) || !error.transient) throw error;
      await new Promise((done) => setTimeout(done, 250));
    }
  }
}
