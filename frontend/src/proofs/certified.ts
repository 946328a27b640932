/**
 * The data that the subnet certifies for the canister: the root of one of the platform's hash trees, with two labels.
 *
 *     fork ─┬─ labeled "http_expr" ── …                           a constant: gateways pass answers
 *           └─ labeled "msg" ── leaf: the store's root (32)       whose headers show this branch
 *
 * The platform hashes its trees with SHA-256.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Hash } from './hash';

/** The hash of the branch `http_expr`. It leaves every answer of the HTTP gateway uncertified. */
const HTTP_EXPR: Hash = hexToBytes('55ecc31c3e8047fc158f20ea0aa0609aacc7b57e06ea40dc41860272a7d64291');

/** The certified data of a canister whose store has this root. */
export const certifiedDataOf = (root: Hash): Hash => certifiedLeaf('msg', root);

/** The certified data of a canister whose other leaf has this label and content. The label must sort after `http_expr`. */
export function certifiedLeaf(label: string, content: Uint8Array): Hash {
  const leaf = hash('ic-hashtree-leaf', content);
  return hash('ic-hashtree-fork', HTTP_EXPR, hash('ic-hashtree-labeled', utf8ToBytes(label), leaf));
}

/** The hash of a domain separator, preceded by its length, and the parts. */
function hash(domain: string, ...parts: readonly Uint8Array[]): Hash {
  return sha256(concatBytes(Uint8Array.of(domain.length), utf8ToBytes(domain), ...parts));
}
