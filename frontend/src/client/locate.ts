/**
 * Which canister on which network a page is about.
 *
 * In order: the address's fragment (`#canister=…&network=…`), then what the page's server says in the cookie `ic_env`
 * (as an asset canister does for its project's canisters), then nothing: somebody has to say it. Where the address and the
 * server disagree, the answer says so, because a link can carry a fragment. The network is by
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
  | {
      readonly place: Place;
      /** The address names this place; the page's server names this other one. Ask a person before calling `place`: a link may have chosen it. */
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
