/** What a client pins of a directory, from the configuration that the directory publishes. */
import { Principal } from '@icp-sdk/core/principal';
import { type Policy, Quorum, realmOf, type Trusted } from '../directory';
import { configurationHash, decodeConfiguration } from '../directory/configuration';
import type { Published } from './bindings/directory';

/**
 * Pins without the registrar's policies. Each look-up takes those that the directory itself shows: the verified history of the
 * registrar's own label has them. So whoever the directory calls its registrar vouches for registrations. Nothing proves that
 * this is the registrar whom the application means.
 */
export type PinsOfShown = Omit<Trusted, 'registrars'> & { readonly registrars: 'shown' };

/**
 * The pins of the directory in a canister. `registrars`: the policies of its registrar, today's and former ones, empty where
 * registration is open; or `shown`, see {@link PinsOfShown}. Cosignatures of verifiers may be `maxAge` seconds old.
 *
 * One node answers `published`, and it may lie. Then no look-up verifies: the certified log carries the hash of the
 * configuration and the VRF key, and the first look-up fails with the code `Configuration`. So pins with which a look-up has
 * succeeded are those of the canister. That the canister is the right one, and who its registrar is, the application knows from
 * elsewhere.
 *
 * Throws a {@link DirectoryError} for a configuration that cannot be read, and a TypeError where registrars are given and
 * registration is open, or the other way round.
 */
export function pin(
  canisterId: string,
  published: Pick<Published, 'encoded' | 'vrf_key'>,
  registrars: readonly Policy[],
  maxAge: bigint,
): Trusted;
export function pin(
  canisterId: string,
  published: Pick<Published, 'encoded' | 'vrf_key'>,
  registrars: 'shown',
  maxAge: bigint,
): Trusted | PinsOfShown;
export function pin(
  canisterId: string,
  { encoded, vrf_key: vrfKey }: Pick<Published, 'encoded' | 'vrf_key'>,
  registrars: readonly Policy[] | 'shown',
  maxAge: bigint,
): Trusted | PinsOfShown {
  const { registrar, threshold, verifiers } = decodeConfiguration(encoded);
  if (registrars !== 'shown' && registrar !== registrars.length > 0) {
    throw new TypeError(
      registrar ? "The policies of the directory's registrar are missing." : 'The directory has no registrar.',
    );
  }
  const pins = {
    realm: realmOf(Principal.fromText(canisterId).toUint8Array(), vrfKey),
    origin: `directory/${canisterId}`,
    vrfKey,
    configuration: configurationHash(encoded, vrfKey),
    quorum: threshold === 0 ? undefined : new Quorum(verifiers, threshold, maxAge),
  };
  if (registrars !== 'shown') return { ...pins, registrars };
  return registrar ? { ...pins, registrars } : { ...pins, registrars: [] };
}
