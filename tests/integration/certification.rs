//! The certified data is that of the store after every message.

use candid::Principal;
use message_canister::api::*;
use serde_bytes::ByteBuf;

use crate::support::{Inbox, embedded, new_message, sha256};

fn owner() -> Principal {
    Principal::self_authenticating(b"an owner")
}

fn add(inbox: &Inbox, text: &[u8]) {
    assert!(inbox.add_message(owner().as_slice(), text).is_ok(), "stored");
}

/// Lets the timers of a minute run.
fn pass(inbox: &Inbox, to: u32) {
    inbox.set_clock(to);
    inbox.settle();
}

type Step = fn(&Inbox);

/// Every kind of message, and whether it changes the certified data.
const STEPS: [(&str, bool, Step); 17] = [
    ("an add", true, |inbox| add(inbox, b"one")),
    ("a duplicate", false, |inbox| add(inbox, b"one")),
    ("a refused add", false, |inbox| assert!(inbox.add_message(b"", b"text").is_err(), "refused")),
    ("a batch", true, |inbox| {
        let batch = [new_message(b"key", b"two"), new_message(b"", b"bad"), new_message(owner().as_slice(), b"three")];
        assert_eq!(inbox.add_messages(&batch).map(|added| added.len()), Ok(3));
    }),
    ("an acknowledgement", true, |inbox| {
        assert_eq!(inbox.called_by(owner()).acknowledge(owner().as_slice(), 1), Ok(Acknowledged { messages: 1 }));
    }),
    ("one of nothing new", false, |inbox| {
        assert_eq!(inbox.called_by(owner()).acknowledge(owner().as_slice(), 1), Ok(Acknowledged { messages: 0 }));
    }),
    ("the timer that overwrites", false, Inbox::settle),
    ("a claim of a known key", false, |inbox| {
        assert!(inbox.called_by(owner()).claim(owner().as_slice(), &OwnerProof::own).is_ok(), "claimed");
    }),
    ("a setting that opens a key", true, |inbox| assert_eq!(inbox.set_key(b"new", &[KeySetting::kept(true)]), Ok(()))),
    ("a send key", false, |inbox| {
        let send_key = NewSendKey::sha256(ByteBuf::from(sha256(b"secret")));
        let set = inbox.called_by(owner()).set_key(owner().as_slice(), &[KeySetting::send_key(send_key)]);
        assert_eq!(set, Ok(()));
    }),
    ("a role", false, |inbox| assert_eq!(inbox.set_role(owner(), Some(Role::writer)), Ok(()))),
    ("settings that drop", true, |inbox| {
        assert!(inbox.set_settings(&[Setting::max_messages(Bound::AtMost(2))]).is_ok(), "set");
    }),
    ("an add that drops", true, |inbox| add(inbox, b"four")),
    ("closed reads", true, |inbox| assert!(inbox.set_settings(&[Setting::reads(Reads::owners)]).is_ok(), "set")),
    ("ages", true, |inbox| {
        let ages = [Setting::max_age_seconds(Bound::AtMost(100)), Setting::idle_seconds(Bound::AtMost(300))];
        assert!(inbox.set_settings(&ages).is_ok(), "set");
    }),
    ("the timer that drops what is too old", true, |inbox| {
        pass(inbox, 200);
        assert_eq!(inbox.store_status().messages, 0);
    }),
    ("the timer that forgets a key", true, |inbox| {
        let before = inbox.store_status().keys;
        pass(inbox, 600);
        assert!(inbox.store_status().keys < before, "{before} keys");
    }),
];

/// An upgrade certifies the store that it finds. So it changes nothing if the certified data was true.
#[test]
fn certified_data_is_true_after_every_message() {
    let (engine, inbox) = embedded::inbox();
    let certified = || engine.certified_data(inbox.id);
    for (name, changes, step) in STEPS {
        let before = certified();
        step(&inbox);
        let after = certified();
        assert_eq!(after != before, changes, "{name}");
        inbox.upgrade(None);
        assert_eq!(certified(), after, "after {name}");
    }
    inbox.assert_all_invariants();
}
