/**
 * The connection: the canister, the identity and the status. Polls get_status and, less often, the certified module
 * hash; backs off while the network is away, and pauses while the page is hidden.
 */
import type { Identity } from '@icp-sdk/core/agent';
import { safeGetCanisterEnv } from '@icp-sdk/core/agent/canister-env';
import { batch, computed, effect, signal } from '@preact/signals';
import {
  type Client,
  connect,
  Failure,
  type Located,
  locate,
  type Place,
  Poller,
  type PollState,
  type Status,
} from '../../client';
import { toHex } from '../format';
import { fragment } from './route';

const STATUS_INTERVAL_MS = 3000;
const MODULE_HASH_INTERVAL_MS = 30_000;

const env = safeGetCanisterEnv<{
  readonly 'PUBLIC_CANISTER_ID:message-canister'?: string;
  readonly 'PUBLIC_CANISTER_ID:directory'?: string;
}>();
const serverEnv = env && { canisterId: env['PUBLIC_CANISTER_ID:message-canister'], rootKey: env.IC_ROOT_KEY };

const directoryEnv = env && { canisterId: env['PUBLIC_CANISTER_ID:directory'], rootKey: env.IC_ROOT_KEY };

/**
 * The directory that the page's server names. No address can name another one, because a link must not choose the directory
 * that the page trusts.
 */
export const directoryPlace: Place | undefined = (() => {
  const found = locate(new URLSearchParams(), directoryEnv, location.origin);
  return 'place' in found ? found.place : undefined;
})();

/** The names of places that a person agreed to although the server names other ones. Forgotten when the page is closed. */
const agreed = signal<ReadonlySet<string>>(new Set());

export type Whereabouts = Located | { readonly problem: 'ask'; readonly asked: Place; readonly server: Place };

/** The place. It is not called while a person must still agree to it. */
export const located = computed<Whereabouts>(() => {
  const found = locate(fragment.value, serverEnv, location.origin);
  if (!('place' in found) || !found.differsFrom || agreed.value.has(nameOf(found.place))) return found;
  return { problem: 'ask', asked: found.place, server: found.differsFrom };
});

/** Notes that a person agreed to this place, although the server names another one. */
export function agreeTo(place: Place): void {
  agreed.value = new Set([...agreed.value, nameOf(place)]);
}

/** Changes only when the place changes. */
export const placeName = computed(() => {
  const { value } = located;
  return 'place' in value ? nameOf(value.place) : undefined;
});

export function nameOf({ canisterId, network }: Place): string {
  return `${canisterId} ${network.origin}`;
}

/** undefined: anonymous. */
export const identity = signal<Identity | undefined>(undefined);
export const client = signal<Client | undefined>(undefined);
export const status = signal<Status | undefined>(undefined);
export const poll = signal<PollState>({ phase: 'running' });
export const failure = signal<Failure | undefined>(undefined);
export const moduleHash = signal<string | undefined>(undefined);
/** Why the module hash is missing, or may be outdated. */
export const moduleHashProblem = signal<string | undefined>(undefined);
/** When this page noticed that the module hash changed, in milliseconds. */
export const upgradedAt = signal<number | undefined>(undefined);

/** Listeners called when a poll succeeds after a failure. */
const onBack = new Set<() => void>();
export function whenBack(listener: () => void): () => void {
  onBack.add(listener);
  return () => onBack.delete(listener);
}

/** The current attempt to connect. There is at most one for a place and an identity. */
let connecting: Promise<Client> | undefined;

/** Returns the client, connecting first if needed. */
export function connected(): Promise<Client> {
  if (client.value) return Promise.resolve(client.value);
  if (connecting) return connecting;
  const attempt = connectHere().finally(() => {
    if (connecting === attempt) connecting = undefined;
  });
  connecting = attempt;
  return attempt;
}

/** The storage for the memory of keys. If the browser withholds it, nothing is remembered beyond this client. */
export function browserStorage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

async function connectHere(): Promise<Client> {
  const place = located.value;
  if (!('place' in place)) throw new Failure('input', 'No canister is chosen yet.', false);
  const wanted = placeName.value;
  const as = identity.value;
  const made = await connect(place.place, as, browserStorage());
  // The place or the identity may have changed meanwhile.
  if (placeName.value === wanted && identity.value === as) client.value = made;
  return made;
}

const statusPoller = new Poller(
  async () => {
    const from = await connected();
    const answer = await from.status();
    if (client.value !== from) return;
    const wasAway = failure.value !== undefined;
    batch(() => {
      status.value = answer;
      failure.value = undefined;
    });
    if (wasAway) for (const listener of onBack) listener();
  },
  { intervalMs: STATUS_INTERVAL_MS, maxBackoffMs: 30_000 },
  (state) =>
    batch(() => {
      if (state.phase !== 'running') poll.value = state;
      if (state.phase === 'failed') failure.value = state.error as Failure;
    }),
);

const hashPoller = new Poller(
  async () => {
    const from = await connected();
    const hash = await from.moduleHash();
    if (client.value !== from) return;
    const text = hash ? toHex(hash) : undefined;
    if (moduleHash.value && text && moduleHash.value !== text) upgradedAt.value = Date.now();
    moduleHash.value = text;
  },
  { intervalMs: MODULE_HASH_INTERVAL_MS },
  (state) => {
    if (state.phase !== 'running') {
      moduleHashProblem.value = state.phase === 'failed' ? (state.error as Failure).message : undefined;
    }
  },
);

/** Polls the status now: the network may be back, or a message was just stored. */
export function refresh(): void {
  statusPoller.poke();
}

function retryNow(): void {
  statusPoller.poke();
  hashPoller.poke();
}

export function startSession(): void {
  effect(() => {
    // A new place or identity: all data here belongs to the old one.
    placeName.value;
    identity.value;
    connecting = undefined;
    batch(() => {
      client.value = undefined;
      status.value = undefined;
      failure.value = undefined;
      moduleHash.value = undefined;
      moduleHashProblem.value = undefined;
      upgradedAt.value = undefined;
      poll.value = { phase: 'running' };
    });
    retryNow();
  });
  addEventListener('online', retryNow);
  whenBack(() => hashPoller.poke());
  const onVisibility = () => {
    for (const poller of [statusPoller, hashPoller]) {
      if (document.hidden) poller.pause();
      else poller.start();
    }
  };
  document.addEventListener('visibilitychange', onVisibility);
  onVisibility();
}
