/** Labels of the directory, registered and changed as their owner's program would, with one key. */
import { ed25519 } from '@noble/curves/ed25519.js';
import {
  connectDirectory,
  type DirectoryClient,
  Failure,
  type LookedUp,
  networkAt,
  type PinsOfShown,
  type Place,
  pin,
  published,
} from '../../../src/client';
import { type Entry, nameLabel, type Trusted } from '../../../src/directory';
import { concat } from '../../../src/directory/bytes';
import { encodeEntry, entryHash, registrationBytes, signedBytes } from '../../../src/directory/entry';
import { encodeKey } from '../../../src/directory/keys';
import { commit } from '../../../src/directory/label';
import type { LocalNetwork } from './network';

const ZERO = new Uint8Array(32);

export const keyOf = (secret: Uint8Array): Uint8Array => ed25519.getPublicKey(secret);

/** Where the directory of a network is, and its pins. At once after the start the directory waits for its VRF key. */
export async function placeOf({
  origin,
  directoryId: canisterId,
}: LocalNetwork): Promise<{ place: Place; trusted: Trusted | PinsOfShown }> {
  const network = networkAt(origin);
  if (!network) throw new Error(`${origin} is no network`);
  const place = { canisterId, network };
  const trusted = pin(canisterId, await patiently(() => published(place)), 'shown', 3_600n);
  return { place, trusted };
}

interface Keys {
  /** Of the label from now on. */
  readonly secret: Uint8Array;
  /** The one that it has. */
  readonly before?: Uint8Array | undefined;
  /** The registrar's, which vouches for the registration. */
  readonly registrar?: Uint8Array;
}

export class Owner {
  private constructor(
    private readonly directory: DirectoryClient,
    private readonly realm: Uint8Array,
  ) {}

  static async of(network: LocalNetwork): Promise<Owner> {
    const { place, trusted } = await placeOf(network);
    return new Owner(await connectDirectory(place, trusted), trusted.realm);
  }

  /** Sets a name's only key, and a profile with one device and bytes of an application; `before`: the key that it has. Waits for the epoch. */
  set(name: string, secret: Uint8Array, application: string, before?: Uint8Array): Promise<void> {
    return this.setLabel(nameLabel(name), { secret, before }, application);
  }

  /** The same of any label. */
  async setLabel(label: Uint8Array, { secret, before, registrar }: Keys, application: string): Promise<void> {
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
    const update = concat(
      encodeEntry(entry),
      signatures(signedBytes(entry), before ? [before, secret] : [secret]),
      signatures(registrationBytes(entry), registrar ? [registrar] : []),
    );
    await patiently(() => this.directory.update({ label, update, opened: { opening, profile } }));
    await patiently(async () => {
      const found: LookedUp = await this.directory.lookup(label);
      if (found.state?.entry.version !== version) throw new Failure('refused', 'The epoch is open.', true);
    });
  }
}

/** The signatures of these keys, as an update has them. */
function signatures(message: Uint8Array, secrets: readonly Uint8Array[]): Uint8Array {
  const each = secrets.map((secret) => concat(encodeKey(keyOf(secret)), ed25519.sign(message, secret)));
  return concat(Uint8Array.of(each.length), ...each.sort(Buffer.compare));
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
