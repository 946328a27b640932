//! What only controllers may do, and the settings they choose.

use message_canister::api::*;
use message_canister::limits::{MAX_REBUILD_PAGES, MIN_REBUILD_PAGES};

use crate::support::snapshot::Snapshot;
use crate::support::{Inbox, stranger};

fn pages(rebuild_pages: Option<u32>) -> Settings {
    Settings { rebuild_pages, ..Settings::default() }
}

#[test]
fn strangers_may_neither_check_nor_set_anything() {
    let inbox = Inbox::new();
    inbox.add_message(b"key", b"text").expect("stored");
    let before = Snapshot::of(&inbox);
    for caller in [stranger(), candid::Principal::anonymous()] {
        let theirs = inbox.called_by(caller);
        assert_eq!(theirs.set_settings(pages(Some(100))), Err(SettingsError::NotController), "settings by {caller}");
        assert_eq!(theirs.set_settings(pages(Some(1))), Err(SettingsError::NotController), "bad ones by {caller}");
        assert_eq!(theirs.check(CheckCursor::default()), Err(CheckError::NotController), "a check by {caller}");
        let unknown = CheckCursor { id: 9, ..CheckCursor::default() };
        assert_eq!(theirs.check(unknown), Err(CheckError::NotController), "a check from an unknown id by {caller}");
    }
    before.assert_same(&inbox, "calls of strangers");
}

#[test]
fn strangers_may_add_and_ask() {
    let inbox = Inbox::new().called_by(stranger());
    assert_eq!(inbox.add_message(b"key", b"text"), Ok(Added { id: 1, duplicate: false }), "anybody may send");
    assert_eq!(inbox.get_message_by_id(1).expect("anybody may ask").ciphertext, b"text");
    assert_eq!(inbox.get_status().messages, 1, "anybody may see the status");
}

#[test]
fn settings_are_replaced_as_a_whole_and_kept() {
    let inbox = Inbox::new();
    assert_eq!(inbox.get_status().settings, pages(None), "the defaults");
    for value in [Some(MIN_REBUILD_PAGES), Some(MAX_REBUILD_PAGES), None, Some(1_000)] {
        assert_eq!(inbox.set_settings(pages(value)), Ok(()), "{value:?} is within bounds");
        assert_eq!(inbox.get_status().settings, pages(value), "what was set");
    }
    inbox.upgrade(None);
    assert_eq!(inbox.get_status().settings, pages(Some(1_000)), "null keeps them in an upgrade");
    inbox.upgrade(Some(pages(Some(20))));
    assert_eq!(inbox.get_status().settings, pages(Some(20)), "an upgrade may replace them");
    inbox.upgrade(Some(pages(None)));
    assert_eq!(inbox.get_status().settings, pages(None), "also by the defaults");
}

#[test]
fn settings_out_of_bounds_are_refused() {
    let inbox = Inbox::new();
    inbox.set_settings(pages(Some(100))).expect("within bounds");
    let before = Snapshot::of(&inbox);
    for value in [0, MIN_REBUILD_PAGES - 1, MAX_REBUILD_PAGES + 1, u32::MAX] {
        let refused = SettingsError::RebuildPages { value, min: MIN_REBUILD_PAGES, max: MAX_REBUILD_PAGES };
        assert_eq!(inbox.set_settings(pages(Some(value))), Err(refused), "{value} pages");
        let reject = inbox.begin_upgrade(Some(pages(Some(value)))).expect_err("an upgrade with bad settings fails");
        assert!(reject.is_trap(), "an upgrade to {value} pages must trap, got {reject:?}");
        assert!(reject.message.contains(&value.to_string()), "the reason must say {value}: {}", reject.message);
    }
    before.assert_same(&inbox, "settings out of bounds");
}

#[test]
fn an_installation_with_settings_uses_them() {
    let platform = crate::support::engine::platform();
    let inbox = Inbox::installed(platform, Some(pages(Some(64))));
    assert_eq!(inbox.get_status().settings, pages(Some(64)), "what it was installed with");
    assert_eq!(inbox.get_status().limits.rebuild_pages, 64, "and the limit that follows");
}
