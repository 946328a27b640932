//! The canister accepts what candid allows beyond a method's own types: other type tables, extra fields, extra
//! arguments.

use candid::{CandidType, encode_args};
use message_canister::api::*;
use message_canister::limits::MAX_BATCH_MESSAGES;
use serde_bytes::ByteBuf;

use crate::support::methods::{METHODS, good_arguments};
use crate::support::raw::{self, Parts, blob, index, leb, message, opt_of, record_of, vec_of};
use crate::support::{Inbox, bytes, filled, first_page};

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
}

/// A later client may send larger values that this release does not know, and more of them.
#[test]
fn unknown_values_of_every_usual_size_are_skipped() {
    #[derive(CandidType, Clone)]
    struct LaterMessage {
        key_id: ByteBuf,
        ciphertext: ByteBuf,
        send_key: Option<ByteBuf>,
    }
    let inbox = Inbox::new();
    for (id, length) in (1..).zip([0, 1, 32, 401, 402, 4_096, 6_500]) {
        let later = Some(ByteBuf::from(bytes(1, length)));
        let arg = encode_args((ByteBuf::from("key"), ByteBuf::from(bytes(2, length + 1)), later)).expect("encoded");
        let reply = inbox.update_raw("add_message", arg).expect("a trailing blob is skipped");
        let (added,): (Result<Added, AddError>,) = candid::decode_args(&reply).expect("a result");
        assert_eq!(added, Ok(Added { id, duplicate: false }), "with {length} bytes more");
    }
    for (messages, send_key) in [(MAX_BATCH_MESSAGES as u32, None), (160, Some(ByteBuf::from([7; 32])))] {
        let marker = u8::from(send_key.is_some());
        let batch: Vec<LaterMessage> = (0..messages)
            .map(|n| LaterMessage {
                key_id: ByteBuf::from(bytes(n, 41)),
                ciphertext: ByteBuf::from([&n.to_le_bytes()[..], &[marker]].concat()),
                send_key: send_key.clone(),
            })
            .collect();
        let reply =
            inbox.update_raw("add_messages", encode_args((batch,)).expect("encoded")).expect("they are skipped");
        type Results = Result<Vec<Result<Added, AddError>>, BatchError>;
        let (results,): (Results,) = candid::decode_args(&reply).expect("a result");
        assert!(results.expect("a batch").iter().all(Result::is_ok), "all of it is stored");
    }
}

/// Agents number the types of an argument in different orders.
#[test]
fn the_order_of_types_makes_no_difference() {
    let inbox = filled();
    let mut differ = 0;
    for method in METHODS {
        for arg in good_arguments(method) {
            let parts = Parts::of(&arg);
            let other = parts.parts_first();
            differ += u32::from(other.table != parts.table);
            // Encodings that no agent writes: every type of the table twice over.
            let mut doubled = parts.clone();
            doubled.table.extend(parts.table.clone());
            let call = if method.is_query { Inbox::query_raw } else { Inbox::update_raw };
            let first = call(&inbox, method.name, arg).expect("good arguments");
            // An add is a duplicate from the second time on.
            let again = call(&inbox, method.name, parts.bytes()).expect("good arguments");
            assert!(!method.is_query || first == again, "{} answers the same twice", method.name);
            for other in [other, doubled] {
                let reply = call(&inbox, method.name, other.bytes()).expect("the same arguments, encoded otherwise");
                assert_eq!(reply, again, "{} answers the same to {other:02x?}", method.name);
            }
        }
    }
    assert!(differ >= 6, "the orders differ for {differ} arguments only");
}
