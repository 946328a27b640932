//! The parts that the scenarios share: the canister's Wasm, and an installed canister. `test-support` has the
//! platforms.

pub mod client;
pub mod embedded;
pub mod methods;
pub mod module;
pub mod raw;
pub mod snapshot;

pub use client::{Inbox, first_page, new_message, page_after};
pub use test_support::{SECOND, chosen as engine, controller};

use candid::Principal;
use sha2::{Digest, Sha256};

/// When the tests begin: half a second past a full one, so that the nanoseconds that rounds take never turn it.
pub const START: u64 = START_SECONDS as u64 * SECOND + SECOND / 2;
/// [`START`] as the canister stamps it.
pub const START_SECONDS: u32 = 1_800_000_000;

/// Somebody else.
pub fn stranger() -> Principal {
    Principal::self_authenticating(b"nobody in particular")
}

/// The hash that the store files a ciphertext under.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// `length` bytes that differ with `seed`, with their position and from each other.
pub fn bytes(seed: u32, length: usize) -> Vec<u8> {
    test_support::bytes(seed.into(), length)
}

/// An inbox with five messages under two keys.
pub fn filled() -> Inbox {
    let inbox = Inbox::new();
    for n in 1..=5u32 {
        inbox.add_message(&bytes(n % 2, 41), &n.to_le_bytes()).expect("stored");
    }
    inbox
}
