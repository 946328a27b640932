//! The soak, on the canister's real module and the network as it is served.
//!
//! `MESSAGE_CANISTER_TEST_SCALE` makes it longer, `MESSAGE_CANISTER_TEST_SEED` another one.

use std::path::Path;
use std::{env, fs};

use load::server::{Start, program};
use load::soak::{self, Options};

/// The number in an environment variable, if it is set.
fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a whole number, not '{text}'")))
}

/// Nothing that was confirmed is lost, nothing is stored twice, nothing unconfirmed is half there.
#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_and_store_nothing_twice() {
    let scale = number("MESSAGE_CANISTER_TEST_SCALE").unwrap_or(1);
    let options = Options::scaled(number("MESSAGE_CANISTER_TEST_SEED").unwrap_or(1), scale);
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("soak-{}", std::process::id()));
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../artifacts/message-canister.wasm.gz");
    let program = program().unwrap_or_else(|message| panic!("{message}"));
    let start = Start { program, module, state: Some(state.clone()), port: 0 };

    // A state that shows a fault stays where it is.
    let report = soak::run(start, &options).await.unwrap_or_else(|fault| panic!("{}: {fault}", state.display()));
    println!("{report}");
    fs::remove_dir_all(&state).expect("the state is the test's own");

    // It was a soak.
    assert_eq!(report.kills, options.kills);
    assert!(report.kills_under_way > options.kills / 2 && report.kills_at_start > 0, "{report}");
    assert!(report.landed > 0 && report.resent > 0 && report.renewed > 0 && report.replays > 0, "{report}");
    assert!(report.upgrades > 0 && report.upgrades_cut > 0 && report.unavailable > 0, "{report}");
    assert!(report.messages as u64 > options.operations, "{report}");
}
