/**
 * Verifies the directory's answers. An answer that does not verify is a {@link Failure} of the kind `lie`.
 *
 *     answer ──▶ certificate ──▶ certified log ──▶ proof ──▶ LookedUp
 *                (proofs/certificate.ts)  (here)   (directory/verify.ts)
 */
import {
  type Bundle,
  type BundleQuestion,
  checkBundle,
  DirectoryError,
  decodeBundle,
  decodeProfile,
  type Memory,
  type Query,
  type State,
  type Trusted,
  type Verified,
  verify,
} from '../directory';
import { decodeAll } from '../directory/bytes';
import { decodeProof, type Timed } from '../directory/proof';
import { certificateRefusedWords, certifiedData } from '../proofs/certificate';
import { certifiedLeaf } from '../proofs/certified';
import { equal } from '../proofs/hash';
import type { Found } from './bindings/directory';
import { bundleErrorWords } from './directory-words';
import { Failure } from './failure';
import { refuse } from './read';
import { refusal } from './sentences';

/** A verified look-up, with the changes that it showed, oldest first. */
export interface LookedUp extends Verified {
  readonly changes: readonly Timed[];
  /** The certificate's time in nanoseconds since 1970. */
  readonly asOf: bigint;
}

/** The data against which the answer to a look-up is verified. */
export interface Asked {
  readonly canister: Uint8Array;
  readonly rootKey: Uint8Array;
  readonly trusted: Trusted;
  readonly memory: Memory | undefined;
  readonly contact: State | undefined;
  /** The encoded label. */
  readonly label: Uint8Array;
  readonly view: Query['view'];
}

/** Verifies the answer to a look-up. Throws a {@link Failure} of the kind `lie`. */
export async function verifyFound(asked: Asked, { proof, certified }: Found): Promise<LookedUp> {
  const { canister, rootKey, trusted, memory, contact, label, view } = asked;
  if (!certified.certificate) return refuse({ kind: 'no-proof' });
  const platform = await certifiedData(certified.certificate, canister, rootKey);
  if (platform.kind === 'refused') {
    // A wrong clock is no lie.
    if (platform.why.kind === 'certificate-time') {
      throw new Failure('untrusted', `${certificateRefusedWords(platform.why)} Is the clock right?`, true);
    }
    return refuse({ kind: 'certificate', why: platform.why });
  }
  if (!equal(certifiedLeaf('log', certified.log), platform.data)) return refuse({ kind: 'other-log' });
  return named(() => {
    const log = decodeAll(certified.log, (reader) => {
      const log = { size: reader.u64('size'), root: reader.slice('root', 32) };
      reader.u64('updates');
      reader.slice('configuration', 32);
      return log;
    });
    const certifiedTime = platform.nanoseconds;
    const query = { label, view, certified: log, certifiedTime, memory, contact, now: seconds() };
    const verified = verify(trusted, query, proof);
    return { ...verified, changes: decodeProof(proof).found?.updates ?? [], asOf: certifiedTime };
  });
}

/**
 * Verifies bundles against the profile that a look-up has shown. Bundles of devices that the profile does not list are left
 * out: it may have listed them before. Throws a {@link Failure}: `refused` without a profile, a `lie` if a bundle does not
 * verify or a device has two.
 */
export function verifyBundles(
  { realm }: Pick<Trusted, 'realm'>,
  { index, profile: bytes }: Pick<Verified, 'index' | 'profile'>,
  seen: readonly Bundle[],
  bundles: readonly Uint8Array[],
): Bundle[] {
  if (!bytes) throw refusal({ __kind__: 'NoProfile', NoProfile: null } as const, bundleErrorWords);
  return named(() => {
    const profile = decodeProfile(bytes);
    const shown: Bundle[] = [];
    for (const bundle of bundles.map(decodeBundle)) {
      const isSameDevice = ({ device }: Bundle) => equal(device, bundle.device);
      // The directory has one bundle of a device. A second one is not newer than the first.
      if (shown.some(isSameDevice)) throw new DirectoryError('NotNewer');
      const newest = seen.find(isSameDevice);
      const question = { realm, index, profile, now: seconds(), ...(newest && { seen: newest }) };
      if (isOfListedDevice(bundle, question)) shown.push(bundle);
    }
    return shown;
  });
}

/** Checks a bundle, and says whether the profile lists its device. Throws a {@link DirectoryError} for any other reason. */
function isOfListedDevice(bundle: Bundle, question: BundleQuestion): boolean {
  try {
    checkBundle(bundle, question);
    return true;
  } catch (error) {
    if (error instanceof DirectoryError && error.code === 'UnknownDevice') return false;
    throw error;
  }
}

const seconds = (): bigint => BigInt(Math.floor(Date.now() / 1000));

/** Runs checks of the directory. If one fails, the answer is a lie. */
export function named<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof DirectoryError) return refuse({ kind: 'directory', code: error.code });
    throw error;
  }
}
