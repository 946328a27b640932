/**
 * The rules of change of docs/directory.md: who must sign a `set`, a `close` and a `recover`, and what each must leave
 * unchanged. A recovery takes effect after its delay. Until then only its withdrawal is accepted.
 */
import { equal } from './bytes';
import { type Entry, entryHash, registrationBytes, samePolicy, sameRecovery, signedBytes, type Update } from './entry';
import { DirectoryError } from './error';
import { isZero } from './hash';
import { authorise, type Policy } from './policy';

const SECOND = 1_000_000_000n;
/** The highest version of a close that skips versions. */
const MAX_SKIP = 2 ** 31;

/** The newest entry of a label, its time in nanoseconds since 1970, and the entry that a pending recovery replaces. */
export interface State {
  readonly entry: Entry;
  readonly time: bigint;
  readonly replaced: Entry | undefined;
}

export interface Context {
  readonly realm: Uint8Array;
  readonly index: Uint8Array;
  /** In nanoseconds since 1970. */
  readonly now: bigint;
  /** The policy that vouches for version 0. `undefined`: none. */
  readonly registrar: Policy | undefined;
}

/** A state from proved parts. `undefined`: they do not belong together. */
export function stateFromParts(entry: Entry, time: bigint, replaced: Entry | undefined): State | undefined {
  const isRecovery = entry.kind === 'recover' && entry.recovery !== undefined;
  const fits = replaced
    ? isRecovery &&
      sameRecovery(replaced.recovery, entry.recovery) &&
      equal(entryHash(replaced), entry.previous) &&
      equal(replaced.realm, entry.realm) &&
      equal(replaced.index, entry.index)
    : isRecovery || entry.kind !== 'recover';
  return fits ? { entry, time, replaced } : undefined;
}

/** When a recovery that is still pending at `now` takes effect. */
export function pendingUntil({ entry, time }: State, now: bigint): bigint | undefined {
  if (entry.kind !== 'recover' || !entry.recovery) return undefined;
  const effective = time + BigInt(entry.recovery.delay) * SECOND;
  return now < effective ? effective : undefined;
}

/** The entry in force. `undefined`: a recovery is pending, and the entry that it replaces is not known. */
export const inForce = (state: State, now: bigint): Entry | undefined =>
  pendingUntil(state, now) === undefined ? state.entry : state.replaced;

/** Applies an update to the state of a label. `undefined`: the label has no entry. */
export function apply(state: State | undefined, update: Update, context: Context): State {
  const { entry } = update;
  unless(equal(entry.realm, context.realm), 'Realm');
  unless(equal(entry.index, context.index), 'Index');
  let replaced: Entry | undefined;
  if (state) replaced = follow(state, update, context.now);
  else first(update, context.registrar);
  return { entry, time: context.now, replaced };
}

function first(update: Update, registrar: Policy | undefined): void {
  const { entry, registration } = update;
  unless(entry.kind === 'set' && entry.version === 0 && isZero(entry.previous), 'NotFirst');
  if (registrar) authorise(registration, registrationBytes(entry), [registrar]);
  else unless(registration.length === 0, 'Registration');
  authorised(update, entry.policy);
}

function follow(state: State, update: Update, now: bigint): Entry | undefined {
  const [old, entry] = [state.entry, update.entry];
  unless(now >= state.time, 'Time');
  unless(update.registration.length === 0, 'Registration');
  checkSuccession(old, entry);
  if (pendingUntil(state, now) !== undefined) {
    unless(state.replaced !== undefined, 'RecoveryPending');
    withdraw(state.replaced as Entry, update);
    return undefined;
  }
  if (entry.kind === 'recover') {
    if (!old.recovery) throw new DirectoryError('NoRecovery');
    unless(sameRecovery(entry.recovery, old.recovery), 'RecoveryChanged');
    authorised(update, old.recovery.policy, entry.policy);
    return old;
  }
  unless(old.kind !== 'close', 'Closed');
  if (entry.kind === 'close') {
    unless(samePolicy(entry.policy, old.policy), 'PolicyChanged');
    unless(sameRecovery(entry.recovery, old.recovery), 'RecoveryChanged');
    authorised(update, old.policy);
  } else {
    const keeps = !old.recovery || sameRecovery(entry.recovery, old.recovery);
    authorised(update, old.policy, entry.policy, ...(old.recovery && !keeps ? [old.recovery.policy] : []));
  }
  return undefined;
}

function checkSuccession(old: Entry, entry: Entry): void {
  if (entry.kind === 'close' && entry.previous.every((byte) => byte === 0xff)) {
    unless(entry.version > old.version && entry.version <= MAX_SKIP, 'Skip');
    return;
  }
  unless(equal(entry.previous, entryHash(old)) && entry.version === old.version + 1, 'Conflict');
}

/** A withdrawal must restore the entry in force, so that it cannot shorten a recovery's delay. */
function withdraw(old: Entry, update: Update): void {
  const { entry } = update;
  const closed = old.kind === 'close';
  const restores =
    entry.kind === (closed ? 'close' : 'set') &&
    samePolicy(entry.policy, old.policy) &&
    sameRecovery(entry.recovery, old.recovery);
  if (!restores || !old.recovery) throw new DirectoryError('RecoveryPending');
  authorised(update, old.recovery.policy, ...(closed ? [] : [entry.policy]));
}

const authorised = ({ signatures, entry }: Update, ...policies: readonly Policy[]): void =>
  authorise(signatures, signedBytes(entry), policies);

function unless(holds: boolean, refusal: string): void {
  if (!holds) throw new DirectoryError(refusal);
}
