//! The callers: keys with fixed secrets, in the form that each client needs.

use candid::Principal;
use ic_agent::Identity;
use ic_agent::identity::{AnonymousIdentity, BasicIdentity, Prime256v1Identity, Secp256k1Identity};

/// The secret of the Ed25519 key.
pub const ED25519: [u8; 32] = [7; 32];
/// The secret of the secp256k1 key.
pub const SECP256K1: [u8; 32] = [8; 32];
/// The secret of the P-256 key.
pub const P256: [u8; 32] = [9; 32];

/// The Ed25519 key in PEM.
pub fn ed25519_pem() -> String {
    let key = ic_ed25519::PrivateKey::deserialize_raw_32(&ED25519);
    key.serialize_pkcs8_pem(ic_ed25519::PrivateKeyFormat::Pkcs8v1)
}

/// The secp256k1 key in PEM.
pub fn secp256k1_pem() -> String {
    ic_secp256k1::PrivateKey::deserialize_sec1(&SECP256K1).expect("a legal secret").serialize_rfc5915_pem()
}

/// The P-256 key in PEM.
pub fn p256_pem() -> String {
    ic_secp256r1::PrivateKey::deserialize_sec1(&P256).expect("a legal secret").serialize_rfc5915_pem()
}

/// The Ed25519 key as the agent for Rust has it.
pub fn ed25519() -> BasicIdentity {
    BasicIdentity::from_raw_key(&ED25519)
}

/// The secp256k1 key as the agent for Rust has it.
pub fn secp256k1() -> Secp256k1Identity {
    Secp256k1Identity::from_pem(secp256k1_pem()).expect("the PEM is legal")
}

/// The P-256 key as the agent for Rust has it.
pub fn p256() -> Prime256v1Identity {
    Prime256v1Identity::from_pem(p256_pem()).expect("the PEM is legal")
}

/// The anonymous identity, an Ed25519 key and a secp256k1 key, with their names. Every client must support these.
pub fn of_every_client() -> [(&'static str, Box<dyn Identity>); 3] {
    [("anonymous", Box::new(AnonymousIdentity)), ("ed25519", Box::new(ed25519())), ("secp256k1", Box::new(secp256k1()))]
}

/// The principal of an identity.
pub fn principal(identity: &dyn Identity) -> Principal {
    identity.sender().expect("it has one")
}
