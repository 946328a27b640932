/**
 * Networks: the addresses where canisters are called, and the root keys against which their certificates are checked.
 *
 * Invariant: a root key from outside the program (fetched, or in a cookie) is used only for a network on this computer. Every
 * other network has the Internet Computer's key, which is built into the agent.
 */

/** The Internet Computer's API address for pages that are not served by it. */
export const MAINNET = 'https://icp-api.io';

const MAINNET_HOSTS = ['icp-api.io', 'icp0.io', 'ic0.app'];
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

export interface Network {
  /** Scheme, host and port of requests. */
  readonly origin: string;
  readonly kind: 'mainnet' | 'local';
}

/** The entry that equals the host or is a parent domain of it. */
function among(hosts: readonly string[], host: string): string | undefined {
  return hosts.find((known) => host === known || host.endsWith(`.${known}`));
}

/** The network at an address. undefined: it is neither the Internet Computer nor on this computer. */
export function networkAt(address: string): Network | undefined {
  if (!URL.canParse(address.trim())) return undefined;
  const url = new URL(address.trim());
  if (among(LOOPBACK_HOSTS, url.hostname) && (url.protocol === 'http:' || url.protocol === 'https:')) {
    return { origin: url.origin, kind: 'local' };
  }
  // On a canister's own subdomain, calls go to the parent domain, as in the agent.
  const domain = among(MAINNET_HOSTS, url.hostname);
  return domain && url.protocol === 'https:' && url.port === ''
    ? { origin: `https://${domain}`, kind: 'mainnet' }
    : undefined;
}

/** The name shown to people. */
export function networkName(network: Network): string {
  return network.kind === 'mainnet' ? 'Internet Computer' : 'Local network';
}
