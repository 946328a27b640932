//! The generated sequences against the canister's Wasm, through candid.

use super::compare_with_model;
use crate::support::Inbox;

/// Number of sequences, times the scale.
const CASES: u32 = 12;

#[test]
fn the_canister_answers_as_the_model_does() {
    compare_with_model(CASES, 20..80, Inbox::new);
}
