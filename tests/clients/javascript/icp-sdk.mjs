// The package @icp-sdk/core, as the scenarios use it.

export { Actor, CanisterStatus, HttpAgent } from '@icp-sdk/core/agent';
export { IDL } from '@icp-sdk/core/candid';
export { DelegationChain, DelegationIdentity, Ed25519KeyIdentity } from '@icp-sdk/core/identity';
export { Secp256k1KeyIdentity } from '@icp-sdk/core/identity/secp256k1';
export { Principal } from '@icp-sdk/core/principal';
