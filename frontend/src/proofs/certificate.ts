/**
 * From the platform's certificate to the root that a proof must lead to. The only file of this folder that needs
 * @icp-sdk/core, whose own verification it uses: signatures (BLS12-381), delegation, ranges of canisters, age.
 *
 *     certificate: …/canister/<id>/certified_data = root hash of a tree of the platform's form
 *     witness:     that tree, pruned but for the leaf at ["proofs"], which is the store's root (32)
 */
import {
  Cbor,
  Certificate,
  CertificateTimeErrorCode,
  type HashTree,
  LookupPathStatus,
  lookup_path,
  type NodePath,
  reconstruct,
  TrustError,
} from '@icp-sdk/core/agent';
import { lebDecode, PipeArrayBuffer } from '@icp-sdk/core/candid';
import { Principal } from '@icp-sdk/core/principal';
import { equal, HASH_BYTES, type Hash } from './hash';
import type { Certified } from './head';
import type { Refused } from './verdict';

/** Where the store's root stands in the certified tree. */
const ROOT_PATH: NodePath = ['proofs'];

const NANOSECONDS = 1_000_000_000n;

/** What a certificate says of a canister. */
export interface CertifiedData {
  readonly kind: 'certified';
  readonly data: Uint8Array;
  /** Unix seconds. */
  readonly time: number;
}

export type CertificateRefused =
  /** The subnet has not signed it, or it is none. */
  | { readonly kind: 'certificate'; readonly reason: string }
  /** It is more than five minutes older or newer than this device's clock. */
  | { readonly kind: 'certificate-time'; readonly reason: string }
  /** It says nothing of this canister. */
  | { readonly kind: 'canister' };

export type TreeRefused =
  /** The witness is not a tree of the platform's form. */
  | { readonly kind: 'tree' }
  /** The witness hashes to something else than the certified data. */
  | { readonly kind: 'certified-data' }
  /** The witness does not have the root. */
  | { readonly kind: 'root-missing' };

const refused = <Why>(why: Why): Refused<Why> => ({ kind: 'refused', why });

/** Verifies a certificate, and returns what the canister certified, and when. */
export async function certifiedData(
  certificate: Uint8Array,
  canisterId: Uint8Array,
  rootKey: Uint8Array,
): Promise<CertifiedData | Refused<CertificateRefused>> {
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
    return { kind: 'certified', data, time: Number(lebDecode(new PipeArrayBuffer(time)) / NANOSECONDS) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const late = error instanceof TrustError && error.code instanceof CertificateTimeErrorCode;
    return refused({ kind: late ? 'certificate-time' : 'certificate', reason });
  }
}

/** The store's root, from a witness in CBOR that must hash to the certified data. */
export async function rootFromCertifiedData(
  witness: Uint8Array,
  data: Uint8Array,
): Promise<{ readonly kind: 'root'; readonly root: Hash } | Refused<TreeRefused>> {
  try {
    const tree = Cbor.decode<HashTree>(plain(witness));
    const hash = await reconstruct(tree);
    // The library does not check what a pruned node has.
    if (!(hash instanceof Uint8Array)) return refused({ kind: 'tree' });
    if (!equal(hash, data)) return refused({ kind: 'certified-data' });
    const root = found(ROOT_PATH, tree);
    return root?.length === HASH_BYTES ? { kind: 'root', root } : refused({ kind: 'root-missing' });
  } catch {
    return refused({ kind: 'tree' });
  }
}

/** The root that certificate and witness prove of a canister, and when it was so. */
export async function certifiedRoot(
  certificate: Uint8Array,
  witness: Uint8Array,
  canisterId: Uint8Array,
  rootKey: Uint8Array,
): Promise<({ readonly kind: 'certified' } & Certified) | Refused<CertificateRefused | TreeRefused>> {
  const certified = await certifiedData(certificate, canisterId, rootKey);
  if (certified.kind === 'refused') return certified;
  const proved = await rootFromCertifiedData(witness, certified.data);
  return proved.kind === 'refused' ? proved : { kind: 'certified', root: proved.root, time: certified.time };
}

/** Why a certificate or its witness is not accepted, as a sentence for people. */
export function certificateRefusedWords(why: CertificateRefused | TreeRefused): string {
  switch (why.kind) {
    case 'certificate':
      return `The certificate is not valid: ${why.reason}`;
    case 'certificate-time':
      return "The certificate's time is too far from this device's clock.";
    case 'canister':
      return 'The certificate says nothing of this canister.';
    case 'tree':
      return 'The certified tree cannot be read.';
    case 'certified-data':
      return 'The certificate is of other data.';
    case 'root-missing':
      return "The certified tree does not have the store's root.";
  }
}

/** The library's look-up returns other bytes where a leaf is a view into a larger buffer, as slices of Node's buffers are. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function found(path: NodePath, tree: HashTree): Uint8Array | undefined {
  const result = lookup_path(path, tree);
  return result.status === LookupPathStatus.Found ? result.value : undefined;
}
