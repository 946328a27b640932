//! The canister's log reports what an operator should know.

use candid::Nat;
use ic_management_canister_types::CanisterSettings;
use local_ic::LocalIc;
use message_canister::api::*;
use message_canister::limits::MIN_REBUILD_PAGES;

use crate::support::{Inbox, bytes, controller, embedded, new_message, stranger};

const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// The lines of the log, in order.
fn log(engine: &LocalIc, inbox: &Inbox) -> Vec<String> {
    let records = engine.fetch_canister_logs(inbox.id, controller()).expect("a controller may read it");
    records.into_iter().map(|record| String::from_utf8(record.content).expect("it is text")).collect()
}

/// The lines that `call` adds.
fn lines_of(engine: &LocalIc, inbox: &Inbox, call: impl FnOnce()) -> Vec<String> {
    let before = log(engine, inbox).len();
    call();
    log(engine, inbox).split_off(before)
}

#[test]
fn installations_upgrades_and_rebuilds() {
    let (engine, inbox) = embedded::inbox();
    assert_eq!(log(&engine, &inbox), [format!("release {RELEASE} is installed")]);
    let batch: Vec<_> = (0..600u32).map(|n| new_message(&bytes(n, 41), &bytes(n, 200))).collect();
    inbox.add_messages(&batch).expect("a good batch");
    let settings = [Setting::rebuild_pages(Bound::AtMost(MIN_REBUILD_PAGES))];
    let upgrade = lines_of(&engine, &inbox, || inbox.begin_upgrade(Some(&settings)).expect("the canister upgrades"));
    let changed = "settings version 2: [rebuild_pages(AtMost(16))]".to_string();
    let upgraded = format!("upgraded to release {RELEASE}: 600 messages are to be indexed");
    assert_eq!(upgrade, [changed, upgraded]);
    let rebuild = lines_of(&engine, &inbox, || assert!(inbox.finish_rebuild() > 0));
    assert_eq!(rebuild, ["the index is rebuilt: it has 600 entries"]);
}

#[test]
fn settings_and_roles() {
    let (engine, inbox) = embedded::inbox();
    let (admin, other) = (inbox.caller, stranger());
    let lines = lines_of(&engine, &inbox, || {
        inbox.set_settings(&[Setting::min_age_seconds(7), Setting::reads(Reads::owners)]).expect("good settings");
        inbox.set_role(other, Some(Role::reader)).expect("a role");
        inbox.set_role(other, None).expect("no role");
    });
    assert_eq!(
        lines,
        [
            format!("settings version 2 by {admin}: [min_age_seconds(7), reads(owners)]"),
            format!("{other} is reader now, by {admin}"),
            format!("{other} has no role now, by {admin}"),
        ]
    );
    let refused = lines_of(&engine, &inbox, || {
        let theirs = inbox.called_by(other);
        theirs.set_settings(&[]).expect_err("no admin");
        theirs.set_role(other, Some(Role::admin)).expect_err("no admin");
        theirs.seal().expect_err("no admin");
        theirs.resume().expect_err("no admin");
        theirs.retry_rebuild().expect_err("no admin");
    });
    assert_eq!(refused, [""; 0], "refused calls are not logged: strangers cannot fill the log");
}

#[test]
fn sealing_and_resuming() {
    let (engine, inbox) = embedded::inbox();
    let admin = inbox.caller;
    let mut epoch = 0;
    let lines = lines_of(&engine, &inbox, || {
        inbox.seal().expect("sealed");
        inbox.seal().expect("it is sealed");
        epoch = inbox.resume().expect("resumed");
    });
    let resumed = format!("resumed by {admin}, with epoch {epoch}");
    assert_eq!(lines, [format!("sealed by {admin}: adds are refused"), resumed]);
}

#[test]
fn low_memory_once() {
    let (engine, inbox) = embedded::inbox();
    let all = CanisterSettings { wasm_memory_threshold: Some(Nat::from(3u64 << 30)), ..CanisterSettings::default() };
    let lines = lines_of(&engine, &inbox, || {
        engine.update_canister_settings(inbox.id, Some(controller()), all).expect("they are allowed");
        inbox.settle();
    });
    assert_eq!(lines, ["low memory: no more keys are opened until an upgrade"]);
}

#[test]
fn a_budget_each_time_it_is_used_up() {
    let (engine, inbox) = embedded::inbox();
    let items = Bound::AtMost(Rate { per_second: 1, burst: 2 });
    inbox.set_settings(&[Setting::strangers(Budget { items, ..Budget::default() })]).expect("good settings");
    let add = |number: u32| {
        lines_of(&engine, &inbox, || {
            inbox.called_by(stranger()).add_message(b"key", &number.to_le_bytes()).expect("stored");
        })
    };
    for second in [0, 5] {
        inbox.set_clock(second);
        assert_eq!(add(second), [""; 0], "one more is left");
        assert_eq!(add(second + 1), ["the budget of strangers is used up"]);
    }
}

/// Low: less can be spent than is set aside for the freezing threshold.
#[test]
fn low_cycles_once_each_time() {
    let (engine, inbox) = embedded::inbox();
    let adds = |from: u32| {
        lines_of(&engine, &inbox, || {
            for n in from..from + 250 {
                inbox.add_message(b"key", &n.to_le_bytes()).expect("stored");
            }
        })
    };
    let freeze_at = |balance: u128| {
        // 317,500 cycles a GiB and second.
        let bytes = u128::from(inbox.store_status().stable_bytes);
        let seconds = (balance << 30) / (bytes * 317_500);
        let threshold = Some(Nat::from(seconds));
        let settings = CanisterSettings { freezing_threshold: threshold, ..CanisterSettings::default() };
        engine.update_canister_settings(inbox.id, Some(controller()), settings).expect("they are allowed");
    };
    assert_eq!(adds(0), [""; 0], "there is plenty");
    let balance = engine.cycle_balance(inbox.id);
    freeze_at(balance * 3 / 5);
    let lines = adds(1_000);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("low cycles: the balance is "), "{lines:?}");
    freeze_at(balance / 5);
    assert_eq!(adds(2_000), [""; 0], "there is plenty again");
    freeze_at(balance * 3 / 5);
    assert_eq!(adds(3_000).len(), 1);
}
