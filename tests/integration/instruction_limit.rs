//! A message that runs out of instructions is undone as a whole. The embedded engine sets the limit.

use candid::encode_args;
use local_ic::EntryPoint;
use message_canister::api::*;

use crate::support::snapshot::Snapshot;
use crate::support::{bytes, embedded, new_message};

#[test]
fn a_batch_that_runs_out_stores_nothing() {
    let (engine, inbox) = embedded::inbox();
    inbox.add_message(b"key", b"text").expect("stored");
    let batch: Vec<_> = (0..300u32).map(|n| new_message(&bytes(n % 20, 41), &bytes(n, 500))).collect();
    let arg = encode_args((&batch[..],)).expect("arguments can be encoded");

    // Its cost, measured on another inbox.
    let (other_engine, other) = embedded::inbox();
    other.add_message(b"key", b"text").expect("stored");
    other.update_raw("add_messages", arg.clone()).expect("a good batch");
    let whole = embedded::usage(&other_engine, &other).instructions;

    let before = Snapshot::of(&inbox);
    for tenth in 1..10 {
        engine.set_instruction_limit(inbox.id, Some(EntryPoint::Update), Some(whole * tenth / 10));
        let reject = inbox.update_raw("add_messages", arg.clone()).expect_err("the limit is below its cost");
        assert!(reject.is_instruction_limit(), "at {tenth} tenths it must run out, got {reject:?}");
        before.assert_same(&inbox, &format!("a batch that ran out at {tenth} tenths"));
    }
    engine.set_instruction_limit(inbox.id, Some(EntryPoint::Update), None);
    inbox.update_raw("add_messages", arg).expect("the limit is lifted");
    assert_eq!(inbox.get_max_message_id(), Ok(301), "all of it is stored");
    inbox.assert_all_invariants();
}

#[test]
fn an_upgrade_that_runs_out_leaves_the_release_in_place() {
    let (engine, inbox) = embedded::inbox();
    let batch: Vec<_> = (0..500u32).map(|n| new_message(&bytes(n, 41), &bytes(n, 100))).collect();
    inbox.add_messages(&batch).expect("a good batch");
    let before = Snapshot::of(&inbox);
    engine.set_instruction_limit(inbox.id, Some(EntryPoint::Init), Some(400_000));
    let reject = inbox.begin_upgrade(None).expect_err("the limit is below its cost");
    assert!(reject.is_instruction_limit(), "it must run out, got {reject:?}");
    before.assert_same(&inbox, "an upgrade that ran out");
    engine.set_instruction_limit(inbox.id, Some(EntryPoint::Init), None);
    inbox.upgrade(Some(&[Setting::rebuild_pages(Bound::AtMost(20))]));
    inbox.assert_all_invariants();
}
