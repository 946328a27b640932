/**
 * Networks: where canisters are called, and which root key their certificates are checked against.
 *
 * Invariant: a root key that came from outside the program (fetched, or out of a cookie) is used only for a network on
 * this computer. For every other network it is the Internet Computer's, built into the agent.
 */

/** The Internet Computer's API address for pages that are not served by it. */
export const MAINNET = 'https://icp-api.io';

const MAINNET_HOSTS = ['icp-api.io', 'icp0.io', 'ic0.app'];
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

export interface Network {
  /** Scheme, host and port: what requests are sent to. */
  readonly origin: string;
  readonly kind: 'mainnet' | 'local';
}

/** Returns the entry that equals the host or is a parent domain of it. */
function among(hosts: readonly string[], host: string): string | undefined {
  return hosts.find((known) => host === known || host.endsWith(`.${known}`));
}

/** Returns the network at an address; undefined if it is neither the Internet Computer nor on this computer. */
export function networkAt(address: string): Network | undefined {
  if (!URL.canParse(address.trim())) return undefined;
  const url = new URL(address.trim());
  if (among(LOOPBACK_HOSTS, url.hostname) && (url.protocol === 'http:' || url.protocol === 'https:')) {
    return { origin: url.origin, kind: 'local' };
  }
  // On a canister's own subdomain calls go to the domain itself, as the agent does.
  const domain = among(MAINNET_HOSTS, url.hostname);
  return domain && url.protocol === 'https:' && url.port === ''
    ? { origin: `https://${domain}`, kind: 'mainnet' }
    : undefined;
}

/** The name shown to people. */
export function networkName(network: Network): string {
  return network.kind === 'mainnet' ? 'Internet Computer' : 'Local network';
}
