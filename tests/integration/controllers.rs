//! What only controllers may do, and the settings they choose.

use candid::{CandidType, Int, encode_args};
use message_canister::api::*;
use message_canister::limits::{MAX_REBUILD_PAGES, MIN_REBUILD_PAGES};

use crate::support::platform::Reject;
use crate::support::snapshot::Snapshot;
use crate::support::wasm::canister_wasm;
use crate::support::{Inbox, stranger};

fn pages(rebuild_pages: Option<u32>) -> Settings {
    Settings { rebuild_pages: rebuild_pages.into(), ..Settings::default() }
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
    assert_eq!(inbox.get_message_by_id(1).expect("anybody may ask").message.ciphertext, b"text");
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

/// What an operator may have meant as "5 messages at most", and is not: candid reads an opt of another type as null.
fn mistyped() -> Vec<Vec<u8>> {
    #[derive(CandidType, Clone)]
    struct OfOpts<T> {
        max_messages: Option<T>,
    }
    #[derive(CandidType, Clone)]
    struct Whole<T> {
        rebuild_pages: Bound<u32>,
        max_messages: T,
        max_bytes: Bound<u64>,
        max_age_seconds: Bound<u32>,
    }
    fn whole<T>(max_messages: T) -> Whole<T> {
        let (max_bytes, max_age_seconds) = (Bound::Unlimited, Bound::Unlimited);
        Whole { rebuild_pages: Bound::Unlimited, max_messages, max_bytes, max_age_seconds }
    }
    fn both<T: CandidType + Clone>(settings: T) -> [Vec<u8>; 2] {
        [encode_args((settings.clone(),)), encode_args((Some(settings),))].map(|argument| argument.expect("encoded"))
    }
    [
        both(OfOpts { max_messages: Some(Int::from(5)) }),
        both(OfOpts { max_messages: Some(5u32) }),
        both(whole(Some(Int::from(5)))),
        both(whole(5u32)),
        both(whole(Bound::AtMost(Int::from(5)))),
        both(whole(Bound::AtMost(5u64))),
        both(whole(None::<u32>)),
        both(5u32),
    ]
    .concat()
}

#[test]
fn settings_of_another_type_are_refused_wherever_they_come() {
    let inbox = Inbox::new();
    inbox.set_settings(Settings { max_messages: Bound::AtMost(9), ..Settings::default() }).expect("good settings");
    let before = Snapshot::of(&inbox);
    for argument in mistyped() {
        let malformed = |reject: Reject, how: &str| {
            let said = reject.message.contains("malformed argument");
            assert!(reject.is_trap() && said, "{how} with {argument:02x?} answers {reject:?}");
        };
        malformed(inbox.update_raw("set_settings", argument.clone()).expect_err("it is refused"), "a call");
        let upgraded = inbox.platform.upgrade(inbox.id, canister_wasm(), argument.clone());
        malformed(upgraded.expect_err("it is refused"), "an upgrade");
        let empty = inbox.platform.create();
        let installed = inbox.platform.install(empty, canister_wasm(), argument.clone());
        malformed(installed.expect_err("it is refused"), "an installation");
    }
    before.assert_same(&inbox, "mistyped settings");
}

#[test]
fn an_installation_with_settings_uses_them() {
    let platform = crate::support::engine::platform();
    let inbox = Inbox::installed(platform, Some(pages(Some(64))));
    assert_eq!(inbox.get_status().settings, pages(Some(64)), "what it was installed with");
    assert_eq!(inbox.get_status().limits.rebuild_pages, 64, "and the limit that follows");
}
