/**
 * m-of-n policies, and lists of signatures over one message.
 *
 *     policy      n 1 (1 to 8) | n x key 33, strictly ascending | m 1 (1 to n)
 *     signatures  n 1 (0 to 24) | n x (key 33 | signature 64), keys strictly ascending
 */
import { ascends, concat, equal, type Reader, require } from './bytes';
import { DirectoryError } from './error';
import { encodeKey, readKey, verifies } from './keys';

const MAX_KEYS = 8;
const MAX_SIGNATURES = 3 * MAX_KEYS;

export interface Policy {
  readonly keys: readonly Uint8Array[];
  readonly threshold: number;
}

export interface Signature {
  readonly key: Uint8Array;
  readonly signature: Uint8Array;
}

export const readPolicy = (reader: Reader): Policy => readPolicyWith(reader.u8('number of keys'), reader);

/** Reads a policy after the number of keys. */
export function readPolicyWith(number: number, reader: Reader): Policy {
  require(number >= 1 && number <= MAX_KEYS, 'number of keys');
  const keys = Array.from({ length: number }, () => readKey(reader));
  require(ascends(keys, (key) => key), 'order of keys');
  const threshold = reader.u8('threshold');
  require(threshold >= 1 && threshold <= number, 'threshold');
  return { keys, threshold };
}

export function encodePolicy({ keys, threshold }: Policy): Uint8Array {
  return concat(Uint8Array.of(keys.length), ...keys.map(encodeKey), Uint8Array.of(threshold));
}

const has = (policy: Policy, key: Uint8Array): boolean => policy.keys.some((own) => equal(own, key));

export function readSignatures(reader: Reader): Signature[] {
  const signatures = reader.list('number of signatures', MAX_SIGNATURES, (reader) => ({
    key: readKey(reader),
    signature: reader.slice('signature', 64),
  }));
  require(ascends(signatures, ({ key }) => key), 'order of signatures');
  return signatures;
}

/**
 * Checks that enough keys of each policy signed the message, that each signature belongs to a policy, and that each is valid.
 */
export function authorise(signatures: readonly Signature[], message: Uint8Array, policies: readonly Policy[]): void {
  for (const policy of policies) {
    const found = signatures.filter(({ key }) => has(policy, key)).length;
    if (found < policy.threshold) throw new DirectoryError('Signature/TooFew');
  }
  if (signatures.some(({ key }) => !policies.some((policy) => has(policy, key)))) {
    throw new DirectoryError('Signature/Foreign');
  }
  if (signatures.some(({ key, signature }) => !verifies(key, message, signature))) {
    throw new DirectoryError('Signature/Wrong');
  }
}
