//! The rows that are measured: every row of the record, by the size of the store.

use crate::inbox::{CIPHERTEXT_BYTES, Cost, Inbox};
use crate::results::Figures;
use candid::encode_args;
use client::request;
use message_canister::api::{
    Acknowledgement, Bound, Budget, CheckCursor, Cursor, KeyCursor, KeySetting, NewMessage, NewSendKey, Order,
    OwnerProof, Quota, Rate, Setting, Start, Stored, Writes,
};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};
use test_support::{bytes, grouped};

/// Calls that an average is taken over.
const AVERAGED: u64 = 200;
/// Instructions that a byte of a reply costs.
const REPLY_BYTE: u64 = 50;
/// Messages of the pages, and of the key they are asked of.
const PAGE: u32 = 100;
/// Messages of a batch.
const BATCH: u64 = 1_000;
/// Numbers of messages and keys that are not among those stored in turn.
const OTHERS: u64 = 1 << 50;

/// Measures a store of so many keys at each of `sizes`, and tells of each. Each size has a store of its own: the keys that the
/// rows add would otherwise be in the next one too.
pub fn measure(wasm: &[u8], keys: u64, sizes: &[u64], figures: &mut Figures, progress: &dyn Fn(&str)) {
    for &size in sizes {
        let mut inbox = Inbox::install(wasm, keys);
        let empty_heap = inbox.heap_bytes();
        let mut worst = Cost::default();
        while inbox.stored() < size {
            let cost = inbox.add_next();
            if cost.instructions > worst.instructions {
                worst = cost;
            }
            if inbox.stored().is_multiple_of(250_000) {
                progress(&format!("{} with {} stored", named_keys(keys), grouped(inbox.stored())));
            }
        }
        let mut row = |name: &str, figure: u64| {
            figures.insert(format!("{name} | {} | {} stored", named_keys(keys), grouped(size)), figure);
        };
        row("dearest add so far", worst.instructions);
        adds(&mut inbox, size, &mut row);
        reads(&inbox, size, &mut row);
        proofs(&mut inbox, size, &mut row);
        memory(&inbox, empty_heap, &mut row);
        row("upgrade, a message", inbox.upgrade() / u64::from(inbox.store().messages));
        assert!(u64::from(inbox.store().messages) > inbox.stored(), "everything was stored");
    }
}

/// The installation, and refused calls. Their cost does not depend on what is stored.
pub fn refusals(wasm: &[u8], figures: &mut Figures) {
    figures.insert("install".to_string(), Inbox::installation(wasm).instructions);
    let inbox = Inbox::install(wasm, 1);
    let (key, text) = (inbox.key(0), Inbox::ciphertext(0));
    let mut row = |name: &str, cost: Cost| {
        figures.insert(format!("refused: {name}"), cost.instructions);
    };
    row("empty key id", inbox.update(request::add_message(b"", &text)));
    row("key id of 65 bytes", inbox.update(request::add_message(&[7; 65], &text)));
    row("empty ciphertext", inbox.update(request::add_message(&key, b"")));
    row("ciphertext of 2,000,001 bytes", inbox.update(request::add_message(&key, &vec![7; 2_000_001])));
    row("bytes that are no candid", inbox.update_raw("add_message", b"nonsense".to_vec()));
    let good = candid::encode_args((&key, &text)).expect("arguments can be encoded");
    row("candid cut short", inbox.update_raw("add_message", good[..good.len() - 1].to_vec()));
    row("candid with a byte behind it", inbox.update_raw("add_message", [&good[..], b"\0"].concat()));
    row(
        "candid of other types",
        inbox.update_raw("add_message", encode_args((1u32, "text")).expect("it can be encoded")),
    );
    row("candid without a type table", inbox.update_raw("add_message", b"DIDLnonsense".to_vec()));
    let bomb = [&b"DIDL\x00\x80\x80\x40"[..], &[0x7f; 1_000_000]].concat();
    row("a million arguments of null", inbox.update_raw("add_message", bomb));
    assert_eq!(inbox.store().messages, 0, "nothing was stored");
    let foreign =
        |key_id: &[u8]| request::acknowledge(&[Acknowledgement { key_id: key_id.to_vec().into(), through: 1 }]);
    inbox.update(request::add_message(&inbox.own_key(), &text));
    row("acknowledgement of another's principal", inbox.update(foreign(&inbox.own_key())));
    row("acknowledgement of a key that nobody owns", inbox.update(foreign(&key)));
    let add = || request::add_message(&key, &text);
    row("claim of another's principal", inbox.update(request::claim(&inbox.own_key(), &OwnerProof::own)));
    let send_key = [KeySetting::send_key(NewSendKey::sha256(ByteBuf::from([7; 32])))];
    row("setting of another's key", inbox.update(request::set_key(&inbox.own_key(), &send_key)));
    let full = Quota { messages: Bound::AtMost(3), ..Quota::default() };
    inbox.set_settings(&[Setting::key_quota(full)]);
    row("add to a key that is full", inbox.update(add()));
    inbox.set_settings(&[Setting::key_quota(Quota::default()), Setting::writes(Writes::members)]);
    row("add by no member", inbox.update(add()));
    let rate = |burst| Bound::AtMost(Rate { per_second: 1, burst });
    let budget = |items, each| {
        let cycles_a_day = Bound::AtMost(1_000_000_000_000);
        Setting::strangers(Budget { items: rate(items), bytes: rate(1_000_000), cycles_a_day, each: rate(each) })
    };
    for (name, settings) in [("budget used up", budget(1, 100)), ("rate used up", budget(100, 1))] {
        inbox.set_settings(&[Setting::writes(Writes::anyone), settings]);
        // The first is admitted.
        inbox.update(add());
        inbox.update(add());
        row(name, inbox.update(add()));
    }
}

fn adds(inbox: &mut Inbox, size: u64, row: &mut impl FnMut(&str, u64)) {
    row("add_message", average((0..AVERAGED).map(|_| inbox.add_next())).instructions);
    let again = |number| inbox.update(request::add_message(&inbox.key(number), &Inbox::ciphertext(number)));
    row("add_message, duplicate", average((0..AVERAGED).map(|n| again(n * (size / AVERAGED)))).instructions);
    let large = |n| request::add_message(&inbox.key(n), &bytes(OTHERS + size + n, 100 << 10));
    row("add_message, 100 KiB", average((0..2).map(|n| inbox.update(large(n)))).instructions);
    let batch = inbox.add_next_batch(BATCH);
    row("add_messages of 1,000, each", batch.instructions / BATCH);
    row("add_messages of 1,000 duplicates, each", inbox.add_batch(0..BATCH).instructions / BATCH);
    acknowledgements(inbox, size, row);
    // A key of exactly a page's messages, spread over as many others.
    for n in 0..u64::from(PAGE) {
        inbox.update(request::add_message(&hot_key(size), &Inbox::ciphertext(OTHERS + size + n)));
        inbox.add_next();
    }
}

/// Acknowledgements of one message and of a thousand, by the owner of their key.
fn acknowledgements(inbox: &Inbox, size: u64, row: &mut impl FnMut(&str, u64)) {
    let key = inbox.own_key();
    let stored = |number: u64| NewMessage {
        key_id: key.clone(),
        ciphertext: bytes(OTHERS * 3 + size + number, CIPHERTEXT_BYTES).into(),
        send_key: None,
    };
    let first = inbox.store().next_id;
    inbox.update(request::add_messages(&(0..=BATCH - 1).map(stored).collect::<Vec<_>>()));
    let mut acknowledge = |name: &str, through: u32| {
        let acknowledged = [Acknowledgement { key_id: key.clone(), through }];
        row(name, inbox.update_as_owner(request::acknowledge(&acknowledged)).instructions);
        // The next one finds nothing left to overwrite, as this one did.
        inbox.settle();
    };
    acknowledge("acknowledge 1 message", first);
    acknowledge("acknowledge, nothing new", first);
    acknowledge("acknowledge 999 messages", first + BATCH as u32 - 1);
}

fn reads(inbox: &Inbox, size: u64, row: &mut impl FnMut(&str, u64)) {
    let numbers = || (0..AVERAGED).map(|n| n * (size / AVERAGED));
    let by_id = |number: u64| inbox.query(request::get_message_by_id(number as u32 + 1, false));
    row("get_message_by_id", average(numbers().map(by_id)).instructions);
    let by_hash = |text: &[u8]| inbox.query(request::get_message_by_hash(&Sha256::digest(text)));
    row("get_message_by_hash", average(numbers().map(|number| by_hash(&Inbox::ciphertext(number)))).instructions);
    row(
        "get_message_by_hash, absent",
        average(numbers().map(|number| by_hash(&bytes(OTHERS - number, 9)))).instructions,
    );
    for (order, name) in [(Order::ascending, "ascending"), (Order::descending, "descending")] {
        let cursor = Cursor { after: 0, order, limit: PAGE };
        let of_key = KeyCursor { start: Start::beginning, order, limit: PAGE, prove: false };
        // Taken from messages that are stored in turn, so that each has the usual size.
        let (first, last) = (size as u32 / 2, size as u32 / 2 + 2 * PAGE);
        row(
            &format!("range of 100, {name}"),
            inbox.query(request::get_messages_by_range(first, last, cursor)).instructions,
        );
        row(
            &format!("key of 100, {name}"),
            inbox.query(request::get_messages_by_key(&hot_key(size), of_key)).instructions,
        );
        let second = Inbox::second(size / 2);
        row(
            &format!("time of 100, {name}"),
            inbox.query(request::get_messages_by_time(second, second + 1, cursor)).instructions,
        );
    }
    let middle = Start::time(Inbox::second(size / 2));
    for (start, name) in [(Start::beginning, "its beginning"), (middle, "a time")] {
        let cursor = KeyCursor { start, order: Order::ascending, limit: PAGE, prove: false };
        let cost = inbox.query(request::get_messages_by_key(&inbox.key(0), cursor));
        row(&format!("a stored key of 100, from {name}"), cost.instructions);
    }
    let keys: Vec<_> = (0..100).map(|n| inbox.key(n)).collect();
    row("get_key_heads of 100", inbox.query(request::get_key_heads(&keys, false)).instructions);
    let stored = |number: u64| Stored {
        key_id: inbox.key(number),
        hash: ByteBuf::from(Sha256::digest(Inbox::ciphertext(number)).to_vec()),
    };
    let pairs: Vec<_> = (0..100).map(|n| stored(n * (size / 100))).collect();
    row("has_messages of 100", inbox.query(request::has_messages(&pairs)).instructions);
    row("check, the first slice", inbox.query_as_controller(request::check(CheckCursor::default())).instructions);
    row("get_status", inbox.query(request::get_status()).instructions);
}

/// The pages of a key once more, with their proofs. The certificate is left out.
fn proofs(inbox: &mut Inbox, size: u64, row: &mut impl FnMut(&str, u64)) {
    let whole = |order| (hot_key(size), KeyCursor { start: Start::beginning, order, limit: PAGE, prove: true });
    let middle = Start::time(Inbox::second(size / 2));
    let stored = |start| (inbox.key(0), KeyCursor { start, order: Order::ascending, limit: PAGE, prove: true });
    for (name, (key, cursor)) in [
        ("key of 100, ascending", whole(Order::ascending)),
        ("key of 100, descending", whole(Order::descending)),
        ("a stored key of 100, from its beginning", stored(Start::beginning)),
        ("a stored key of 100, from a time", stored(middle)),
    ] {
        let cost = inbox.certified_query(request::get_messages_by_key(&key, cursor));
        row(&format!("{name}, with proof"), cost.instructions);
    }
}

fn memory(inbox: &Inbox, empty_heap: u64, row: &mut impl FnMut(&str, u64)) {
    let store = inbox.store();
    let messages = u64::from(store.messages);
    row("heap, bytes a message", (inbox.heap_bytes() - empty_heap).div_ceil(messages));
    row("stable memory, bytes a message", store.stable_bytes.div_ceil(messages));
}

/// The parts of an add. The last is the sum of the others.
pub const PARTS_OF_AN_ADD: [&str; 9] = [
    "SHA-256 of the ciphertext, three blocks",
    "SHA-256 of what the subnet certifies, four blocks",
    "BLAKE3 of label, leaf and root, five blocks",
    "BLAKE3 of the chain value, two blocks",
    "the trie's nodes, with their stable memory",
    "system calls and their bytes",
    "other pages of stable memory, dirtied, read and written",
    "everything else: decode, index, rights, memory manager, copies, encode",
    "in all",
];

/// Instructions of one block of BLAKE3 in Wasm, as measured when the hash was chosen. No call can vary their number alone.
const BLAKE3_BLOCK: u64 = 2_447;

/// Parts of one add of a message of the usual size, to 1,000 stored under 1,000 keys, and what they cost.
///
/// With one key the trie has no node. So the nodes cost what the add costs more than one to a store of one key.
pub fn parts_of_an_add(wasm: &[u8], figures: &mut Figures) {
    let (_, with_nodes) = adds_of_usual_size(wasm, 1_000);
    let (inbox, total) = adds_of_usual_size(wasm, 1);
    // One more block costs its compression and the copies of its bytes in argument and payload, and nothing else.
    let with = |len: usize, n: u64| {
        let text = ByteBuf::from(bytes(OTHERS + len as u64 * AVERAGED + n, len));
        inbox.update(request::add_message(&inbox.key(n), &text)).instructions
    };
    let blocks = CIPHERTEXT_BYTES.div_euclid(64) as u64 + 1;
    let longer: u64 = (0..AVERAGED).map(|n| with(CIPHERTEXT_BYTES + 640, n)).sum::<u64>() / AVERAGED;
    let usual: u64 = (0..AVERAGED).map(|n| with(CIPHERTEXT_BYTES, n)).sum::<u64>() / AVERAGED;
    let block = (longer - usual) / 10 - 2 * 64;
    let usage = total.usage;
    let each = |sum: u64| sum / AVERAGED;
    // Size and copy of the argument and of the caller, time, certified data, reply and its end; and the question whether the
    // caller is a controller, which costs twice as much. All other calls read or write stable memory.
    let calls = 9;
    let argument = (10 + 1 + 41 + 2 + CIPHERTEXT_BYTES) as u64;
    let stable_calls = each(usage.system_calls) - calls;
    let stable_bytes = each(usage.stable_bytes_read + usage.stable_bytes_written);
    let all = each(with_nodes.instructions);
    let known = [
        blocks * block,
        4 * block,
        5 * BLAKE3_BLOCK,
        2 * BLAKE3_BLOCK,
        all - each(total.instructions),
        (calls + 1) * 500 + argument + REPLY_BYTE * each(usage.reply_bytes),
        each(usage.stable_pages_dirtied * 1_000) + stable_calls * 20 + stable_bytes,
    ];
    let rest = all - known.iter().sum::<u64>();
    for (part, figure) in PARTS_OF_AN_ADD.iter().zip(known.into_iter().chain([rest, all])) {
        figures.insert(format!("part of an add: {part}"), figure);
    }
}

/// A store of so many keys with 1,000 messages, and the sum of the costs of further adds.
fn adds_of_usual_size(wasm: &[u8], keys: u64) -> (Inbox, Cost) {
    let mut inbox = Inbox::install(wasm, keys);
    while inbox.stored() < 1_000 {
        inbox.add_next();
    }
    let mut total = Cost::default();
    for _ in 0..AVERAGED {
        let cost = inbox.add_next();
        total.instructions += cost.instructions;
        total.usage += cost.usage;
    }
    (inbox, total)
}

/// The key whose messages the pages of a key are asked of.
fn hot_key(size: u64) -> ByteBuf {
    ByteBuf::from(bytes(OTHERS * 2 + size, 41))
}

/// The mean of costs.
pub fn average(costs: impl Iterator<Item = Cost>) -> Cost {
    let (mut sum, mut count) = (Cost::default(), 0);
    for cost in costs {
        sum.instructions += cost.instructions;
        count += 1;
    }
    Cost { instructions: sum.instructions / count, ..sum }
}

/// A number of keys in words.
pub fn named_keys(keys: u64) -> String {
    if keys == 1 { "1 key".to_string() } else { format!("{} keys", grouped(keys)) }
}
