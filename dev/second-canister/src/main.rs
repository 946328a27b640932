//! A canister that uses the message canister's types and limits. Linking them adds no method and no stable memory.

use message_canister::api::{Setting, SettingsError};
use message_canister::limits::MAX_KEY_ID_BYTES;
use message_canister::settings::Configuration;

/// Whether key ids of so many bytes exist, and whether a message canister would keep these settings.
#[ic_cdk::query]
fn would_take(key_id_bytes: u32, settings: Vec<Setting>) -> Result<bool, SettingsError> {
    Configuration::default().apply(&settings)?;
    Ok((1..=MAX_KEY_ID_BYTES).contains(&(key_id_bytes as usize)))
}

fn main() {}
