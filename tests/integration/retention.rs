//! Retention as callers and operators see it: limits in the settings, the work of the timer, and the cost of a full
//! store.

use message_canister::api::*;
use message_canister::limits::{MIN_MAX_BYTES, SWEEP_INSTRUCTIONS};
use std::mem::discriminant;
use std::rc::Rc;

use crate::support::{Inbox, bytes, embedded, first_page, new_message, page_after};

fn limits(max_messages: Option<u32>, max_bytes: Option<u64>, max_age_seconds: Option<u32>) -> [Setting; 3] {
    [
        Setting::max_messages(max_messages.into()),
        Setting::max_bytes(max_bytes.into()),
        Setting::max_age_seconds(max_age_seconds.into()),
    ]
}

/// The limits that hold.
fn held(inbox: &Inbox) -> Vec<Setting> {
    let kinds = limits(None, None, None);
    let settings = inbox.get_status().settings.settings.into_iter();
    settings.filter(|setting| kinds.iter().any(|kind| discriminant(kind) == discriminant(setting))).collect()
}

fn fill(inbox: &Inbox, range: std::ops::Range<u32>) {
    let all: Vec<u32> = range.collect();
    for chunk in all.chunks(1_000) {
        let batch: Vec<_> = chunk.iter().map(|&n| new_message(&bytes(n % 50, 41), &n.to_le_bytes())).collect();
        assert!(inbox.add_messages(&batch).expect("a good batch").iter().all(Result::is_ok), "all of it is stored");
    }
}

#[test]
fn limits_given_at_install_hold_and_are_kept_by_an_upgrade() {
    let given = limits(Some(10), Some(MIN_MAX_BYTES), Some(3_600));
    let inbox = Inbox::installed(Rc::new(embedded::start()), Some(&given));
    inbox.settle();
    fill(&inbox, 0..25);
    let status = inbox.store_status();
    assert_eq!((held(&inbox), status.first_id, status.next_id, status.messages), (given.to_vec(), 16, 26, 10));
    inbox.upgrade(None);
    assert_eq!(held(&inbox), given, "null keeps them");
    inbox.upgrade(Some(&limits(Some(3), None, None)));
    let status = inbox.store_status();
    assert_eq!((status.first_id, status.messages), (23, 3), "new ones hold at once");
    assert_eq!(held(&inbox), limits(Some(3), None, None));
    inbox.assert_all_invariants();
}

#[test]
fn limits_below_what_one_message_needs_are_refused() {
    let inbox = Inbox::new();
    fill(&inbox, 0..5);
    let before = inbox.get_status();
    let (value, min) = (MIN_MAX_BYTES - 1, MIN_MAX_BYTES);
    let too_low = |setting: &str, value, min| SettingsError::TooLow { setting: setting.to_string(), value, min };
    for (settings, error) in [
        (limits(Some(0), None, None), too_low("max_messages", 0, 1)),
        (limits(None, Some(value), None), too_low("max_bytes", value, min)),
        (limits(None, None, Some(0)), too_low("max_age_seconds", 0, 1)),
    ] {
        assert_eq!(inbox.set_settings(&settings), Err(error));
        assert_eq!(inbox.get_status(), before, "nothing has changed");
    }
    assert_eq!(inbox.set_settings(&limits(Some(1), Some(min), Some(1))), Ok(2), "the least");
    assert_eq!(inbox.add_message(&bytes(1, 64), &bytes(1, 2_000_000)).map(|added| added.id), Ok(6), "one message fits");
}

#[test]
fn readers_are_told_what_they_missed() {
    let inbox = Inbox::new();
    fill(&inbox, 0..200);
    let key = bytes(7, 41);
    let page = inbox.get_messages_by_key(&key, page_after(0, Order::ascending, 2)).expect("a page");
    assert_eq!((page.next, page.gap, page.first_id), (58, false, 1), "ids 8 and 58");
    inbox.set_settings(&limits(Some(60), None, None)).expect("good settings");
    // Live from 141 on: 158 is left of the key, and 108 was missed.
    let page = inbox.get_messages_by_key(&key, page_after(58, Order::ascending, 2)).expect("a page");
    let ids: Vec<Id> = page.messages.iter().map(|message| message.id).collect();
    assert_eq!((ids, page.gap, page.first_id), (vec![158], true, 141));
    let page = inbox.get_messages_by_key(&key, page_after(108, Order::ascending, 2)).expect("a page");
    assert!(!page.gap, "nothing lies between 108 and 158");
    assert_eq!(page.messages[0].prev_id, 108, "the link is as it was stored; first_id tells that 108 is gone");
    assert_eq!(inbox.get_message_by_id(140), Err(GetError::Dropped { first_id: 141 }));
    let page = inbox.get_messages_by_range(1, 200, page_after(139, Order::ascending, 1)).expect("a page");
    assert_eq!((page.messages[0].id, page.gap), (141, true), "140 was missed");
    let page = inbox.get_messages_by_range(1, 200, first_page(Order::ascending)).expect("a page");
    assert!(!page.gap, "a reader that starts again has missed nothing");
}

#[test]
fn messages_that_are_too_old_are_gone_at_once_and_swept_by_the_timer() {
    let (engine, inbox) = embedded::inbox();
    inbox.set_settings(&limits(None, None, Some(100))).expect("good settings");
    fill(&inbox, 0..30_000);
    let heap = embedded::last_execution(&engine, &inbox).heap_pages;
    engine.advance_time(std::time::Duration::from_secs(99));
    assert_eq!(inbox.store_status().messages, 30_000);
    engine.advance_time(std::time::Duration::from_secs(1));
    // No message has run since.
    let status = inbox.store_status();
    assert_eq!((status.messages, status.backlog, status.first_id), (0, 30_000, 30_001));
    assert_eq!(inbox.get_message_by_id(1), Err(GetError::Dropped { first_id: 30_001 }));
    assert_eq!(inbox.get_max_message_id_by_key(&bytes(7, 41)), Ok(None));
    engine.advance_time(std::time::Duration::from_secs(60));
    inbox.platform.tick();
    let swept = embedded::last_execution(&engine, &inbox).usage.instructions;
    eprintln!("sweeping 30,000 took {swept} instructions");
    let in_a_message = 30_000 * SWEEP_INSTRUCTIONS / swept;
    assert!(in_a_message >= 500_000, "a message of the timer sweeps some 500,000, not {in_a_message}");
    let status = inbox.store_status();
    assert_eq!((status.backlog, status.keys, status.index_entries), (0, 50, 0), "keys are remembered");
    fill(&inbox, 0..30_000);
    assert_eq!(inbox.store_status().next_id, 60_001, "all of them are new messages");
    assert!(embedded::last_execution(&engine, &inbox).heap_pages <= heap + 2, "in the room of the old ones");
    inbox.assert_all_invariants();
}

#[test]
fn the_timer_goes_on_after_an_upgrade() {
    let (engine, inbox) = embedded::inbox();
    inbox.set_settings(&limits(None, None, Some(50))).expect("good settings");
    fill(&inbox, 0..100);
    inbox.upgrade(None);
    engine.advance_time(std::time::Duration::from_secs(110));
    inbox.platform.tick();
    let status = inbox.store_status();
    assert_eq!((status.messages, status.backlog, status.keys), (0, 0, 50));
}

/// After a sweep that traps, the next call that changes something arms the timer again.
#[test]
fn a_sweep_survives_a_trap() {
    let (engine, inbox) = embedded::inbox();
    inbox.set_settings(&limits(None, None, Some(50))).expect("good settings");
    for n in 1..12 {
        fill(&inbox, 100 * n..100 * n + 100);
        engine.advance_time(std::time::Duration::from_secs(110));
        engine.trap_at_system_call(inbox.id, Some(u64::from(n)));
        inbox.platform.tick();
        engine.trap_at_system_call(inbox.id, None);
        inbox.add_message(b"key", &n.to_le_bytes()).expect("stored");
        inbox.platform.tick();
        inbox.platform.tick();
        let status = inbox.store_status();
        assert_eq!((status.messages, status.backlog), (1, 0), "with a trap at system call {n}");
        inbox.assert_all_invariants();
    }
}

/// However much is due, no call costs over 300,000 instructions more than the same call with nothing due.
#[test]
fn no_call_pays_for_all_that_is_due() {
    let (engine, inbox) = embedded::inbox();
    fill(&inbox, 0..50_000);
    let cost = |call: &dyn Fn()| {
        call();
        embedded::usage(&engine, &inbox).instructions
    };
    let small = |n: u32| inbox.add_message(b"small", &n.to_le_bytes()).map(drop).expect("stored");
    let large = |n: u32| inbox.add_message(b"large", &bytes(n, 1_900_000)).map(drop).expect("stored");
    let by_id = || inbox.get_message_by_id(60_000).map(drop).unwrap_or_default();
    let head = || inbox.get_key_heads(&[bytes(7, 41)]).map(drop).unwrap_or_default();
    let plain = [cost(&|| small(1)), cost(&|| large(1)), cost(&by_id), cost(&head)];
    // One large add into a store full of tiny messages: it drops about 20,000 of them.
    inbox.set_settings(&limits(None, Some(inbox.store_status().live_bytes), None)).expect("good settings");
    let dropping = cost(&|| large(2));
    let dropped = inbox.store_status().first_id;
    assert!(dropped > 15_000, "only {dropped} were dropped");
    assert!(dropping < plain[1] + 300_000, "an add that drops {dropped} costs {dropping}, another {}", plain[1]);
    // All of it expires at once.
    inbox.set_settings(&limits(None, None, Some(100))).expect("good settings");
    engine.advance_time(std::time::Duration::from_secs(1_000));
    let due = [cost(&|| small(2)), cost(&|| large(3)), cost(&by_id), cost(&head)];
    for (due, plain) in due.into_iter().zip(plain) {
        assert!(due < plain + 300_000, "{due} instructions with everything due, {plain} with nothing");
    }
}

#[test]
fn an_add_that_drops_and_sweeps_costs_little_more() {
    let (engine, inbox) = embedded::inbox();
    fill(&inbox, 0..20_000);
    let average = |from: u32| {
        let costs = (from..from + 100).map(|n| {
            inbox.add_message(&bytes(n % 50, 41), &n.to_le_bytes()).expect("stored");
            embedded::usage(&engine, &inbox).instructions
        });
        costs.sum::<u64>() / 100
    };
    let plain = average(100_000);
    inbox.set_settings(&limits(Some(inbox.store_status().messages), None, None)).expect("good settings");
    let dropping = average(200_000);
    assert!(dropping > plain, "it does something more");
    assert!(dropping < plain + 8_000, "{dropping} instructions where one that drops nothing costs {plain}");
}

/// A key outlives its messages, so that readers learn of gaps. It does not stay for ever.
#[test]
fn a_key_without_messages_is_forgotten_by_the_timer_after_a_while() {
    let inbox = Inbox::new();
    let (idle, kept) = (bytes(1, 20), bytes(2, 20));
    let ages = [Setting::max_age_seconds(Bound::AtMost(60)), Setting::idle_seconds(Bound::AtMost(600))];
    inbox.set_settings(&ages).expect("good settings");
    inbox.set_key(&kept, &[KeySetting::kept(true)]).expect("an admin keeps it");
    for key_id in [&idle, &kept] {
        inbox.add_message(key_id, b"text").expect("stored");
    }
    let ranks = || {
        inbox.settle();
        let heads = inbox.get_key_heads(&[idle.clone(), kept.clone()]).expect("good keys");
        heads.into_iter().map(|head| head.map(|head| head.rank)).collect::<Vec<_>>()
    };
    // Messages expire within the minute, and the timer works on full minutes.
    inbox.set_clock(180);
    assert_eq!((ranks(), inbox.store_status().messages), (vec![Some(1), Some(1)], 0), "their messages are gone");
    inbox.set_clock(540);
    assert_eq!(ranks(), [Some(1), Some(1)], "too early");
    inbox.set_clock(720);
    assert_eq!(ranks(), [None, Some(1)]);
    assert_eq!(inbox.store_status().keys, 1);
    assert_eq!(inbox.add_message(&idle, b"text").map(|added| added.id), Ok(3), "it begins anew");
    inbox.add_message(&kept, b"more").expect("stored");
    assert_eq!(ranks(), [Some(1), Some(2)]);
    inbox.assert_all_invariants();
}
