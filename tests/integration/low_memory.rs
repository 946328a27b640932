//! The platform's `on_low_wasm_memory`: no new keys are opened, everything else works.

use candid::Nat;
use ic_management_canister_types::CanisterSettings;
use local_ic::LocalIc;
use message_canister::api::*;

use crate::support::{Inbox, bytes, controller, embedded};

/// The limit of the heap that the platform has by default.
const LIMIT: u64 = 3 << 30;

/// Makes the platform find the heap too close to its limit, or far from it.
fn set_threshold(engine: &LocalIc, inbox: &Inbox, bytes: u64) {
    let settings = CanisterSettings { wasm_memory_threshold: Some(Nat::from(bytes)), ..CanisterSettings::default() };
    engine.update_canister_settings(inbox.id, Some(controller()), settings).expect("they are allowed");
    engine.tick();
}

#[test]
fn keys_stop_and_messages_go_on() {
    let (engine, inbox) = embedded::inbox();
    inbox.add_message(&bytes(1, 41), b"text").expect("stored");
    set_threshold(&engine, &inbox, 1 << 30);
    assert!(!inbox.store_status().low_memory, "two of three GiB are left");
    set_threshold(&engine, &inbox, LIMIT);
    assert!(inbox.store_status().low_memory);
    assert_eq!(inbox.add_message(b"a new key", b"text"), Err(AddError::LowMemory));
    let kept = [KeySetting::kept(true)];
    assert_eq!(inbox.set_key(b"a new key", &kept), Err(KeyError::LowMemory));
    assert_eq!(inbox.add_message(&bytes(1, 41), b"more").expect("stored").id, 2, "the key is there");
    assert_eq!(inbox.get_message_by_id(2).expect("it is there").message.ciphertext, b"more");
    inbox.assert_all_invariants();

    set_threshold(&engine, &inbox, 0);
    assert_eq!(inbox.add_message(b"a new key", b"text"), Err(AddError::LowMemory), "until an upgrade");
    inbox.upgrade(None);
    assert!(!inbox.store_status().low_memory, "it has a new heap");
    assert_eq!(inbox.add_message(b"a new key", b"text").expect("stored").id, 3);
    set_threshold(&engine, &inbox, LIMIT);
    assert_eq!(inbox.add_message(b"one more", b"text"), Err(AddError::LowMemory), "it may become low anew");
}
