//! The soak, on the canister's real module and the network as it is served.
//!
//! `MESSAGE_CANISTER_TEST_SCALE` makes it longer. `MESSAGE_CANISTER_TEST_SEED` makes it a different one.

use std::path::Path;
use std::{env, fs};

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
    let module = test_support::artifact::canister_path();

    // A state that shows a fault stays where it is.
    let report =
        soak::run(&module, &state, &options).await.unwrap_or_else(|fault| panic!("{}: {fault}", state.display()));
    println!("{report}");
    fs::remove_dir_all(&state).expect("the state is the test's own");

    // It was a soak.
    let tally = &report.tally;
    assert_eq!(tally.kills, options.kills);
    assert!(tally.kills_under_way > options.kills / 2 && tally.kills_at_start > 0, "{report}");
    assert!(tally.landed > 0 && tally.resent > 0 && tally.replays > 0, "{report}");
    assert!(tally.sent_anew + tally.expired > 0, "{report}");
    assert!(tally.upgrades > 0 && tally.upgrades_cut > 0 && tally.unavailable > 0, "{report}");
    assert!(
        tally.acknowledgements > 0 && tally.acknowledged > 0 && tally.not_owner > 0 && tally.refused > 0,
        "{report}"
    );
    assert!(report.messages > options.operations, "{report}");
}
