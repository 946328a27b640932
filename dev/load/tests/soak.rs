//! The soak, on the real modules of both canisters and the network as it is served.
//!
//! `MESSAGE_CANISTER_TEST_SCALE` makes it longer. `MESSAGE_CANISTER_TEST_SEED` makes it a different one.

use std::path::Path;
use std::{env, fs};

use load::soak::{self, Modules, Options};
use test_support::artifact::{canister_path, directory_path};
use test_support::scale;

/// Nothing that was confirmed is lost, nothing is stored twice, nothing unconfirmed is half there.
#[test]
fn kills_lose_nothing_and_store_nothing_twice() {
    let seed = env::var("MESSAGE_CANISTER_TEST_SEED")
        .map_or(1, |text| text.parse().unwrap_or_else(|_| panic!("the seed is a whole number, not '{text}'")));
    let options = Options::scaled(seed, scale());
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("soak-{}", std::process::id()));
    let modules = Modules { messages: canister_path(), directory: directory_path() };

    // A state that shows a fault stays where it is.
    let report = soak::run(&modules, &state, &options).unwrap_or_else(|fault| panic!("{}: {fault}", state.display()));
    println!("{report}");
    fs::remove_dir_all(&state).expect("the state is the test's own");

    // It was a soak.
    let tally = &report.tally;
    assert_eq!(tally.kills, options.kills);
    assert!(tally.kills_under_way > options.kills / 2 && tally.kills_at_start > 0, "{report}");
    assert!(tally.resent > 0 && tally.replays > 0 && tally.unavailable > 0, "{report}");

    let messages = &tally.messages;
    assert!(messages.landed > 0 && messages.sent_anew + messages.expired > 0, "{report}");
    assert!(messages.upgrades.confirmed > 0 && messages.upgrades.cut > 0, "{report}");
    assert!(messages.acknowledgements > 0 && messages.acknowledged > 0, "{report}");
    assert!(messages.not_owner > 0 && messages.refused > 0, "{report}");
    assert!(report.messages > options.operations, "{report}");

    let directory = &tally.directory;
    assert!(directory.confirmed > 0 && directory.cut > 0, "{report}");
    assert!(directory.pending > 0 && directory.lost > 0, "{report}");
    assert!(directory.present > 0 && directory.absent > 0 && directory.ratified > 0, "{report}");
    assert!(directory.versions > 0 && directory.bundles > 0 && directory.bundles_shown > 0, "{report}");
    assert!(directory.cosigned > 2 && directory.reopened > 0, "{report}");
    assert!(directory.upgrades.confirmed > 0 && directory.upgrades.cut > 0, "{report}");
    assert!(report.updates > report.labels && report.epochs > 3, "{report}");
}
