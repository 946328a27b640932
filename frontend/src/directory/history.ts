/** The changes of a label in a proof: from version 0, or from the version that the client knows. */
import { equal } from './bytes';
import { apply, pendingUntil, type State, stateFromParts } from './change';
import { entryHash } from './entry';
import { DirectoryError, within } from './error';
import { checkAddress, isAddress, REGISTRAR } from './label';
import type { Policy } from './policy';
import type { Found, Timed } from './proof';
import type { Query, Trusted } from './query';

/** Checks the history and returns the label's newest state. */
export function checkChanges(trusted: Trusted, query: Query, index: Uint8Array, found: Found): State {
  const { label, contact } = query;
  const [oldest] = found.updates;
  const fromStart = oldest?.update.entry.version === 0;
  if (fromStart) {
    if (found.address) checkAddress(label, found.address, oldest.update.entry);
    else if (isAddress(label)) throw new DirectoryError('Address');
  } else if (found.address) {
    throw new DirectoryError('History');
  }
  if (contact) checkContact(contact, found.updates);
  const isSame = contact && equal(entryHash(contact.entry), entryHash(found.newest.update.entry));
  const known = fromStart || isSame ? undefined : contact;
  if (!fromStart && !known) return takeNewest(trusted, index, found);
  if (found.replaced) throw new DirectoryError('History');
  return replay(trusted, label, index, known, found.updates) as State;
}

/**
 * Applies updates and their times to a label's state. A history that is too long for one proof comes in pages. The client
 * replays each page, then looks the label up with the last state as its contact.
 */
export function replay(
  { realm, registrars }: Pick<Trusted, 'realm' | 'registrars'>,
  label: Uint8Array,
  index: Uint8Array,
  state: State | undefined,
  updates: readonly Timed[],
): State | undefined {
  // Each policy of the registrar, present and former, is tried. If none fits, the last one's error is thrown.
  const choices: readonly (Policy | undefined)[] =
    equal(label, REGISTRAR) || !registrars.length ? [undefined] : registrars;
  return updates.reduce<State | undefined>((state, { time, update }) => {
    return within('Change', () => {
      let refusal: unknown;
      for (const registrar of choices) {
        try {
          return apply(state, update, { realm, index, now: time, registrar });
        } catch (error) {
          refusal = error;
        }
      }
      throw refusal;
    });
  }, state);
}

/** The policies of a label that were in force up to `now`. Those of a pending or withdrawn recovery were not. */
export const policiesInForce = (changes: readonly Timed[], now: bigint): Policy[] =>
  changes
    .filter(({ time, update: { entry } }, at) => {
      const until = changes[at + 1]?.time ?? now;
      return pendingUntil({ entry, time, replaced: undefined }, until) === undefined;
    })
    .map(({ update }) => update.entry.policy);

/** Takes the newest entry without a history: a first contact, or no change since the last look-up. */
function takeNewest({ realm }: Trusted, index: Uint8Array, found: Found): State {
  const { time, update } = found.newest;
  const isBare = update.signatures.length === 0 && update.registration.length === 0;
  if (found.updates.length !== 1 || !isBare) throw new DirectoryError('History');
  if (!equal(update.entry.realm, realm)) throw new DirectoryError('Realm');
  if (!equal(update.entry.index, index)) throw new DirectoryError('Index');
  const state = stateFromParts(update.entry, time, found.replaced);
  if (!state) throw new DirectoryError('Replaced');
  return state;
}

/** Checks that no version that the client has seen is missing or changed. The last change is the newest. */
export function checkContact(contact: State, changes: readonly Timed[]): void {
  const known = contact.entry.version;
  if ((changes.at(-1)?.update.entry.version ?? -1) < known) throw new DirectoryError('Contact');
  const same = changes.find(({ update }) => update.entry.version === known);
  if (same && !equal(entryHash(same.update.entry), entryHash(contact.entry)))
    throw new DirectoryError('ContactChanged');
}
