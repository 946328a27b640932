/** The identity that signs calls: anonymous, or a key of this browser. */
import { computed, signal } from '@preact/signals';
import { forgetIdentity, loadIdentity, makeIdentity } from '../../client';
import { identity } from './session';

const ANONYMOUS = '2vxsx-fae';

/** A failure of the browser's storage. */
export const identityProblem = signal<string | undefined>(undefined);
export const principal = computed(() => identity.value?.getPrincipal().toText() ?? ANONYMOUS);

async function guarded(work: () => Promise<void>): Promise<void> {
  try {
    await work();
    identityProblem.value = undefined;
  } catch (error) {
    identityProblem.value = `This browser cannot store keys: ${error instanceof Error ? error.message : error}`;
  }
}

export function restoreIdentity(): Promise<void> {
  return guarded(async () => {
    identity.value = await loadIdentity();
  });
}

export function newIdentity(): Promise<void> {
  return guarded(async () => {
    identity.value = await makeIdentity();
  });
}

export function dropIdentity(): Promise<void> {
  return guarded(async () => {
    await forgetIdentity();
    identity.value = undefined;
  });
}
