/**
 * A typed client of the key directory. Its look-ups are verified.
 *
 *     const directory = await connectDirectory(place, trusted);
 *     const { state, profile, trust } = await directory.lookup(nameLabel('alice'), { contact });
 *
 *     answer ──▶ certificate ──▶ certified log ──▶ proof ──▶ LookedUp
 *                (proofs/certificate.ts)  (here)   (directory/verify.ts)
 *
 * Each look-up moves {@link DirectoryClient.memory} forward. Store it and pass it to the next client: then a directory that
 * was rolled back or forked in between is caught. An answer that does not verify is a {@link Failure} of the kind `lie`.
 */
import type { Identity } from '@icp-sdk/core/agent';
import {
  type Bundle,
  checkBundle,
  DirectoryError,
  decodeBundle,
  decodeProfile,
  type Memory,
  type State,
  type Trusted,
  type Verified,
  verify,
} from '../directory';
import { decodeAll } from '../directory/bytes';
import { decodeProof, type Timed } from '../directory/proof';
import { certificateRefusedWords, certifiedData } from '../proofs/certificate';
import { certifiedLeaf } from '../proofs/certified';
import { equal } from '../proofs/hash';
import {
  type Accepted,
  createActor,
  type Found,
  type Published,
  type Status,
  type Submission,
  Variant_ratified_newest as View,
} from './bindings/directory';
import {
  bundleErrorWords,
  directoryLookupErrorWords,
  directoryStatusErrorWords,
  updateErrorWords,
} from './directory-words';
import { Failure } from './failure';
import type { Place } from './locate';
import { reach } from './reach';
import { refuse } from './read';
import { take } from './sentences';

/** A verified look-up, and the changes that it showed, oldest first. */
export interface LookedUp extends Verified {
  readonly changes: readonly Timed[];
  /** The certificate's time in nanoseconds since 1970. */
  readonly asOf: bigint;
}

export interface LookupOptions {
  /** The answer that verifiers have cosigned, which may be older. */
  readonly ratified?: boolean;
  /** The label's state at the last look-up: each change since is shown. */
  readonly contact?: State | undefined;
  /** Shows all changes from version 0 on, at most 64. */
  readonly history?: boolean;
}

export interface DirectoryClient {
  /** What is remembered; `undefined` before the first look-up. */
  readonly memory: Memory | undefined;
  /** Looks an encoded label up, and verifies the answer, also that the label has no entry. One at a time. */
  lookup(label: Uint8Array, options?: LookupOptions): Promise<LookedUp>;
  /** The bundles of a label that was looked up, verified. `seen`: the newest ones that were seen. */
  bundles(label: Uint8Array, found: Verified, seen?: readonly Bundle[]): Promise<Bundle[]>;
  /** Registers a label, or changes its entry. */
  update(submission: Submission): Promise<Accepted>;
  /** Stores a device's bundle. */
  putBundle(label: Uint8Array, bundle: Uint8Array): Promise<void>;
  /** The directory at a glance: one node's word. */
  status(): Promise<Status>;
  /** What clients pin: one node's word. */
  configuration(): Promise<Published>;
}

/** Throws a {@link Failure} if the canister id is malformed or a local network's root key cannot be fetched. */
export async function connectDirectory(
  place: Place,
  trusted: Trusted,
  remembered?: Memory,
  identity?: Identity,
): Promise<DirectoryClient> {
  const { agent, canister: principal, rootKey, guarded } = await reach(place, identity);
  const actor = createActor(place.canisterId, { agent });
  const canister = principal.toUint8Array();
  let memory = remembered;
  return {
    get memory() {
      return memory;
    },
    lookup: (label, { ratified = false, contact, history = false } = {}) =>
      guarded(async () => {
        const from = history ? 0 : contact && contact.entry.version + 1;
        const found = await actor.lookup({
          label,
          view: ratified ? View.ratified : View.newest,
          known: memory?.log.size ?? 0n,
          history: from === undefined ? { __kind__: 'newest', newest: null } : { __kind__: 'version', version: from },
        });
        const answer = take(found, directoryLookupErrorWords);
        const verified = await verifyFound({ canister, rootKey, trusted, memory, contact, label }, answer);
        memory = verified.memory;
        return verified;
      }),
    bundles: (label, found, seen = []) =>
      guarded(async () => verifyBundles(trusted, found, seen, take(await actor.get_bundles(label), bundleErrorWords))),
    update: (submission) => guarded(async () => take(await actor.update(submission), updateErrorWords)),
    putBundle: (label, bundle) =>
      guarded(async () => {
        take(await actor.put_bundle(label, bundle), bundleErrorWords);
      }),
    status: () => guarded(async () => take(await actor.get_status(), directoryStatusErrorWords)),
    configuration: () => guarded(async () => take(await actor.get_configuration(), directoryStatusErrorWords)),
  };
}

export interface Asked {
  readonly canister: Uint8Array;
  readonly rootKey: Uint8Array;
  readonly trusted: Trusted;
  readonly memory: Memory | undefined;
  readonly contact: State | undefined;
  /** The encoded label. */
  readonly label: Uint8Array;
}

/** Verifies the answer to a look-up. Throws a {@link Failure} of the kind `lie`. */
export async function verifyFound(asked: Asked, { proof, certified }: Found): Promise<LookedUp> {
  const { canister, rootKey, trusted, memory, contact, label } = asked;
  if (!certified.certificate) return refuse({ kind: 'no-proof' });
  const platform = await certifiedData(certified.certificate, canister, rootKey);
  if (platform.kind === 'refused') {
    // A wrong clock is no lie.
    if (platform.why.kind === 'certificate-time') {
      throw new Failure('untrusted', `${certificateRefusedWords(platform.why)} Is the clock right?`, true);
    }
    return refuse({ kind: 'certificate', why: platform.why });
  }
  if (!equal(certifiedLeaf('log', certified.log), platform.data)) return refuse({ kind: 'other-log' });
  return named(() => {
    const log = decodeAll(certified.log, (reader) => {
      const log = { size: reader.u64('size'), root: reader.slice('root', 32) };
      reader.u64('updates');
      reader.slice('configuration', 32);
      return log;
    });
    const query = { label, certified: log, certifiedTime: platform.nanoseconds, memory, contact, now: seconds() };
    const verified = verify(trusted, query, proof);
    return { ...verified, changes: decodeProof(proof).found?.updates ?? [], asOf: platform.nanoseconds };
  });
}

/** Verifies bundles against the profile that a look-up has shown. Throws a {@link Failure} of the kind `lie`. */
export function verifyBundles(
  { realm }: Pick<Trusted, 'realm'>,
  { index, profile: bytes }: Pick<Verified, 'index' | 'profile'>,
  seen: readonly Bundle[],
  bundles: readonly Uint8Array[],
): Bundle[] {
  return named(() => {
    if (!bytes) throw new DirectoryError('UnknownDevice');
    const profile = decodeProfile(bytes);
    return bundles.map((encoded) => {
      const bundle = decodeBundle(encoded);
      const newest = seen.find(({ device }) => equal(device, bundle.device));
      checkBundle(bundle, { realm, index, profile, now: seconds(), ...(newest && { seen: newest }) });
      return bundle;
    });
  });
}

const seconds = (): bigint => BigInt(Math.floor(Date.now() / 1000));

/** Runs checks of the directory; what fails is a lie. */
function named<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof DirectoryError) return refuse({ kind: 'directory', code: error.code });
    throw error;
  }
}
