/**
 * Verifies the key directory's answers: whose keys a label has, by the rules of docs/directory.md. These are the checks of the
 * Rust library (crates/directory-core), tested with the same vectors. No DOM, no network.
 *
 *     const verified = verify(trusted, { label: nameLabel('alice'), certified, certifiedTime, memory, contact, now }, proof);
 *     remember(verified.memory, verified.state);
 *
 * An answer is `ratified` by a quorum of pinned verifiers, or `certified` by the platform alone. Otherwise a {@link
 * DirectoryError} is thrown, whose `code` names the failed check.
 *
 * The profile in a verified look-up lists devices. A device's bundle is checked against it:
 *
 *     const profile = decodeProfile(verified.profile);
 *     checkBundle(decodeBundle(bytes), { realm, index, profile, seen, now });
 */
export { type Bundle, type BundleQuestion, checkBundle, decodeBundle } from './bundle';
export { inForce, pendingUntil, type State, stateFromParts } from './change';
export { Quorum, type Trust, type Verifier } from './checkpoint';
export {
  decodeEntry,
  decodeUpdate,
  type Entry,
  encodeEntry,
  entryHash,
  realmOf,
  samePolicy,
  type Update,
} from './entry';
export { DirectoryError } from './error';
export { policiesInForce, replay } from './history';
export { addressLabel, nameLabel, principalOf, REGISTRAR } from './label';
export type { Checkpoint } from './log';
export type { Policy } from './policy';
export { type Device, decodeProfile, type Profile } from './profile';
export type { Head, Timed } from './proof';
export type { Memory, Query, Trusted } from './query';
export { type Verified, verify } from './verify';
