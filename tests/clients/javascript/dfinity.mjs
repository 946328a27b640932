// The packages @dfinity/*, as the scenarios use them.

export { Actor, CanisterStatus, HttpAgent } from '@dfinity/agent';
export { IDL } from '@dfinity/candid';
export { Ed25519KeyIdentity } from '@dfinity/identity';
export { Secp256k1KeyIdentity } from '@dfinity/identity-secp256k1';
export { Principal } from '@dfinity/principal';
