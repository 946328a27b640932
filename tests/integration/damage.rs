//! Damaged records. An upgrade that meets one is refused. `check` reports damage that an upgrade does not look at.

use memchr::memmem;
use message_canister::api::*;
use message_canister::limits::MIN_REBUILD_PAGES;

use crate::support::{Inbox, bytes, embedded, new_message, sha256, stranger};

const MESSAGES: u32 = 20;
/// The message that is damaged: neither the first nor the last of its key or of the store.
const VICTIM: u32 = 10;

fn text(id: u32) -> Vec<u8> {
    bytes(id, 200)
}

/// Messages of two keys in turn.
fn filled() -> Inbox {
    let inbox = Inbox::new();
    for id in 1..=MESSAGES {
        inbox.set_clock(id);
        inbox.add_message(&bytes(id % 2, 41), &text(id)).expect("stored");
    }
    inbox
}

fn find(stable: &[u8], bytes: &[u8]) -> usize {
    memmem::find(stable, bytes).expect("it is in stable memory")
}

/// The victim's record: 84 bytes, its hash at the 40th.
fn record(stable: &[u8]) -> usize {
    find(stable, &sha256(&text(VICTIM))) - 40
}

/// Damages stable memory, upgrades, and returns the reported error.
fn report(damage: impl FnOnce(&mut [u8])) -> Result<Vec<String>, String> {
    let inbox = filled();
    let mut stable = inbox.platform.stable_memory(inbox.id);
    damage(&mut stable);
    inbox.platform.set_stable_memory(inbox.id, stable);
    inbox.begin_upgrade(None).map_err(|reject| reject.message)?;
    let report = inbox.check(CheckCursor::default()).expect("a small store is rebuilt at once");
    assert_eq!((report.checked, report.next), (MESSAGES, None), "a small store is checked in one slice");
    Ok(report.violations)
}

#[test]
fn sound_memory_has_nothing_to_report() {
    assert_eq!(report(|_| ()), Ok(vec![]), "nothing was damaged");
}

#[test]
fn a_check_reports_what_is_broken() {
    for (invariant, offset, what) in [
        (1, 7, "the timestamp"),
        (2, 9, "the key id's head"),
        (2, 32, "the link to the next message"),
        (2, 36, "the link back"),
        (4, 40, "the hash"),
        (4, 73, "where the ciphertext starts"),
        (4, 80, "how long the ciphertext is"),
    ] {
        let violations = report(|stable| stable[record(stable) + offset] ^= 1).expect("an upgrade does not notice");
        let expected = format!("invariant {invariant}, message {VICTIM}:");
        assert!(
            violations.iter().any(|violation| violation.starts_with(&expected)),
            "with {what} damaged the report must have \"{expected}\", has {violations:?}",
        );
    }
    let violations = report(|stable| {
        let place = find(stable, &text(VICTIM));
        stable[place + 100] ^= 0x40;
    });
    let violations = violations.expect("an upgrade does not read ciphertexts");
    assert!(
        violations.iter().any(|violation| violation.starts_with(&format!("invariant 4, message {VICTIM}:"))),
        "with the ciphertext damaged the report must name it, has {violations:?}",
    );
}

#[test]
fn an_upgrade_refuses_records_that_make_no_sense() {
    for (offset, what) in [(0, "the id"), (8, "the length of the key id"), (79, "the flags")] {
        let refused = report(|stable| stable[record(stable) + offset] ^= 0x80);
        let reason = refused.expect_err("an upgrade must refuse it");
        assert!(
            reason.contains(&format!("message {VICTIM}")),
            "{what} is damaged, the reason must name the message: {reason}"
        );
    }
}

/// A damaged record after the first slice of a rebuild, where the upgrade has already succeeded.
#[test]
fn a_rebuild_that_fails_stops_and_says_so_until_a_controller_tries_again() {
    const BROKEN: u32 = 800;
    let (engine, inbox) = embedded::inbox();
    inbox.set_settings(&[Setting::rebuild_pages(Bound::AtMost(MIN_REBUILD_PAGES))]).expect("good settings");
    let batch: Vec<_> = (1..=900u32).map(|id| new_message(&bytes(id, 41), &text(id))).collect();
    inbox.add_messages(&batch).expect("a good batch");
    let sound = inbox.platform.stable_memory(inbox.id);
    let mut damaged = sound.clone();
    let flags = find(&sound, &sha256(&text(BROKEN))) - 40 + 79;
    damaged[flags] = 0x80;
    inbox.platform.set_stable_memory(inbox.id, damaged);
    inbox.begin_upgrade(None).expect("the first slice is sound");
    for attempt in 0..2 {
        while inbox.store_status().rebuild_failure.is_none() {
            inbox.platform.tick();
        }
        let status = inbox.store_status();
        let why = status.rebuild_failure.expect("it has stopped");
        assert!(why.contains(&format!("message {BROKEN}")), "attempt {attempt} says {why}");
        let progress = status.rebuild.expect("the indexes are not complete");
        assert_eq!((progress.done, progress.total), (BROKEN - 1, 900), "as far as it came");
        let json = String::from_utf8(inbox.http_request("GET", "/").body.into_vec()).expect("text");
        assert!(json.contains(&format!("\"rebuild_failure\":\"{why}\"")), "{json}");
        let log = engine.fetch_canister_logs(inbox.id, inbox.caller).expect("a controller reads the log");
        let logged = log.iter().any(|record| String::from_utf8_lossy(&record.content).contains(&why));
        assert!(logged, "the log says it too: {log:?}");
        // Strangers' calls do not restart it, and reads that need no index still work.
        let refused = inbox.called_by(stranger()).add_message(b"key", b"text");
        assert_eq!(refused, Err(AddError::Unavailable(progress)), "adds wait");
        let add = embedded::usage(&engine, &inbox).instructions;
        inbox.settle();
        let last = embedded::last_execution(&engine, &inbox).usage.instructions;
        assert_eq!(last, add, "nothing has run since that add");
        assert_eq!(inbox.get_message_by_id(7).expect("by id").message.ciphertext, text(7));
        if attempt == 1 {
            inbox.platform.set_stable_memory(inbox.id, sound.clone());
        }
        assert_eq!(inbox.retry_rebuild(), Ok(()), "a controller may try again");
    }
    inbox.finish_rebuild();
    assert_eq!(inbox.store_status().rebuild_failure, None, "it has gone through");
    assert_eq!(inbox.retry_rebuild(), Err(RetryError::NotFailed));
    let log = engine.fetch_canister_logs(inbox.id, inbox.caller).expect("a controller reads the log");
    let log: Vec<_> = log.iter().map(|record| String::from_utf8_lossy(&record.content)).collect();
    let again = format!("{} restarted the rebuild of the index", inbox.caller);
    assert_eq!(log.iter().filter(|line| **line == again).count(), 2, "{log:?}");
    assert_eq!(log.last().expect("lines"), "the index is rebuilt: it has 900 entries");
    inbox.assert_all_invariants();
}

#[test]
fn a_large_store_is_checked_in_slices() {
    let inbox = Inbox::new();
    for first in (0..7_000u32).step_by(1_000) {
        let batch: Vec<_> =
            (first..first + 1_000).map(|n| new_message(&bytes(n % 900, 20), &n.to_le_bytes())).collect();
        inbox.add_messages(&batch).expect("a good batch");
    }
    let mut checked = 0;
    let mut slices = 0;
    let mut slice = Some(CheckCursor::default());
    while let Some(from) = slice {
        let report = inbox.check(from).expect("a controller may");
        assert_eq!(report.violations, Vec::<String>::new(), "nothing is broken, from {from:?}");
        checked += report.checked;
        slices += 1;
        assert_ne!(report.next, slice, "each slice must make progress");
        slice = report.next;
    }
    assert_eq!(checked, 7_000, "each message is looked at once");
    assert!(slices > 1, "in more than one slice");
}
