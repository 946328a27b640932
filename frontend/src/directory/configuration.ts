/**
 * The fixed configuration of a directory. Each head and the certified log contain its hash. The hash covers the VRF key:
 * with another key no certificate matches.
 *
 *     0   format 1 (1)
 *     1   registration 1    0 open, for development; 1 the registrar vouches
 *     2   threshold 1       verifiers that ratify a head together; 0: the platform's certificate suffices, for development
 *     3   verifiers n 1 (0 to 16) | n x (length 1 (1 to 64) | name | key 33), key ids strictly ascending,
 *                         no key twice
 *
 *     hash   SHA-256("directory-configuration-v1\n" | VRF key 32 | configuration)
 */
import { ascends, decodeAll, equal, type Reader, require, text } from './bytes';
import { isName, keyId, type Verifier } from './checkpoint';
import { sha256 } from './hash';
import { readKey } from './keys';

const FORMAT = 1;
const DOMAIN = text('directory-configuration-v1\n');
const MAX_VERIFIERS = 16;
const MAX_NAME = 64;

export interface Configuration {
  /** Whether a registrar vouches for registrations. */
  readonly registrar: boolean;
  /** Number of verifiers that ratify a head together. 0: none is needed. */
  readonly threshold: number;
  readonly verifiers: readonly Verifier[];
}

/** Throws a {@link DirectoryError} that names the first field that is wrong. */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  return decodeAll(bytes, (reader) => {
    reader.version('configuration format', FORMAT);
    const registration = reader.u8('registration');
    require(registration <= 1, 'registration');
    const threshold = reader.u8('threshold');
    const verifiers = reader.list('verifiers', MAX_VERIFIERS, readVerifier);
    require(ascends(verifiers, keyId), 'order of verifiers');
    const isNew = ({ key }: Verifier, at: number) => verifiers.slice(0, at).every((other) => !equal(other.key, key));
    require(verifiers.every(isNew), "verifier's key");
    require(threshold <= verifiers.length && (threshold === 0) === (verifiers.length === 0), 'threshold');
    return { registrar: registration === 1, threshold, verifiers };
  });
}

/** The hash in the heads of a directory with this encoded configuration and VRF key. */
export const configurationHash = (encoded: Uint8Array, vrfKey: Uint8Array): Uint8Array =>
  sha256(DOMAIN, vrfKey, encoded);

function readVerifier(reader: Reader): Verifier {
  const length = reader.u8("verifier's name");
  require(length <= MAX_NAME, "verifier's name");
  const name = utf8(reader.slice("verifier's name", length));
  require(isName(name), "verifier's name");
  return { name, key: readKey(reader) };
}

/** The text. Empty: the bytes are not UTF-8. */
function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return '';
  }
}
