//! The vectors in crates/directory-core/vectors, which hold this library and the TypeScript verifier to the same results.
//! The naive directory also writes the honest proofs. Each lie has the name of its error.
//!
//! `WRITE_VECTORS=1 cargo test -p directory-core vectors` writes the file anew.

mod keys;
mod lies;
mod lookups;
mod replays;

use directory_core::bytes::DecodeError;
use directory_core::change::{Refusal, State};
use directory_core::entry::Entry;
use directory_core::label::AddressError;
use directory_core::log::LogError;
use directory_core::policy::Policy;
use directory_core::signatures::SignatureError;
use directory_core::verify::VerifyError;
use serde_json::{Value, json};
use std::path::Path;

/// The name of an error, as the TypeScript verifier has it: the checks that lead to it.
pub fn name(error: &VerifyError) -> String {
    match error {
        VerifyError::Decode(DecodeError::Truncated { field, .. }) => format!("Decode/Truncated/{field}"),
        VerifyError::Decode(DecodeError::Invalid { field, .. }) => format!("Decode/Invalid/{field}"),
        VerifyError::Decode(DecodeError::Trailing { .. }) => "Decode/Trailing".into(),
        VerifyError::Vrf(error) => format!("Vrf/{error:?}"),
        VerifyError::Edge(error) => format!("Edge/{}", log_name(error)),
        VerifyError::ToNewest(error) => format!("ToNewest/{}", log_name(error)),
        VerifyError::FromKnown(error) => format!("FromKnown/{}", log_name(error)),
        VerifyError::Change { refusal: Refusal::Signature(error), .. } => {
            let error = match error {
                SignatureError::TooFew { .. } => "TooFew",
                SignatureError::Foreign(_) => "Foreign",
                SignatureError::Wrong(_) => "Wrong",
            };
            format!("Change/Signature/{error}")
        }
        VerifyError::Change { refusal, .. } => format!("Change/{}", first_word(refusal)),
        VerifyError::Address(None) => "Address".into(),
        VerifyError::Address(Some(error)) => format!("Address/{}", address_name(error)),
        error => first_word(error),
    }
}

fn address_name(error: &AddressError) -> String {
    first_word(error)
}

fn log_name(error: &LogError) -> String {
    first_word(error)
}

/// The name of an enum's variant.
fn first_word(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
}

fn hex_policy(policy: &Policy) -> Value {
    let keys: Vec<_> = policy.keys().iter().map(|key| hex::encode(key.bytes())).collect();
    json!({ "keys": keys, "threshold": policy.threshold() })
}

fn hex_state(state: &State) -> Value {
    json!({
        "entry": hex::encode(state.newest().encode()),
        "time": state.time().to_string(),
        "replaced": state.replaced().map(|entry: &Entry| hex::encode(entry.encode())),
    })
}

#[test]
fn the_committed_vectors_are_what_is_made() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/version-1.json");
    let sections = [
        ("keys", keys::keys()),
        ("signatures", keys::signatures()),
        ("vrf", keys::vrf()),
        ("lookups", lookups::lookups()),
        ("replays", replays::replays()),
    ];
    let lines = |cases: Vec<Value>| cases.iter().map(Value::to_string).collect::<Vec<_>>().join(",\n");
    let sections = sections.map(|(name, cases)| format!("\"{name}\": [\n{}\n]", lines(cases)));
    let made = format!("{{\n\"trusted\": {},\n{}\n}}\n", lookups::trusted(), sections.join(",\n"));
    assert!(made.len() < 400_000, "{} bytes", made.len());
    if std::env::var_os("WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &made).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == made,
        "the file differs: write it anew and look at what changed"
    );
}
