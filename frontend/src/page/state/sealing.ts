/** The unlocked sealing key, held in memory only, and the outbox of sealed messages. */
import { Principal } from '@icp-sdk/core/principal';
import { computed, effect, signal } from '@preact/signals';
import { Failure, type Item, Outbox } from '../../client';
import { type Content, keyFromFile, keyFromPassphrase, type SealingKey, seal } from '../../sealing';
import { toHex } from '../format';
import { connected, located, nameOf, placeName, refresh, status, whenBack } from './session';

/** The limit of every release so far; used until `get_status` has answered. */
const DEFAULT_MAX_CIPHERTEXT_BYTES = 2_000_000;

export const sealingKey = signal<SealingKey | undefined>(undefined);
export const sealingKeyId = computed(() => sealingKey.value && toHex(sealingKey.value.keyId));

const canisterId = computed(() => ('place' in located.value ? located.value.place.canisterId : undefined));

/** A key belongs to one canister. */
function scope(): Uint8Array {
  if (!canisterId.value) throw new Error('Choose a canister first: a sealing key belongs to one.');
  return Principal.fromText(canisterId.value).toUint8Array();
}

export async function unlockWithPassphrase(passphrase: string): Promise<void> {
  sealingKey.value = await keyFromPassphrase(passphrase, scope());
}

export async function unlockWithFile(file: File): Promise<void> {
  sealingKey.value = await keyFromFile(new Uint8Array(await file.arrayBuffer()), scope());
}

/** Forgets the key and every plaintext on this page, including the labels of messages sealed under it. */
export function lock(): void {
  sealingKey.value = undefined;
  for (const outbox of outboxes.values()) outbox.hideLabels();
}

/** Incremented when an item, which is mutable, changes. */
export const outboxVersion = signal(0);

/** One outbox for each place. A message sealed for one canister is never sent to another. */
const outboxes = new Map<string, Outbox>();

function outboxOf(place: string): Outbox {
  const [id] = place.split(' ');
  return new Outbox(
    async (keyId, sealed) => {
      const elsewhere = new Failure(
        'away',
        `This message is for canister ${id}. It will be sent when this page shows that canister again.`,
        true,
      );
      if (placeName.peek() !== place) throw elsewhere;
      const to = await connected();
      if (nameOf(to.place) !== place) throw elsewhere;
      const added = await to.add(keyId, sealed);
      refresh();
      return added;
    },
    () => {
      // `peek`, because an effect that changes the outbox must not depend on its own change.
      outboxVersion.value = outboxVersion.peek() + 1;
    },
  );
}

export const outbox = computed(() => {
  const place = placeName.value ?? '';
  const known = outboxes.get(place) ?? outboxOf(place);
  outboxes.set(place, known);
  return known;
});

export const outboxItems = computed<readonly Item[]>(() => {
  outboxVersion.value;
  return [...outbox.value.items];
});

export function startOutbox(): void {
  effect(() => {
    canisterId.value;
    lock();
  });
  const retry = () => outbox.value.retryWaiting();
  whenBack(retry);
  addEventListener('online', retry);
  addEventListener('beforeunload', (event) => {
    if ([...outboxes.values()].some(({ unconfirmed }) => unconfirmed > 0)) event.preventDefault();
  });
}

/** Seals a content and puts it into the outbox, which sends it until it is stored. */
export async function sealAndSend(content: Content): Promise<void> {
  const key = sealingKey.value;
  if (!key) throw new Error('Unlock a key first.');
  // Read before sealing, so that the message goes to the key's canister even if the page changes to another one.
  const into = outbox.value;
  const sealed = await seal(content, key, status.value?.limits.ciphertext_bytes ?? DEFAULT_MAX_CIPHERTEXT_BYTES);
  const label = content.kind === 'file' ? content.name : content.text;
  // If the key was locked meanwhile, the plaintext label must not come back.
  into.put(sealingKey.peek() === key ? label : undefined, key.keyId, sealed);
}
