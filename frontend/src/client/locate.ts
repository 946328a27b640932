/**
 * Which canister on which network a page is about.
 *
 * In order: the address's fragment (`#canister=…&network=…`), then what the page's server says in the cookie `ic_env`
 * (as an asset canister does for its project's canisters), then nothing: somebody has to say it. The network is by
 * default the page's own origin where that is a network, else the Internet Computer. The fragment is used, and not the
 * query, because `?canisterId=` is taken by the gateways and a fragment is never sent to a server.
 */
import { MAINNET, type Network, networkAt } from './network';

export interface Place {
  readonly canisterId: string;
  readonly network: Network;
  /** DER; only for a local network whose server told it. Without it a local network's key is fetched. */
  readonly rootKey?: Uint8Array;
}

/** What the page's server says: see `@icp-sdk/core/agent/canister-env`. */
export interface ServerEnv {
  readonly canisterId?: string | undefined;
  readonly rootKey: Uint8Array;
}

export type Located =
  | { readonly place: Place }
  | { readonly problem: 'no-canister' }
  | { readonly problem: 'bad-network'; readonly network: string };

/** @param pageOrigin the page's own origin, as `location.origin` */
export function locate(fragment: URLSearchParams, env: ServerEnv | undefined, pageOrigin: string): Located {
  const own = networkAt(pageOrigin);
  const wanted = fragment.get('network');
  const network = wanted ? networkAt(wanted) : (own ?? networkAt(MAINNET));
  if (network === undefined) return { problem: 'bad-network', network: wanted ?? '' };

  const canisterId = fragment.get('canister')?.trim() || env?.canisterId;
  if (!canisterId) return { problem: 'no-canister' };

  const told = network.kind === 'local' && network.origin === own?.origin ? env?.rootKey : undefined;
  return { place: { canisterId, network, ...(told && { rootKey: told }) } };
}
