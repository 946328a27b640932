/**
 * From the platform's certificate to the certified data that a proof must lead to (certified.ts). Only this file of the folder
 * needs @icp-sdk/core. It uses the library's verification of signatures (BLS12-381), delegation, canister ranges and age.
 */
import {
  Certificate,
  CertificateTimeErrorCode,
  type HashTree,
  LookupPathStatus,
  lookup_path,
  type NodePath,
  TrustError,
} from '@icp-sdk/core/agent';
import { lebDecode, PipeArrayBuffer } from '@icp-sdk/core/candid';
import { Principal } from '@icp-sdk/core/principal';
import type { Certified } from './head';
import type { Refused } from './verdict';

const NANOSECONDS = 1_000_000_000n;

export type CertificateRefused =
  /** It is not a certificate, or the subnet has not signed it. */
  | { readonly kind: 'certificate'; readonly reason: string }
  /** It is more than five minutes older or newer than this device's clock. */
  | { readonly kind: 'certificate-time'; readonly reason: string }
  /** It has no data of this canister. */
  | { readonly kind: 'canister' };

const refused = <Why>(why: Why): Refused<Why> => ({ kind: 'refused', why });

/**
 * Verifies a certificate. Returns the canister's certified data, and the certificate's time, also in nanoseconds since 1970.
 */
export async function certifiedData(
  certificate: Uint8Array,
  canisterId: Uint8Array,
  rootKey: Uint8Array,
): Promise<({ readonly kind: 'certified'; readonly nanoseconds: bigint } & Certified) | Refused<CertificateRefused>> {
  try {
    const canister = Principal.fromUint8Array(canisterId);
    const { cert } = await Certificate.create({
      certificate: plain(certificate),
      rootKey: plain(rootKey),
      principal: { canisterId: canister },
    });
    const time = found(['time'], cert.tree);
    const data = found(['canister', canister.toUint8Array(), 'certified_data'], cert.tree);
    if (!time || !data) return refused({ kind: 'canister' });
    const nanoseconds = lebDecode(new PipeArrayBuffer(time));
    return { kind: 'certified', data, time: Number(nanoseconds / NANOSECONDS), nanoseconds };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const late = error instanceof TrustError && error.code instanceof CertificateTimeErrorCode;
    return refused({ kind: late ? 'certificate-time' : 'certificate', reason });
  }
}

/** The reason why a certificate is refused, as a sentence for people. */
export function certificateRefusedWords(why: CertificateRefused): string {
  switch (why.kind) {
    case 'certificate':
      return `The certificate is not valid: ${why.reason}`;
    case 'certificate-time':
      return "The certificate's time is too far from this device's clock.";
    case 'canister':
      return 'The certificate has no data of this canister.';
  }
}

/** A copy of the leaf. The library returns wrong bytes if the leaf is a view into a larger buffer, as Node's buffers are. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function found(path: NodePath, tree: HashTree): Uint8Array | undefined {
  const result = lookup_path(path, tree);
  return result.status === LookupPathStatus.Found ? result.value : undefined;
}
