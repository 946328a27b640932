/** The pins of a directory, made from its published configuration. */
import { Principal } from '@icp-sdk/core/principal';
import { type Policy, Quorum, realmOf, type Trusted } from '../directory';
import { configurationHash, decodeConfiguration } from '../directory/configuration';
import type { Published } from './bindings/directory';

/**
 * Pins without the registrar's policies. Each look-up takes the policies that the directory itself shows: those in the verified
 * history of the registrar's own label. So registrations verify against any registrar that the directory names. Nothing proves
 * that this is the registrar whom the application means.
 */
export type PinsOfShown = Omit<Trusted, 'registrars'> & { readonly registrars: 'shown' };

/**
 * The pins of the directory in a canister. `registrars`: the policies of its registrar, present and former, empty if
 * registration is open; or `shown`, see {@link PinsOfShown}. Cosignatures of verifiers may be `maxAge` seconds old.
 *
 * One node answers `published`, and it may lie. Then no look-up verifies: the certified log contains the hash of the
 * configuration and the VRF key, so the first look-up fails with the code `Configuration`. After a look-up has succeeded, the
 * pins are known to be the canister's. The application must know from elsewhere that this is the right canister, and who its
 * registrar is.
 *
 * Throws a {@link DirectoryError} if the configuration cannot be read, and a TypeError if registrars are given for open
 * registration, or are missing otherwise.
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
