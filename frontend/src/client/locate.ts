/**
 * Finds the canister and the network of a page.
 *
 * The sources, in order: the fragment of the address (`#canister=…&network=…`), then the cookie `ic_env` of the page's server
 * (an asset canister sets it to its project's canisters). Without both, a person must name the canister. If the address and the
 * server disagree, the result says so, because a link can contain a fragment. The default network is the page's own origin if
 * that is a network, else the Internet Computer. The fragment is used instead of the query, because gateways use
 * `?canisterId=`, and a fragment is never sent to a server.
 */
import { MAINNET, type Network, networkAt } from './network';

export interface Place {
  readonly canisterId: string;
  readonly network: Network;
  /** DER; only for a local network whose server names it. Without it a local network's key is fetched. */
  readonly rootKey?: Uint8Array;
}

/** The values in the cookie of the page's server: see `@icp-sdk/core/agent/canister-env`. */
export interface ServerEnv {
  readonly canisterId?: string | undefined;
  readonly rootKey: Uint8Array;
}

export type Located =
  | {
      readonly place: Place;
      /** The page's server names this other place. Ask a person before calling `place`: a link may have chosen it. */
      readonly differsFrom?: Place;
    }
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

  const at = (id: string, on: Network): Place => {
    const told = on.kind === 'local' && on.origin === own?.origin ? env?.rootKey : undefined;
    return { canisterId: id, network: on, ...(told && { rootKey: told }) };
  };
  const place = at(canisterId, network);
  const home = own ?? networkAt(MAINNET);
  if (!env?.canisterId || !home) return { place };
  const server = at(env.canisterId, home);
  const same = server.canisterId === place.canisterId && server.network.origin === place.network.origin;
  return same ? { place } : { place, differsFrom: server };
}
