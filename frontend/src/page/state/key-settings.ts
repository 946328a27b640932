/** Settings of one key that admins of the store change: its quota, its owner, and whether it is kept while it is empty. */
import { Principal } from '@icp-sdk/core/principal';
import { signal } from '@preact/signals';
import { type Client, Failure, type KeySetting, type Quota } from '../../client';
import { run } from './browse';
import { connected } from './session';

/** Whether the caller is an admin, as one node says. The canister decides about each change. */
export const administers = signal(false);

let asked: Client | undefined;

/** Asks a canister whether the caller is an admin. Without an answer, the caller is treated as none. */
export async function learnRole(of: Client | undefined): Promise<void> {
  if (of !== asked) administers.value = false;
  asked = of;
  try {
    const is = (await of?.isAdmin()) ?? false;
    if (of === asked) administers.value = is;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

async function set(keyId: Uint8Array, setting: KeySetting): Promise<void> {
  await (await connected()).setKey(keyId, [setting]);
  await run();
}

/** Gives a key a quota of its own; undefined: it has the store's again. */
export function setQuota(keyId: Uint8Array, own: Quota | undefined): Promise<void> {
  const quota = own ? ({ __kind__: 'own', own } as const) : ({ __kind__: 'store', store: null } as const);
  return set(keyId, { __kind__: 'quota', quota });
}

/** Gives a key to another owner. This removes the send key of the former owner. */
export function giveKey(keyId: Uint8Array, to: Principal): Promise<void> {
  return set(keyId, { __kind__: 'owner', owner: { __kind__: 'principal', principal: to } });
}

/** Sets whether the store remembers the key while it has no messages. */
export function keepKey(keyId: Uint8Array, kept: boolean): Promise<void> {
  return set(keyId, { __kind__: 'kept', kept });
}

/** The principal in a text. Throws a {@link Failure} if it is not one. */
export function principalIn(text: string): Principal {
  try {
    return Principal.fromText(text.trim());
  } catch {
    throw new Failure('input', `“${text}” is not a principal.`, false);
  }
}
