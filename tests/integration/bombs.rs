//! Arguments that are made to cost much. None costs more than 14 M instructions, and none changes anything. Refusals
//! are cheap. The test meters, so it runs on the embedded engine only.

use candid::encode_args;
use local_ic::LocalIc;
use message_canister::api::*;
use message_canister::limits::{MAX_BATCH_MESSAGES, MAX_LOOKUP_ITEMS};
use serde_bytes::{ByteBuf, Bytes};

use crate::support::methods::{METHODS, Method, good_arguments};
use crate::support::raw::{self, Parts, blob, index, leb, message, opt_of, record_of, vec_of};
use crate::support::snapshot::Snapshot;
use crate::support::{Inbox, bytes, embedded, new_message};

/// Maximum instructions of a bomb.
const BOMB_INSTRUCTIONS: u64 = 14_000_000;
/// Nearly as large as an ingress message may be.
const LARGE: usize = 2_090_000;
const BILLION: u64 = 1_000_000_000;

struct Bomb {
    name: String,
    arg: Vec<u8>,
}

fn bomb(name: impl Into<String>, arg: Vec<u8>) -> Bomb {
    Bomb { name: name.into(), arg }
}

/// Arguments that no method takes. Their cost is in reading the types or the values.
fn bombs_for_all() -> Vec<Bomb> {
    let nothing: Vec<u8> = vec![];
    let opts = |count: u64| (0..count).map(|entry| opt_of(&index(entry + 1))).chain([vec![raw::OPT, raw::NULL]]);
    let chain: Vec<_> = opts(10_000).collect();
    let wide: Vec<u8> =
        [vec![raw::RECORD], leb(400_000), (0..400_000u64).flat_map(|n| [leb(n), vec![raw::NULL]].concat()).collect()]
            .concat();
    let forest: Vec<_> =
        (0..5_000u64).map(|entry| record_of(&[("a", &index(entry + 1)), ("b", &index(entry + 1))])).collect();
    let doubled = [forest, vec![record_of(&[])]].concat();
    vec![
        bomb("a type table that claims a billion entries", [raw::MAGIC, &leb(BILLION)].concat()),
        bomb("a type table of 10,001 nested options", message(&chain, &[index(0)], &[1; 10_000])),
        bomb("a record type of 400,000 fields", message(&[wide], &[index(0)], &[])),
        bomb(
            "a record type that claims a billion fields",
            message(&[[vec![raw::RECORD], leb(BILLION)].concat()], &[], &[]),
        ),
        bomb(
            "a variant type that claims a billion cases",
            message(&[[vec![raw::VARIANT], leb(BILLION)].concat()], &[], &[]),
        ),
        bomb("records that double 5,000 times", message(&doubled, &[index(0)], &[])),
        bomb("a record of itself", message(&[record_of(&[("a", &index(0))])], &[index(0)], &[])),
        bomb("a billion arguments", [raw::MAGIC, &[0], &leb(BILLION)].concat()),
        bomb("a million arguments of null", message(&[], &vec![vec![raw::NULL]; 1_000_000], &nothing)),
        bomb("a million arguments of reserved", message(&[], &vec![vec![raw::RESERVED]; 1_000_000], &nothing)),
        bomb("two megabytes of nat8 arguments", message(&[], &vec![vec![raw::NAT8]; LARGE / 2], &vec![0; LARGE / 2])),
        bomb("two megabytes of no candid", vec![0x55; LARGE]),
        bomb("two megabytes behind the magic", [raw::MAGIC, &vec![0x80; LARGE]].concat()),
        bomb(
            "two megabytes of type table",
            [raw::MAGIC, &leb(700_000), &[raw::OPT, raw::NULL].repeat(700_000)].concat(),
        ),
    ]
}

/// Kinds of values, each with the entries that it adds to a table with `base` entries (its own type first) and with its
/// bytes.
fn value_bombs(base: u64) -> Vec<(String, Vec<Vec<u8>>, Vec<u8>)> {
    let mut bombs = vec![];
    let mut push = |name: &str, table: Vec<Vec<u8>>, value: Vec<u8>| bombs.push((name.to_string(), table, value));
    let (this, second) = (index(base), index(base + 1));
    for (name, element) in [("null", raw::NULL), ("reserved", raw::RESERVED)] {
        push(&format!("a vector of a billion {name}"), vec![vec_of(&[element])], leb(BILLION));
        push(&format!("a vector of four billion {name}"), vec![vec_of(&[element])], leb(u64::from(u32::MAX)));
    }
    push("a vector of a billion empty records", vec![vec_of(&second), record_of(&[])], leb(BILLION));
    let rows = [leb(1_000), leb(1_000_000).repeat(1_000)].concat();
    push("a thousand vectors of a million null", vec![vec_of(&second), vec_of(&[raw::NULL])], rows);
    push("a vector of itself, two million deep", vec![vec_of(&this)], [vec![1; 2_000_000], vec![0]].concat());
    let flat = [leb(2_000_000), vec![0; 2_000_000]].concat();
    push("two million empty vectors of themselves", vec![vec_of(&this)], flat);
    push("an option of itself, two million deep", vec![opt_of(&this)], [vec![1; 2_000_000], vec![0]].concat());
    push("a vector that claims a billion bytes", vec![vec_of(&[raw::NAT8])], leb(BILLION));
    push("a vector that claims more bytes than there are", vec![vec_of(&[raw::NAT8])], leb(u64::MAX));
    push("a vector of two megabytes", vec![vec_of(&[raw::NAT8])], blob(&vec![7; 2_000_000]));
    push("a vector of two million int8", vec![vec_of(&[raw::INT8])], blob(&vec![7; 2_000_000]));
    push("half a million nat32", vec![vec_of(&[raw::NAT32])], [leb(500_000), vec![7; 2_000_000]].concat());
    bombs
}

/// Calls, and returns the cost. A bomb may be answered or rejected.
fn cost(engine: &LocalIc, inbox: &Inbox, method: Method, arg: Vec<u8>) -> u64 {
    let answer = if method.is_query { inbox.query_raw(method.name, arg) } else { inbox.update_raw(method.name, arg) };
    if let Err(reject) = answer {
        assert!(!reject.is_instruction_limit(), "{} must not run out of instructions: {reject:?}", method.name);
    }
    embedded::usage(engine, inbox).instructions
}

fn assert_no_bomb(engine: &LocalIc, inbox: &Inbox, method: Method, bomb: &Bomb) {
    let instructions = cost(engine, inbox, method, bomb.arg.clone());
    assert!(
        instructions <= BOMB_INSTRUCTIONS,
        "{} of {} cost {instructions} instructions, more than {BOMB_INSTRUCTIONS}",
        method.name,
        bomb.name,
    );
}

#[test]
fn types_and_values_that_no_method_takes() {
    let (engine, inbox) = embedded::inbox();
    let before = Snapshot::of(&inbox);
    let mut bombs = bombs_for_all();
    for (name, table, value) in value_bombs(0) {
        bombs.push(bomb(name, message(&table, &vec![index(0); 3], &value)));
    }
    // It takes no arguments, so it follows the rules for skipped values.
    for method in METHODS.into_iter().filter(|method| method.name != "seal") {
        for bomb in &bombs {
            assert_no_bomb(&engine, &inbox, method, bomb);
        }
    }
    before.assert_same(&inbox, "bombs");
}

/// Updates whose first good arguments change nothing.
fn changes_nothing(update: &str) -> bool {
    ["set_settings", "acknowledge", "claim"].contains(&update)
}

/// Behind good arguments of a method, where candid demands that further values are skipped.
#[test]
fn values_that_are_skipped() {
    let (engine, inbox) = embedded::inbox();
    let before = Snapshot::of(&inbox);
    for method in METHODS.into_iter().filter(|method| method.is_query || changes_nothing(method.name)) {
        let good = Parts::of(&good_arguments(method)[0]);
        let base = good.table.len() as u64;
        for (name, table, value) in value_bombs(base) {
            let mut arg = good.clone();
            arg.table.extend(table);
            arg.types.push(index(base));
            arg.values.extend(value);
            assert_no_bomb(&engine, &inbox, method, &bomb(format!("good arguments and {name}"), arg.bytes()));
        }
    }
    before.assert_same(&inbox, "bombs behind good arguments");
}

/// In a batch, quotas for each item might add up.
#[test]
fn batches_and_lookups_made_of_bombs() {
    let (engine, inbox) = embedded::inbox();
    let before = Snapshot::of(&inbox);
    let method = |name: &str| METHODS.into_iter().find(|method| method.name == name).expect("a method");
    let blob_type = vec_of(&[raw::NAT8]);
    for (name, fields) in [("add_messages", ["key_id", "ciphertext"]), ("has_messages", ["key_id", "hash"])] {
        let item = record_of(&[(fields[0], &index(1)), (fields[1], &index(1))]);
        for claimed in [1_001, 1_000_000, BILLION, u64::from(u32::MAX), u64::MAX] {
            let table = [vec_of(&index(2)), blob_type.clone(), item.clone()];
            let arg = message(&table, &[index(0)], &leb(claimed));
            assert_no_bomb(&engine, &inbox, method(name), &bomb(format!("a vector that claims {claimed} items"), arg));
        }
        // Every item has a field that is skipped: a vector of a million nulls, and a number nobody asked for.
        let item = record_of(&[(fields[0], &index(1)), (fields[1], &index(1)), ("extra", &index(3))]);
        let table = [vec_of(&index(2)), blob_type.clone(), item, vec_of(&[raw::NULL])];
        let mut order = [fields[0], fields[1], "extra"];
        order.sort_by_key(|field| candid::idl_hash(field));
        let value = order.map(|field| if field == "extra" { leb(1_000_000) } else { blob(b"x") }).concat();
        let arg = message(&table, &[index(0)], &[leb(1_000), value.repeat(1_000)].concat());
        assert_no_bomb(&engine, &inbox, method(name), &bomb("a thousand items with a bomb each", arg));
    }
    for claimed in [1_001, 2_000_000, BILLION, u64::MAX] {
        let table = [vec_of(&index(1)), blob_type.clone()];
        let arg = message(&table, &[index(0)], &[leb(claimed), vec![0; 2_000_000]].concat());
        assert_no_bomb(&engine, &inbox, method("get_key_heads"), &bomb(format!("{claimed} empty keys"), arg));
    }
    before.assert_same(&inbox, "bombs in batches");
}

/// The length is checked before the elements are decoded, so refusing many elements costs no more than refusing few.
#[test]
fn too_many_items_are_refused_by_their_number() {
    let (engine, inbox) = embedded::inbox();
    let before = Snapshot::of(&inbox);
    let batch: Vec<_> = (0..=MAX_BATCH_MESSAGES as u32).map(|n| new_message(&bytes(n, 41), &bytes(n, 1_900))).collect();
    let refused = inbox.add_messages(&batch).expect_err("one item too many");
    assert!(matches!(refused, BatchError::BatchTooLong(_)), "got {refused:?}");
    let instructions = embedded::usage(&engine, &inbox).instructions;
    assert!(instructions < 5_000_000, "refusing a batch of 2 MB cost {instructions} instructions");
    let keys = vec![bytes(1, 41); 40 * MAX_LOOKUP_ITEMS];
    let refused = inbox.get_key_heads(&keys).expect_err("too many items");
    assert!(matches!(refused, LookupError::BatchTooLong(_)), "got {refused:?}");
    let instructions = embedded::usage(&engine, &inbox).instructions;
    assert!(instructions < 5_000_000, "refusing 40,000 keys cost {instructions} instructions");
    before.assert_same(&inbox, "batches that are too long");
}

/// Lengths are checked before anything is hashed or looked up.
#[test]
fn refused_calls_cost_little() {
    let (engine, inbox) = embedded::inbox();
    inbox.add_message(b"key", b"text").expect("stored");
    let before = Snapshot::of(&inbox);
    let large = bytes(1, 2_090_000);
    let calls = [
        ("add_message", encode_args((Bytes::new(b"key"), Bytes::new(&large)))),
        ("add_message", encode_args((Bytes::new(&large), Bytes::new(b"text")))),
        ("add_message", encode_args((Bytes::new(b""), Bytes::new(&large[..1_999_999])))),
        ("add_messages", encode_args((vec![new_message(b"key", &large[..2_080_000])],))),
        ("get_message_by_hash", encode_args((Bytes::new(&large),))),
        ("get_min_message_id_by_key", encode_args((Bytes::new(&large),))),
        ("get_max_message_id_by_key", encode_args((Bytes::new(&large),))),
        ("get_key_heads", encode_args((vec![Bytes::new(&large)],))),
        (
            "has_messages",
            encode_args((vec![Stored { key_id: ByteBuf::from("key"), hash: ByteBuf::from(&large[..]) }],)),
        ),
        ("get_messages_by_key", encode_args((Bytes::new(&large), crate::support::first_page(Order::ascending)))),
    ];
    for (name, arg) in calls {
        let method = METHODS.into_iter().find(|method| method.name == name).expect("a method");
        let instructions = cost(&engine, &inbox, method, arg.expect("arguments can be encoded"));
        // Hashing two megabytes alone would cost 160 M.
        assert!(instructions < BOMB_INSTRUCTIONS, "{name} refused two megabytes for {instructions} instructions");
    }
    before.assert_same(&inbox, "refused calls");
}
