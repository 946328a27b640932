//! The clients that people use, in their released versions, against the built canister on the served network: the
//! agent for Rust, both agents for JavaScript, the program `icp`, curl, and Prometheus' promtool for the metrics.
//!
//! Each client adds, reads, fails and calls with its identities. Each also meets a network that lies (`tamper`, `lies`), which
//! it must refuse. If a program is missing, its tests fail with a sentence that says what to run.

mod announced;
mod curl;
mod deploy;
mod directory;
mod envelopes;
mod icp;
mod identities;
mod javascript;
mod lies;
mod network;
mod peers;
mod programs;
mod promtool;
mod readme;
mod rust_agent;
mod tamper;
mod verification;

use candid::{CandidType, Deserialize};
use message_canister::api::*;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

/// The arguments of a call, encoded.
fn encoded(arguments: impl candid::utils::ArgumentEncoder) -> Vec<u8> {
    candid::encode_args(arguments).expect("arguments can be encoded")
}

/// The reply of a method that answers `variant { Ok; Err }`.
fn decoded<T, E>(reply: &[u8]) -> Result<T, E>
where
    T: CandidType + for<'de> Deserialize<'de>,
    E: CandidType + for<'de> Deserialize<'de>,
{
    candid::decode_one(reply).unwrap_or_else(|error| panic!("{reply:02x?} is not of the method's type: {error}"))
}

/// Bytes as candid has them.
fn blob(bytes: &[u8]) -> ByteBuf {
    ByteBuf::from(bytes)
}

/// An item of a batch.
fn item(key_id: &[u8], ciphertext: &[u8]) -> NewMessage {
    NewMessage { key_id: blob(key_id), ciphertext: blob(ciphertext), send_key: None }
}

/// SHA-256 of the file that scripts/build makes.
fn module_hash() -> [u8; 32] {
    Sha256::digest(test_support::artifact::canister_wasm()).into()
}

/// Whether a canister obeyed a caller, in an update and in a query that only controllers may call.
fn obeyed(set_settings: Result<u32, SettingsError>, check: Result<CheckReport, CheckError>) -> [bool; 2] {
    let updated = match set_settings {
        // The tests name no version.
        Err(SettingsError::Version { .. }) => true,
        Err(SettingsError::NotAllowed) => false,
        other => panic!("{other:?}"),
    };
    let queried = match check {
        Ok(_) => true,
        Err(CheckError::NotAllowed) => false,
        Err(other) => panic!("{other:?}"),
    };
    [updated, queried]
}

/// Each of `names` controls the canister of the same number: it must obey that caller, and no other.
fn assert_each_is_its_own_caller(names: &[&str], mut obeyed: impl FnMut(usize, usize) -> [bool; 2]) {
    for (canister, controller) in names.iter().enumerate() {
        for (caller, name) in names.iter().enumerate() {
            let expected = [caller == canister; 2];
            assert_eq!(obeyed(canister, caller), expected, "{name} calls the canister of {controller}");
        }
    }
}
