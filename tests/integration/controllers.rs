//! Calls that only controllers may make, and the settings that they choose.

use candid::{CandidType, Int, Principal, encode_args};
use message_canister::api::*;
use message_canister::limits::{MAX_REBUILD_PAGES, MIN_REBUILD_PAGES};

use crate::support::snapshot::Snapshot;
use crate::support::{Inbox, controller, embedded, stranger};
use client::Reject;
use test_support::artifact::canister_wasm;

fn pages(rebuild_pages: Option<u32>) -> [Setting; 1] {
    [Setting::rebuild_pages(rebuild_pages.into())]
}

/// Whether a setting holds.
fn holds(inbox: &Inbox, [setting]: [Setting; 1]) -> bool {
    inbox.get_status().settings.settings.contains(&setting)
}

#[test]
fn strangers_may_neither_check_nor_set_anything() {
    let inbox = Inbox::new();
    inbox.add_message(b"key", b"text").expect("stored");
    let before = Snapshot::of(&inbox);
    for caller in [stranger(), Principal::anonymous()] {
        let theirs = inbox.called_by(caller);
        assert_eq!(theirs.set_settings(&pages(Some(100))), Err(SettingsError::NotAllowed), "settings by {caller}");
        assert_eq!(theirs.set_settings(&pages(Some(1))), Err(SettingsError::NotAllowed), "bad ones by {caller}");
        assert_eq!(theirs.check(CheckCursor::default()), Err(CheckError::NotAllowed), "a check by {caller}");
        assert_eq!(theirs.retry_rebuild(), Err(RetryError::NotAllowed), "another try by {caller}");
        let unknown = CheckCursor { id: 9, ..CheckCursor::default() };
        assert_eq!(theirs.check(unknown), Err(CheckError::NotAllowed), "a check from an unknown id by {caller}");
    }
    before.assert_same(&inbox, "calls of strangers");
}

#[test]
fn strangers_may_add_and_ask() {
    let inbox = Inbox::new().called_by(stranger());
    assert_eq!(inbox.add_message(b"key", b"text"), Ok(Added { id: 1, duplicate: false }), "anybody may send");
    assert_eq!(inbox.get_message_by_id(1).expect("anybody may ask").message.ciphertext, b"text");
    assert_eq!(inbox.store_status().messages, 1, "anybody may see the status");
}

#[test]
fn settings_are_kept_until_they_are_replaced() {
    let inbox = Inbox::new();
    assert!(holds(&inbox, pages(None)), "the default");
    for (version, value) in (2..).zip([Some(MIN_REBUILD_PAGES), Some(MAX_REBUILD_PAGES), None, Some(1_000)]) {
        assert_eq!(inbox.set_settings(&pages(value)), Ok(version), "{value:?} is within bounds");
        assert!(holds(&inbox, pages(value)), "what was set");
    }
    inbox.upgrade(None);
    assert!(holds(&inbox, pages(Some(1_000))), "null keeps them in an upgrade");
    inbox.upgrade(Some(&pages(Some(20))));
    assert!(holds(&inbox, pages(Some(20))), "an upgrade may replace them");
    inbox.upgrade(Some(&[Setting::max_messages(Bound::AtMost(5))]));
    assert!(holds(&inbox, pages(Some(20))), "one that is not named stays");
}

#[test]
fn settings_out_of_bounds_are_refused() {
    let inbox = Inbox::new();
    inbox.set_settings(&pages(Some(100))).expect("within bounds");
    let before = Snapshot::of(&inbox);
    for value in [0, MIN_REBUILD_PAGES - 1, MAX_REBUILD_PAGES + 1, u32::MAX] {
        let setting = "rebuild_pages".to_string();
        let refused = if value < MIN_REBUILD_PAGES {
            SettingsError::TooLow { setting, value: value.into(), min: MIN_REBUILD_PAGES.into() }
        } else {
            SettingsError::TooHigh { setting, value: value.into(), max: MAX_REBUILD_PAGES.into() }
        };
        assert_eq!(inbox.set_settings(&pages(Some(value))), Err(refused), "{value} pages");
        let reject = inbox.begin_upgrade(Some(&pages(Some(value)))).expect_err("an upgrade with bad settings fails");
        assert!(reject.is_trap(), "an upgrade to {value} pages must trap, got {reject:?}");
        assert!(reject.message.contains(&value.to_string()), "the reason must say {value}: {}", reject.message);
    }
    before.assert_same(&inbox, "settings out of bounds");
}

/// Arguments of a call and of an upgrade by which an operator may have meant "at most 5 messages", but which have
/// another type: candid reads an opt of another type as null.
fn mistyped() -> Vec<[Vec<u8>; 3]> {
    #[derive(CandidType)]
    #[allow(non_camel_case_types)]
    enum Mistyped<T> {
        max_messages(T),
    }
    #[derive(CandidType)]
    #[allow(non_camel_case_types)]
    enum Unknown {
        max_mesages(Bound<u32>),
    }
    fn all<T: CandidType>(settings: T) -> [Vec<u8>; 3] {
        [encode_args((2u32, &settings)), encode_args((&settings,)), encode_args((Some(&settings),))]
            .map(|argument| argument.expect("encoded"))
    }
    vec![
        all(vec![Mistyped::max_messages(Some(Int::from(5)))]),
        all(vec![Mistyped::max_messages(Some(5u32))]),
        all(vec![Mistyped::max_messages(5u32)]),
        all(vec![Mistyped::max_messages(Bound::AtMost(Int::from(5)))]),
        all(vec![Mistyped::max_messages(Bound::AtMost(5u64))]),
        all(vec![Mistyped::max_messages(None::<u32>)]),
        all(vec![Unknown::max_mesages(Bound::AtMost(5))]),
        all(5u32),
    ]
}

#[test]
fn settings_of_another_type_are_refused_wherever_they_come() {
    let inbox = Inbox::new();
    inbox.set_settings(&[Setting::max_messages(Bound::AtMost(9))]).expect("good settings");
    let before = Snapshot::of(&inbox);
    let malformed = |refused: Result<(), Reject>, argument: &[u8]| {
        let reject = refused.expect_err("it is refused");
        assert!(reject.message.contains("malformed argument"), "{argument:02x?} is answered {reject:?}");
    };
    for [of_call, bare, opt] in mistyped() {
        malformed(inbox.update_raw("set_settings", of_call.clone()).map(drop), &of_call);
        for argument in [bare, opt] {
            malformed(inbox.platform.upgrade(inbox.id, canister_wasm(), argument.clone()), &argument);
            let empty = inbox.platform.create();
            malformed(inbox.platform.install(empty, canister_wasm(), argument.clone()), &argument);
        }
    }
    before.assert_same(&inbox, "mistyped settings");
}

#[test]
fn an_installation_with_settings_uses_them() {
    let platform = crate::support::engine::platform();
    let inbox = Inbox::installed(platform, Some(&pages(Some(64))));
    assert!(holds(&inbox, pages(Some(64))), "what it was installed with");
    assert_eq!(inbox.get_status().limits.rebuild_pages, 64, "and the limit that follows");
}

/// Where the anonymous principal controls the canister, everybody does. So nobody could be excluded.
#[test]
fn no_setting_excludes_anybody_while_everybody_controls_the_canister() {
    let (engine, inbox) = embedded::inbox();
    let controlled_by = |everybody: bool| {
        let anonymous = everybody.then_some(Principal::anonymous());
        let controllers = [controller()].into_iter().chain(anonymous).collect();
        engine.set_controllers(inbox.id, Some(controller()), controllers).expect("the controllers are set");
    };
    let closed = [Setting::reads(Reads::owners), Setting::writes(Writes::identified), Setting::writes(Writes::members)];
    let anonymous = inbox.called_by(Principal::anonymous());
    controlled_by(true);
    for setting in closed {
        let setting = [setting];
        assert_eq!(inbox.set_settings(&setting), Err(SettingsError::AnonymousController), "{setting:?}");
        assert_eq!(anonymous.set_settings(&setting), Err(SettingsError::AnonymousController), "{setting:?}");
        let upgraded = inbox.begin_upgrade(Some(&setting));
        assert!(upgraded.is_err_and(|reject| reject.message.contains("AnonymousController")), "{setting:?}");
    }
    assert_eq!(inbox.get_status().settings.version, 1, "nothing was set");
    assert_eq!(anonymous.set_role(stranger(), Some(Role::writer)), Ok(()), "everybody is an admin of an open store");
    controlled_by(false);
    assert_eq!(inbox.set_settings(&[Setting::reads(Reads::owners)]), Ok(2));
    controlled_by(true);
    assert_eq!(anonymous.set_settings(&[Setting::reads(Reads::anyone)]), Err(SettingsError::NotAllowed));
    assert_eq!(anonymous.get_roles(None), Err(RolesError::NotAllowed));
    assert_eq!(anonymous.get_status().store, None, "a closed store shows nothing");
    assert_eq!(inbox.set_settings(&[Setting::reads(Reads::anyone)]), Ok(3), "the other controller opens it");
}
