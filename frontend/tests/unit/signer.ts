/** Certificates as the platform makes them, by keys of the test's own. */
import { Cbor, type HashTree, NodeType, reconstruct } from '@icp-sdk/core/agent';
import { bls12_381 } from '@noble/curves/bls12-381.js';

const bls = bls12_381.shortSignatures;
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A signer: the root of the network, or a subnet. */
export class Signer {
  readonly #secret: Uint8Array;

  constructor(seed: number) {
    this.#secret = new Uint8Array(32).fill(seed);
  }

  get key(): Uint8Array {
    const prefix = '308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100';
    return Uint8Array.of(...Buffer.from(prefix, 'hex'), ...bls.getPublicKey(this.#secret).toBytes());
  }

  async certificate(tree: HashTree, delegation?: { subnet_id: Uint8Array; certificate: Uint8Array }) {
    const message = Uint8Array.of(13, ...utf8('ic-state-root'), ...(await reconstruct(tree)));
    const signature = bls.sign(bls.hash(message), this.#secret).toBytes();
    return Cbor.encode({ tree, signature, ...(delegation && { delegation }) });
  }
}

export const labeled = (label: string | Uint8Array, tree: HashTree) =>
  [NodeType.Labeled, typeof label === 'string' ? utf8(label) : label, tree] as HashTree;
export const fork = (left: HashTree, right: HashTree): HashTree => [NodeType.Fork, left, right];
export const leaf = (value: Uint8Array) => [NodeType.Leaf, value] as HashTree;

/** Unix seconds as the platform writes them: nanoseconds in LEB128. */
export function timeLeaf(seconds: number): HashTree {
  const bytes: number[] = [];
  for (let rest = BigInt(seconds) * 1_000_000_000n + 5n; ; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    if (rest <= 0x7fn) return labeled('time', leaf(Uint8Array.from(bytes)));
  }
}

/** What a subnet certifies of a canister. */
export const certifiedState = (canister: Uint8Array, data: Uint8Array, time: number) =>
  fork(labeled('canister', labeled(canister, labeled('certified_data', leaf(data)))), timeLeaf(time));
