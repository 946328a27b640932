/**
 * A typed client of the key directory. Its look-ups are verified.
 *
 *     const trusted = pin(place.canisterId, await published(place), registrars, maxAge);
 *     const directory = await connectDirectory(place, trusted);
 *     const { state, profile, trust } = await directory.lookup(nameLabel('alice'), { contact });
 *
 * Each look-up moves {@link DirectoryClient.memory} forward. Store it and pass it to the next client: then a directory that
 * was rolled back or forked in between is caught. An answer that does not verify is a {@link Failure} of the kind `lie`.
 */
import type { Identity } from '@icp-sdk/core/agent';
import type { Bundle, Memory, Trusted, Verified } from '../directory';
import {
  type Accepted,
  type CheckCursor,
  type CheckReport,
  createActor,
  type Published,
  type Settings,
  type Status,
  type Submission,
} from './bindings/directory';
import { type LookedUp, verifyBundles } from './directory-answers';
import { type LookupOptions, Lookups } from './directory-lookups';
import {
  bundleErrorWords,
  directoryCheckErrorWords,
  directorySettingsErrorWords,
  directoryStatusErrorWords,
  updateErrorWords,
} from './directory-words';
import type { Place } from './locate';
import type { PinsOfShown } from './pins';
import { reach } from './reach';
import { take } from './sentences';

/** The directory's published values for `pin` (pins.ts). One node answers; the first look-up proves them. */
export async function published(place: Place): Promise<Published> {
  const { agent, guarded } = await reach(place);
  const actor = createActor(place.canisterId, { agent });
  return guarded(async () => take(await actor.get_configuration(), directoryStatusErrorWords));
}

export interface DirectoryClient {
  /** The memory. `undefined` before the first look-up. */
  readonly memory: Memory | undefined;
  /** Looks an encoded label up. Verifies the answer, also if the label has no entry. */
  lookup(label: Uint8Array, options?: LookupOptions): Promise<LookedUp>;
  /** The verified bundles of a label that was looked up. `seen`: the newest ones seen before. */
  bundles(label: Uint8Array, found: Verified, seen?: readonly Bundle[]): Promise<Bundle[]>;
  /** Registers a label, or changes its entry. */
  update(submission: Submission): Promise<Accepted>;
  /** Stores a device's bundle. */
  putBundle(label: Uint8Array, bundle: Uint8Array): Promise<void>;
  /** The directory's status, as one node says. */
  status(): Promise<Status>;
  /** Replaces the settings. Controllers only. */
  setSettings(settings: Settings): Promise<void>;
  /**
   * Checks stored records from a cursor on. Controllers only. The report's `next` is the next cursor; without it, everything is
   * checked.
   */
  check(from: CheckCursor): Promise<CheckReport>;
}

/** Throws a {@link Failure} if the canister id is malformed or a local network's root key cannot be fetched. */
export async function connectDirectory(
  place: Place,
  trusted: Trusted | PinsOfShown,
  remembered?: Memory,
  identity?: Identity,
): Promise<DirectoryClient> {
  const { agent, canister, rootKey, guarded } = await reach(place, identity);
  const actor = createActor(place.canisterId, { agent });
  const lookups = new Lookups(actor, { canister: canister.toUint8Array(), rootKey, trusted }, remembered);
  return {
    get memory() {
      return lookups.memory;
    },
    lookup: (label, options = {}) => guarded(() => lookups.lookup(label, options)),
    bundles: (label, found, seen = []) =>
      guarded(async () => verifyBundles(trusted, found, seen, take(await actor.get_bundles(label), bundleErrorWords))),
    update: (submission) => guarded(async () => take(await actor.update(submission), updateErrorWords)),
    putBundle: (label, bundle) =>
      guarded(async () => {
        take(await actor.put_bundle(label, bundle), bundleErrorWords);
      }),
    status: () => guarded(async () => take(await actor.get_status(), directoryStatusErrorWords)),
    setSettings: (settings) =>
      guarded(async () => {
        take(await actor.set_settings(settings), directorySettingsErrorWords);
      }),
    check: (from) => guarded(async () => take(await actor.check(from), directoryCheckErrorWords)),
  };
}
