//! Settings of the store: versions and refusals.

use candid::{decode_args, encode_args};
use message_canister::api::*;
use message_canister::limits::{MAX_KEYS, MAX_REBUILD_PAGES};
use message_canister::settings::Configuration;

use crate::support::Inbox;
use crate::support::snapshot::Snapshot;

fn set(inbox: &Inbox, version: u32, settings: &[Setting]) -> Result<u32, SettingsError> {
    let arg = encode_args((version, settings)).expect("settings can be encoded");
    let reply = inbox.update_raw("set_settings", arg).expect("the call is answered");
    decode_args::<(Result<u32, SettingsError>,)>(&reply).expect("a result").0
}

#[test]
fn a_caller_with_older_settings_is_told_so() {
    let inbox = Inbox::new();
    let [first, second] = [5, 6].map(|max| [Setting::max_messages(Bound::AtMost(max))]);
    assert_eq!(set(&inbox, 1, &first), Ok(2), "those of the installation are the first");
    assert_eq!(set(&inbox, 1, &second), Err(SettingsError::Version { given: 1, current: 2 }), "read before that");
    assert_eq!(set(&inbox, 3, &second), Err(SettingsError::Version { given: 3, current: 2 }), "never there");
    let settings = inbox.get_status().settings;
    assert_eq!(settings.version, 2);
    assert!(settings.settings.contains(&first[0]), "the first ones hold");
    assert_eq!(set(&inbox, 2, &second), Ok(3));
    inbox.upgrade(None);
    assert_eq!(inbox.get_status().settings.version, 3, "an upgrade keeps the version");
    inbox.upgrade(Some(&first));
    assert_eq!(inbox.get_status().settings.version, 4, "one with settings is a change");
}

#[test]
fn a_setting_that_is_not_named_stays() {
    let inbox = Inbox::new();
    let mut expected = Configuration::default();
    let changes = [
        Setting::min_age_seconds(10),
        Setting::max_age_seconds(Bound::AtMost(1_000)),
        Setting::idle_seconds(Bound::AtMost(7)),
        Setting::max_keys(MaxKeys { all: 9, strangers: 4 }),
        Setting::writes(Writes::identified),
        Setting::key_quota(Quota { messages: Bound::AtMost(3), bytes: Bound::AtMost(4) }),
        Setting::reads(Reads::owners),
    ];
    for change in changes {
        inbox.set_settings(&[change]).expect("a good setting");
        expected.apply(&[change]).expect("a good setting");
        assert_eq!(inbox.get_status().settings.settings, expected.settings(), "after {change:?}");
    }
    inbox.upgrade(None);
    assert_eq!(inbox.get_status().settings.settings, expected.settings(), "after an upgrade");
}

#[test]
fn bad_settings_change_nothing() {
    let inbox = Inbox::new();
    inbox.set_settings(&[Setting::max_age_seconds(Bound::AtMost(100))]).expect("good settings");
    let before = Snapshot::of(&inbox);
    let good = Setting::max_messages(Bound::AtMost(1));
    let low = |setting: &str, value, min| SettingsError::TooLow { setting: setting.to_string(), value, min };
    let high = |setting: &str, value, max| SettingsError::TooHigh { setting: setting.to_string(), value, max };
    let twice = |setting: &str| SettingsError::Twice { setting: setting.to_string() };
    let pages = u64::from(MAX_REBUILD_PAGES);
    let keys = u64::from(MAX_KEYS);
    for (bad, error) in [
        (Setting::max_messages(Bound::AtMost(0)), twice("max_messages")),
        (good, twice("max_messages")),
        (Setting::max_age_seconds(Bound::AtMost(0)), low("max_age_seconds", 0, 1)),
        (Setting::rebuild_pages(Bound::AtMost(MAX_REBUILD_PAGES + 1)), high("rebuild_pages", pages + 1, pages)),
        (Setting::min_age_seconds(101), high("min_age_seconds", 101, 100)),
        (Setting::max_keys(MaxKeys { all: 0, strangers: 0 }), low("max_keys.all", 0, 1)),
        (Setting::max_keys(MaxKeys { all: MAX_KEYS + 1, strangers: 0 }), high("max_keys.all", keys + 1, keys)),
        (Setting::max_keys(MaxKeys { all: 5, strangers: 6 }), high("max_keys.strangers", 6, 5)),
    ] {
        assert_eq!(inbox.set_settings(&[good, bad]), Err(error), "with {bad:?}");
        let reject = inbox.begin_upgrade(Some(&[good, bad])).expect_err("an upgrade with bad settings fails");
        assert!(reject.is_trap(), "with {bad:?}: {reject:?}");
    }
    before.assert_same(&inbox, "bad settings");
}
