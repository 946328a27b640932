/**
 * The caller's own mailbox: the key whose id is the caller's principal of 29 bytes. Nobody else can own it. If reads are
 * closed, it is claimed first to learn its label, because no answer verifies without the label.
 */
import { computed } from '@preact/signals';
import { Failure } from '../../client';
import { toHex } from '../format';
import { run } from './browse';
import { identityProblem, newIdentity } from './identity';
import { follow, linkTo } from './route';
import { readsClosed } from './rules';
import { connected, identity, status } from './session';

/** Its key id in hex; undefined: the caller is anonymous. */
export const mailbox = computed(() => identity.value && toHex(identity.value.getPrincipal().toUint8Array()));

/** Shows the mailbox. If the caller has no key, makes one first. Returns the problem, if there is one. */
export async function openMailbox(): Promise<string | undefined> {
  if (!identity.value) await newIdentity();
  const me = identity.value;
  if (!me || !mailbox.value) return identityProblem.value;
  try {
    const to = await connected();
    const keyId = me.getPrincipal().toUint8Array();
    if (readsClosed(status.value ?? (await to.status())) && !to.knowsLabel(keyId)) {
      await to.claim(keyId, { __kind__: 'own', own: null });
    }
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
  const address = linkTo('messages', { by: 'key', key: mailbox.value, order: 'newest', after: '', limit: '' });
  await follow(address, run);
  return undefined;
}

/**
 * Acknowledges all messages of a key through an id, and shows the remaining ones. Returns the number of acknowledged messages.
 */
export async function acknowledge(keyId: Uint8Array, through: number): Promise<number> {
  const acknowledged = await (await connected()).acknowledge(keyId, through);
  await run();
  return acknowledged;
}
