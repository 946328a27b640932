//! Each rule has a test named after it, and an attacker who tries to evade it.

mod caller;
mod key;
mod owner;
mod policy;
mod quota;
mod roles;

use candid::Principal;

/// A principal that signs. Different numbers are different people.
fn person(number: u8) -> Principal {
    Principal::self_authenticating([number])
}

/// A canister.
fn canister() -> Principal {
    Principal::from_slice(&[0, 0, 0, 0, 0, 16, 0, 7, 1, 1])
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}
