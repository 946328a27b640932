//! Arguments that are not candid, or not of the method's types: a clear reject, and nothing is changed.

use candid::{CandidType, encode_args};
use message_canister::api::*;
use serde_bytes::ByteBuf;

use crate::support::methods::{METHODS, Method, good_arguments};
use crate::support::raw::{index, message, vec_of};
use crate::support::snapshot::Snapshot;
use crate::support::{Inbox, bytes, filled, first_page};
use client::Reject;

fn call(inbox: &Inbox, method: Method, arg: Vec<u8>) -> Result<Vec<u8>, Reject> {
    if method.is_query { inbox.query_raw(method.name, arg) } else { inbox.update_raw(method.name, arg) }
}

fn assert_rejected(inbox: &Inbox, method: Method, arg: Vec<u8>, what: &str) {
    match call(inbox, method, arg) {
        Ok(_) => panic!("{} must reject {what}, but replied", method.name),
        Err(reject) => {
            // A trap would undo the charge of an update.
            assert_eq!(reject.is_trap(), method.is_query, "{} must reject {what} itself, got {reject:?}", method.name);
            assert!(
                reject.message.contains("candid")
                    || reject.message.contains("decod")
                    || reject.message.contains("argument"),
                "{} must say that {what} cannot be decoded: {}",
                method.name,
                reject.message,
            );
        }
    }
}

/// Some tools send no bytes at all for no arguments.
#[test]
fn no_bytes_stand_for_no_arguments() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    let seal = |method: &Method| method.name == "seal";
    for method in METHODS.into_iter().filter(|method| !seal(method)) {
        if with_arguments().any(|other| other == method) {
            assert_rejected(&inbox, method, vec![], "no bytes");
        } else {
            let none = call(&inbox, method, crate::support::client::no_arguments());
            assert_eq!(call(&inbox, method, vec![]), none, "{} of no bytes answers as of no arguments", method.name);
        }
    }
    before.assert_same(&inbox, "calls with no bytes");
    let seal = METHODS.into_iter().find(seal).expect("a method");
    call(&inbox, seal, vec![]).expect("it has no arguments");
    assert!(inbox.get_status().sealed);
}

/// The methods that take arguments.
fn with_arguments() -> impl Iterator<Item = Method> {
    METHODS.into_iter().filter(|method| good_arguments(*method)[0] != crate::support::client::no_arguments())
}

#[test]
fn bytes_that_are_no_candid_are_rejected_by_every_method() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for method in METHODS {
        for (arg, what) in [
            (b"DIDL".to_vec(), "magic alone"),
            (b"DIDL\0".to_vec(), "no argument types"),
            (b"DIDM\0\0".to_vec(), "a wrong magic"),
            (b"didl\0\0".to_vec(), "a magic in small letters"),
            (bytes(1, 300), "noise"),
            ([b"DIDL".to_vec(), vec![0xff; 20]].concat(), "a number without end"),
            (message(&[vec![0x00]], &[], &[]), "a type that is none"),
            (message(&[vec_of(&index(7))], &[], &[]), "a type that refers to none"),
            (message(&[], &[index(3)], &[]), "an argument of a type that is none"),
        ] {
            assert_rejected(&inbox, method, arg, what);
        }
    }
    before.assert_same(&inbox, "bytes that are no candid");
}

#[test]
fn every_cut_of_good_arguments_is_rejected() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for method in METHODS {
        for arg in good_arguments(method) {
            for length in 1..arg.len() {
                // All cuts in the middle of a long text have the same effect, so only some are tried.
                if length < 120 || length + 40 > arg.len() || length % 37 == 0 {
                    assert_rejected(&inbox, method, arg[..length].to_vec(), &format!("its first {length} bytes"));
                }
            }
        }
    }
    before.assert_same(&inbox, "arguments cut short");
}

#[test]
fn trailing_bytes_are_rejected() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for method in METHODS {
        for arg in good_arguments(method) {
            for trailing in [&[0][..], &[0, 0, 0], b"DIDL\0\0", &[0xff; 40]] {
                let arg = [&arg, trailing].concat();
                assert_rejected(&inbox, method, arg, &format!("{} trailing bytes", trailing.len()));
            }
        }
    }
    before.assert_same(&inbox, "trailing bytes");
}

#[test]
fn missing_arguments_are_rejected() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for method in with_arguments() {
        assert_rejected(&inbox, method, message(&[], &[], &[]), "no arguments");
    }
    let key = || ByteBuf::from("key");
    let cursor = first_page(Order::ascending);
    for (name, arg) in [
        ("add_message", encode_args((key(),))),
        ("get_messages_by_range", encode_args((1u32,))),
        ("get_messages_by_range", encode_args((1u32, 2u32))),
        ("get_messages_by_range", encode_args((1u32, cursor))),
        ("get_messages_by_key", encode_args((key(),))),
        ("get_messages_by_key", encode_args((cursor,))),
        ("get_messages_by_time", encode_args((1u32, 2u32))),
    ] {
        let method = METHODS.into_iter().find(|method| method.name == name).expect("a method");
        assert_rejected(&inbox, method, arg.expect("arguments can be encoded"), "too few arguments");
    }
    before.assert_same(&inbox, "missing arguments");
}

#[test]
fn arguments_of_another_type_are_rejected() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    let wrong = [
        (encode_args(("text", "text", "text")), "texts"),
        (encode_args((true, true, true)), "booleans"),
        (encode_args((1u64, 1u64, 1u64)), "nat64"),
        (encode_args((1u8, 1u8, 1u8)), "nat8"),
        (encode_args((1i32, 1i32, 1i32)), "int32"),
        (encode_args((candid::Nat::from(1u32), candid::Nat::from(1u32))), "nat"),
        (encode_args((vec![1u16], vec![1u16], vec![1u16])), "vec nat16"),
        (encode_args((vec![1i8], vec![1i8], vec![1i8])), "vec int8"),
        (encode_args((Some(1u32), Some(1u32), Some(1u32))), "opt nat32"),
        (encode_args((candid::Reserved, candid::Reserved, candid::Reserved)), "reserved"),
        (encode_args(((), (), ())), "null"),
        (encode_args((inbox.id, inbox.id, inbox.id)), "principals"),
    ];
    for (arg, what) in wrong {
        let arg = arg.expect("arguments can be encoded");
        for method in with_arguments() {
            assert_rejected(&inbox, method, arg.clone(), what);
        }
    }
    before.assert_same(&inbox, "arguments of another type");
}

#[test]
fn an_order_that_is_none_and_records_without_a_field_are_rejected() {
    #[derive(CandidType)]
    #[allow(non_camel_case_types, dead_code)]
    enum Sideways {
        ascending,
        sideways,
    }
    #[derive(CandidType)]
    struct OtherOrder {
        after: Id,
        order: Sideways,
        limit: u32,
    }
    #[derive(CandidType)]
    struct NoLimit {
        after: Id,
        order: Order,
    }
    #[derive(CandidType)]
    struct NoKey {
        ciphertext: ByteBuf,
    }
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    let other = OtherOrder { after: 0, order: Sideways::sideways, limit: 3 };
    let no_limit = NoLimit { after: 0, order: Order::ascending };
    let no_key = NoKey { ciphertext: ByteBuf::from("text") };
    for (name, arg, what) in [
        ("get_messages_by_range", encode_args((1u32, 2u32, other)), "an unknown order"),
        ("get_messages_by_range", encode_args((1u32, 2u32, &no_limit)), "a cursor without a limit"),
        ("get_messages_by_key", encode_args((ByteBuf::from("key"), no_limit)), "a cursor without a limit"),
        ("add_messages", encode_args((vec![no_key],)), "an item without a key"),
    ] {
        let method = METHODS.into_iter().find(|method| method.name == name).expect("a method");
        assert_rejected(&inbox, method, arg.expect("arguments can be encoded"), what);
    }
    before.assert_same(&inbox, "records that do not fit");
}

#[test]
fn unknown_methods_are_rejected_by_the_platform() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for name in ["add", "addMessage", "get_messages_by_range_for_key", "canister_init", "memory", "add_message "] {
        let arg = crate::support::client::no_arguments;
        let reject = inbox.update_raw(name, arg()).expect_err("no such method");
        assert!(reject.is_unknown_method(), "update {name:?} must be unknown, got {reject:?}");
        let reject = inbox.query_raw(name, arg()).expect_err("no such method");
        assert!(reject.is_unknown_method(), "query {name:?} must be unknown, got {reject:?}");
    }
    let reject = inbox.query_raw("add_message", good_arguments(METHODS[0]).remove(0)).expect_err("an update only");
    assert!(reject.is_unknown_method(), "an update is no query, got {reject:?}");
    before.assert_same(&inbox, "unknown methods");
}
