/** Owning a key: the key ids that this browser's key can claim, claims, and the send key. */
import type { SignIdentity } from '@icp-sdk/core/agent';
import { Failure, type OwnerProof } from '../../client';
import { text } from '../../directory/bytes';
import { sha256 } from '../../directory/hash';
import { run } from './browse';
import { connected, identity } from './session';

/** Length of the key ids that an owner claims. */
export const CLAIMED_BYTES = 32;
const PRINCIPAL_BYTES = 29;
/** The last byte of a principal that is the hash of a public key. */
const SELF_AUTHENTICATING = 2;
const SALT_BYTES = 16;
const SEND_KEY_BYTES = 16;
const SALTED = text('message-canister salted owner 1');

/** Whether a key id is the principal that owns it. */
export function isPrincipal(keyId: Uint8Array): boolean {
  return keyId.length === PRINCIPAL_BYTES && keyId.at(-1) === SELF_AUTHENTICATING;
}

/** This browser's key. Throws a {@link Failure} if there is none. */
function signer(): SignIdentity {
  const { value } = identity;
  if (!value || !('getPublicKey' in value)) {
    throw new Failure('input', 'You are anonymous, and own no key. Make a key in this browser first.', false);
  }
  return value as SignIdentity;
}

const publicKey = (): Uint8Array => new Uint8Array(signer().getPublicKey().toDer());

/** The key id that is the hash of this browser's public key. */
export const hashedKeyId = (): Uint8Array => sha256(publicKey());

export interface Salted {
  readonly salt: Uint8Array;
  readonly keyId: Uint8Array;
}

/** A new key id that hides its owner until it is claimed with the salt. */
export function makeSalted(): Salted {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  return { salt, keyId: sha256(SALTED, signer().getPrincipal().toUint8Array(), salt) };
}

/** Claims a key for this browser's key, by its public key or by a salt. */
export async function claimKey(keyId: Uint8Array, salt?: Uint8Array): Promise<void> {
  const proof: OwnerProof = salt ? { __kind__: 'salt', salt } : { __kind__: 'public_key', public_key: publicKey() };
  await (await connected()).claim(keyId, proof);
  await run();
}

/** Gives a key a new send key, and returns it. The store keeps only its hash. */
export async function makeSendKey(keyId: Uint8Array): Promise<Uint8Array> {
  const secret = crypto.getRandomValues(new Uint8Array(SEND_KEY_BYTES));
  const send_key = { __kind__: 'sha256', sha256: sha256(secret) } as const;
  await (await connected()).setKey(keyId, [{ __kind__: 'send_key', send_key }]);
  return secret;
}

export async function dropSendKey(keyId: Uint8Array): Promise<void> {
  const send_key = { __kind__: 'none', none: null } as const;
  await (await connected()).setKey(keyId, [{ __kind__: 'send_key', send_key }]);
}
