/** The connection that all clients use: one agent, its errors as {@link Failure}s, and the network's key. */
import { HttpAgent, type Identity } from '@icp-sdk/core/agent';
import { Principal } from '@icp-sdk/core/principal';
import { Failure } from './failure';
import type { Place } from './locate';
import { failureOf } from './platform';

/** Timeout of a request. A network may hold an update's answer for 10 s, so it is longer. */
const REQUEST_TIMEOUT_MS = 30_000;

export interface Reached {
  readonly agent: HttpAgent;
  readonly canister: Principal;
  /** The key for verifying certificates. */
  readonly rootKey: Uint8Array;
  /** Runs a call. Its errors are thrown as {@link Failure}s. */
  guarded<T>(call: () => Promise<T>): Promise<T>;
}

/** Throws a {@link Failure} if the canister id is malformed or a local network's root key cannot be fetched. */
export async function reach({ canisterId, network, rootKey }: Place, identity?: Identity): Promise<Reached> {
  const canister = parseCanisterId(canisterId);
  const whereabouts = { canisterId, network: network.origin };
  const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw failureOf(error, whereabouts);
    }
  };
  const agent = await guarded(() =>
    HttpAgent.create({
      host: network.origin,
      fetch: (input, init) =>
        fetch(input, { ...init, credentials: 'omit', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }),
      ...(identity && { identity }),
      ...(network.kind === 'local' && (rootKey ? { rootKey } : { shouldFetchRootKey: true })),
      // The caller decides when to try again.
      retryTimes: 1,
    }),
  );
  const trusted = agent.rootKey;
  if (!trusted) throw new Failure('untrusted', `The network at ${network.origin} did not return its key.`, true);
  return { agent, canister, rootKey: trusted, guarded };
}

function parseCanisterId(text: string): Principal {
  try {
    return Principal.fromText(text);
  } catch {
    throw new Failure('input', `"${text}" is not a canister id.`, false);
  }
}
