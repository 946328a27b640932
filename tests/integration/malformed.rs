//! Arguments that are no candid, or not of the method's types: a clear reject and nothing changed. What candid allows
//! beyond the methods' own types is accepted.

use candid::{CandidType, encode_args};
use message_canister::api::*;
use serde_bytes::ByteBuf;

use crate::support::methods::{METHODS, Method, good_arguments};
use crate::support::platform::Reject;
use crate::support::raw::{self, blob, index, leb, message, opt_of, record_of, vec_of};
use crate::support::snapshot::Snapshot;
use crate::support::{Inbox, bytes, first_page};

fn call(inbox: &Inbox, method: Method, arg: Vec<u8>) -> Result<Vec<u8>, Reject> {
    if method.is_query { inbox.query_raw(method.name, arg) } else { inbox.update_raw(method.name, arg) }
}

fn assert_rejected(inbox: &Inbox, method: Method, arg: Vec<u8>, what: &str) {
    match call(inbox, method, arg) {
        Ok(_) => panic!("{} must reject {what}, but replied", method.name),
        Err(reject) => {
            assert!(reject.is_trap(), "{} must reject {what} itself, got {reject:?}", method.name);
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

fn filled() -> Inbox {
    let inbox = Inbox::new();
    for n in 1..=5u32 {
        inbox.add_message(&bytes(n % 2, 41), &n.to_le_bytes()).expect("stored");
    }
    inbox
}

/// No bytes at all are what some tools send for no arguments.
#[test]
fn no_bytes_stand_for_no_arguments() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for method in METHODS {
        if with_arguments().any(|other| other == method) {
            assert_rejected(&inbox, method, vec![], "no bytes");
        } else {
            let none = call(&inbox, method, crate::support::client::no_arguments());
            assert_eq!(call(&inbox, method, vec![]), none, "{} of no bytes answers as of no arguments", method.name);
        }
    }
    before.assert_same(&inbox, "calls with no bytes");
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
                // From a cut on the whole a cut in the middle of a long text differs in nothing.
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

/// New arguments will come as trailing opts: a client of a later release talks to this one.
#[test]
fn extra_arguments_are_ignored() {
    let inbox = filled();
    let cursor = first_page(Order::ascending);
    let add = encode_args((ByteBuf::from("key"), ByteBuf::from("text"), Some("later"), vec![1u64, 2]));
    let reply = inbox.update_raw("add_message", add.expect("arguments can be encoded")).expect("accepted");
    let (added,): (Result<Added, AddError>,) = candid::decode_args(&reply).expect("a result");
    assert_eq!(added, Ok(Added { id: 6, duplicate: false }), "an add with extra arguments");
    let range = encode_args((1u32, 9u32, cursor, Some(true)));
    let reply = inbox.query_raw("get_messages_by_range", range.expect("encoded")).expect("accepted");
    let (page,): (Result<Page, PageError>,) = candid::decode_args(&reply).expect("a result");
    assert_eq!(page, inbox.get_messages_by_range(1, 9, cursor), "a page with an extra argument");
    let batch = encode_args((vec![crate::support::new_message(b"key", b"more")], Some(1u8)));
    let reply = inbox.update_raw("add_messages", batch.expect("encoded")).expect("accepted");
    type Results = Result<Vec<Result<Added, AddError>>, BatchError>;
    let (results,): (Results,) = candid::decode_args(&reply).expect("a result");
    assert_eq!(results, Ok(vec![Ok(Added { id: 7, duplicate: false })]), "a batch with an extra argument");
    for method in ["get_status", "get_min_message_id", "get_max_message_id"] {
        let arg = encode_args((1u32, "text", Some(cursor))).expect("encoded");
        let reply = inbox.query_raw(method, arg).expect("accepted");
        let plain = inbox.query_raw(method, crate::support::client::no_arguments()).expect("accepted");
        assert_eq!(reply, plain, "{method} with arguments answers as without");
    }
}

/// Subtypes: what other encoders write, and what a later client's records may have beside the fields of today.
#[test]
fn every_encoding_that_candid_allows_is_accepted() {
    #[derive(CandidType)]
    struct LaterCursor {
        after: Id,
        order: Order,
        limit: u32,
        newer: Option<String>,
        an_older: u64,
    }
    let inbox = filled();
    let expected = inbox.get_messages_by_range(1, 9, first_page(Order::descending));
    let later =
        LaterCursor { after: 0, order: Order::descending, limit: 9, newer: Some("new".to_string()), an_older: 7 };
    let arg = encode_args((1u32, 9u32, later)).expect("encoded");
    let reply = inbox.query_raw("get_messages_by_range", arg).expect("more fields are a subtype");
    let (page,): (Result<Page, PageError>,) = candid::decode_args(&reply).expect("a result");
    assert_eq!(page, expected, "a cursor with fields of a later release");

    // A table with entries that nothing uses, the same type twice, and types in another order.
    let unused = record_of(&[("a", &[raw::TEXT]), ("b", &index(1))]);
    let table = [unused, opt_of(&index(0)), vec_of(&[raw::NAT8]), vec_of(&[raw::NAT8])];
    let values = [blob(b"key"), blob(b"by hand")].concat();
    let arg = message(&table, &[index(3), index(2)], &values);
    let reply = inbox.update_raw("add_message", arg).expect("any type table will do");
    let (added,): (Result<Added, AddError>,) = candid::decode_args(&reply).expect("a result");
    assert_eq!(added, Ok(Added { id: 6, duplicate: false }), "an add with another type table");

    // A batch of no items, typed as the vector of nothing that some encoders write.
    let arg = message(&[vec_of(&[raw::EMPTY])], &[index(0)], &leb(0));
    let reply = inbox.update_raw("add_messages", arg).expect("a vec empty is a subtype of every vector");
    type Results = Result<Vec<Result<Added, AddError>>, BatchError>;
    let (results,): (Results,) = candid::decode_args(&reply).expect("a result");
    assert_eq!(results, Ok(vec![]), "a batch of nothing");

    // Settings are a record of opts: one may be missing, and one of another type is none.
    for arg in [
        message(&[record_of(&[])], &[index(0)], &[]),
        encode_args((WrongOpt { rebuild_pages: Some("x") },)).expect("encoded"),
    ] {
        let reply = inbox.update_raw("set_settings", arg).expect("a missing opt is null");
        let (result,): (Result<(), SettingsError>,) = candid::decode_args(&reply).expect("a result");
        assert_eq!(result, Ok(()), "settings of a missing opt");
        assert_eq!(inbox.get_status().settings, Settings::default(), "which is null");
    }
}

#[derive(CandidType)]
struct WrongOpt {
    rebuild_pages: Option<&'static str>,
}

#[test]
fn unknown_methods_are_rejected_by_the_platform() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for name in ["add", "addMessage", "get_messages_by_range_for_key", "canister_init", "memory", "", "add_message "] {
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
