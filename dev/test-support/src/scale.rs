//! The amount of work of random tests.

/// Factor by which `scripts/test --full` multiplies cases, kills and operations: `MESSAGE_CANISTER_TEST_SCALE`, 1 if it is not
/// set.
///
/// # Panics
///
/// If the variable is not a whole number.
pub fn scale() -> u32 {
    std::env::var("MESSAGE_CANISTER_TEST_SCALE").map_or(1, |text| {
        text.parse().unwrap_or_else(|_| panic!("MESSAGE_CANISTER_TEST_SCALE is a whole number, not '{text}'"))
    })
}
