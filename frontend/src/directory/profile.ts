/**
 * The profile of a label: the long-lived keys of its devices, and bytes of the application.
 *
 *     0    format 1 (1)
 *     1    devices 1 (0 to 16) | devices x (Ed25519 key 33 | Curve25519 key 32), Ed25519 keys strictly ascending
 *     ...  length 2 | bytes of the application
 */
import { ascends, decodeAll, require } from './bytes';
import { readKey } from './keys';

const FORMAT = 1;
const MAX_SIZE = 8_192;
const MAX_DEVICES = 16;

/** The long-lived keys of one device, 32 bytes each. */
export interface Device {
  /** Ed25519: signs the device's bundles. */
  readonly signing: Uint8Array;
  /** Curve25519: the device's identity in key agreements. */
  readonly identity: Uint8Array;
}

export interface Profile {
  /** In the order of their signing keys. */
  readonly devices: readonly Device[];
  readonly application: Uint8Array;
}

/** Decodes the profile that {@link verify} returned. Throws a {@link DirectoryError}. */
export function decodeProfile(bytes: Uint8Array): Profile {
  require(bytes.length <= MAX_SIZE, 'profile');
  return decodeAll(bytes, (reader) => {
    reader.version('profile format', FORMAT);
    const devices = reader.list('devices', MAX_DEVICES, (reader) => ({
      signing: readKey(reader),
      identity: reader.slice('identity', 32),
    }));
    const application = reader.long('application', MAX_SIZE);
    require(ascends(devices, ({ signing }) => signing), 'order of devices');
    return { devices, application };
  });
}
