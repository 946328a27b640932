//! What is measured: every row of the record, by the size of the store.

use crate::inbox::{CIPHERTEXT_BYTES, Cost, Inbox, bytes};
use crate::results::{Figure, Figures};
use message_canister::api::{Cursor, Order};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

/// Calls that an average is taken over.
const AVERAGED: u64 = 200;
/// What a byte of a reply costs beyond 1 instruction.
const REPLY_BYTE_SURCHARGE: u64 = 49;
/// Messages of the pages, and of the key they are asked of.
const PAGE: u32 = 100;
/// Messages of a batch.
const BATCH: u64 = 1_000;
/// Numbers of messages and keys that are not among those stored in turn.
const OTHERS: u64 = 1 << 50;

/// Measures a store of so many keys, growing it to each of `sizes` in turn, and tells of each.
pub fn measure(wasm: &[u8], keys: u64, sizes: &[u64], figures: &mut Figures, progress: &dyn Fn(&str)) {
    let mut inbox = Inbox::install(wasm, keys);
    let empty_heap = inbox.heap_bytes();
    let mut worst = Cost::default();
    for &size in sizes {
        while inbox.stored() < size {
            let cost = inbox.add_next();
            if cost.instructions > worst.instructions {
                worst = cost;
            }
            if inbox.stored().is_multiple_of(250_000) {
                progress(&format!("{} with {} stored", named_keys(keys), grouped(inbox.stored())));
            }
        }
        let mut row = |name: &str, figure: Figure| {
            figures.insert(format!("{name} | {} | {} stored", named_keys(keys), grouped(size)), figure);
        };
        row("dearest add so far", figure(worst));
        adds(&mut inbox, size, &mut row);
        reads(&inbox, size, &mut row);
        memory(&inbox, empty_heap, &mut row);
        row("upgrade, a message", plain(inbox.upgrade() / u64::from(inbox.status().messages)));
        assert!(u64::from(inbox.status().messages) > inbox.stored(), "everything was stored");
    }
}

/// What is refused, which depends on nothing that is stored.
pub fn refusals(wasm: &[u8], figures: &mut Figures) {
    let inbox = Inbox::install(wasm, 1);
    let (key, text) = (inbox.key(0), Inbox::ciphertext(0));
    let mut row = |name: &str, cost: Cost| {
        figures.insert(format!("refused: {name}"), figure(cost));
    };
    row("empty key id", inbox.update("add_message", (ByteBuf::new(), &text)));
    row("key id of 65 bytes", inbox.update("add_message", (ByteBuf::from(vec![7; 65]), &text)));
    row("empty ciphertext", inbox.update("add_message", (&key, ByteBuf::new())));
    row("ciphertext of 2,000,001 bytes", inbox.update("add_message", (&key, ByteBuf::from(vec![7; 2_000_001]))));
    row("bytes that are no candid", inbox.update_raw("add_message", b"nonsense".to_vec()));
    let good = candid::encode_args((&key, &text)).expect("arguments can be encoded");
    row("candid cut short", inbox.update_raw("add_message", good[..good.len() - 1].to_vec()));
    row("candid with a byte behind it", inbox.update_raw("add_message", [&good[..], b"\0"].concat()));
    row("candid of other types", inbox.update("add_message", (1u32, "text")));
    row("candid without a type table", inbox.update_raw("add_message", b"DIDLnonsense".to_vec()));
    let bomb = [&b"DIDL\x00\x80\x80\x40"[..], &[0x7f; 1_000_000]].concat();
    row("a million arguments of null", inbox.update_raw("add_message", bomb));
    assert_eq!(inbox.status().messages, 0, "nothing was stored");
}

fn adds(inbox: &mut Inbox, size: u64, row: &mut impl FnMut(&str, Figure)) {
    row("add_message", figure(average((0..AVERAGED).map(|_| inbox.add_next()))));
    let again = |number| inbox.update("add_message", (inbox.key(number), Inbox::ciphertext(number)));
    row("add_message, duplicate", figure(average((0..AVERAGED).map(|n| again(n * (size / AVERAGED))))));
    let large = |n| (inbox.key(n), ByteBuf::from(bytes(OTHERS + size + n, 100 << 10)));
    row("add_message, 100 KiB", figure(average((0..2).map(|n| inbox.update("add_message", large(n))))));
    let batch = inbox.add_next_batch(BATCH);
    row("add_messages of 1,000, each", figure(batch).each(BATCH));
    // A key of exactly a page's messages, spread over as many others.
    for n in 0..u64::from(PAGE) {
        inbox.update("add_message", (hot_key(size), Inbox::ciphertext(OTHERS + size + n)));
        inbox.add_next();
    }
}

fn reads(inbox: &Inbox, size: u64, row: &mut impl FnMut(&str, Figure)) {
    let numbers = || (0..AVERAGED).map(|n| n * (size / AVERAGED));
    let by_id = |number: u64| inbox.query("get_message_by_id", (number as u32 + 1,));
    row("get_message_by_id", figure(average(numbers().map(by_id))));
    let by_hash = |text: &[u8]| inbox.query("get_message_by_hash", (ByteBuf::from(Sha256::digest(text).to_vec()),));
    row("get_message_by_hash", figure(average(numbers().map(|number| by_hash(&Inbox::ciphertext(number))))));
    row("get_message_by_hash, absent", figure(average(numbers().map(|number| by_hash(&bytes(OTHERS - number, 9))))));
    for (order, name) in [(Order::ascending, "ascending"), (Order::descending, "descending")] {
        let cursor = Cursor { after: 0, order, limit: PAGE };
        // From within what is stored in turn, so that every message has the usual size.
        let (first, last) = (size as u32 / 2, size as u32 / 2 + 2 * PAGE);
        row(&format!("range of 100, {name}"), figure(inbox.query("get_messages_by_range", (first, last, cursor))));
        row(&format!("key of 100, {name}"), figure(inbox.query("get_messages_by_key", (hot_key(size), cursor))));
        let second = Inbox::second(size / 2);
        row(&format!("time of 100, {name}"), figure(inbox.query("get_messages_by_time", (second, second + 1, cursor))));
    }
    let keys: Vec<_> = (0..100).map(|n| inbox.key(n)).collect();
    row("get_key_heads of 100", figure(inbox.query("get_key_heads", (keys,))));
    row("get_status", figure(inbox.query("get_status", ())));
}

fn memory(inbox: &Inbox, empty_heap: u64, row: &mut impl FnMut(&str, Figure)) {
    let status = inbox.status();
    let messages = u64::from(status.messages);
    row("heap, bytes a message", plain((inbox.heap_bytes() - empty_heap).div_ceil(messages)));
    row("stable memory, bytes a message", plain(status.stable_bytes.div_ceil(messages)));
}

/// What an add consists of; the last is the sum of the others.
pub const PARTS_OF_AN_ADD: [&str; 6] = [
    "SHA-256, three blocks",
    "system calls and their bytes",
    "pages of stable memory dirtied",
    "stable memory read and written",
    "everything else: decode, indexes, memory manager, copies, encode",
    "in all",
];

/// Parts of one add of a message of the usual size, to 1,000 stored under 1,000 keys, and what they cost.
pub fn parts_of_an_add(wasm: &[u8], figures: &mut Figures) {
    let mut inbox = Inbox::install(wasm, 1_000);
    while inbox.stored() < 1_000 {
        inbox.add_next();
    }
    let mut total = Cost::default();
    for _ in 0..AVERAGED {
        let cost = inbox.add_next();
        total.instructions += cost.instructions;
        total.reply_bytes += cost.reply_bytes;
        total.usage += cost.usage;
    }
    // A block more costs its compression, its bytes' way through argument and payload, and nothing else.
    let with = |len: usize, n: u64| {
        let text = ByteBuf::from(bytes(OTHERS + len as u64 * AVERAGED + n, len));
        figure(inbox.update("add_message", (inbox.key(n), text))).by_bars
    };
    let blocks = CIPHERTEXT_BYTES.div_euclid(64) as u64 + 1;
    let longer: u64 = (0..AVERAGED).map(|n| with(CIPHERTEXT_BYTES + 640, n)).sum::<u64>() / AVERAGED;
    let usual: u64 = (0..AVERAGED).map(|n| with(CIPHERTEXT_BYTES, n)).sum::<u64>() / AVERAGED;
    let block = (longer - usual) / 10 - 2 * 64;
    let usage = total.usage;
    let each = |sum: u64| sum / AVERAGED;
    // Argument's size and copy, time, reply and its end; what else is called reads or writes stable memory.
    let calls = 5;
    let argument = (10 + 1 + 41 + 2 + CIPHERTEXT_BYTES) as u64;
    let stable_calls = each(usage.system_calls) - calls;
    let reply = each(total.reply_bytes);
    let in_calls = calls * 500 + argument + reply;
    let known = [
        plain(blocks * block),
        Figure { charged: in_calls + REPLY_BYTE_SURCHARGE * reply, by_bars: in_calls },
        plain(each(usage.stable_pages_dirtied * 1_000)),
        plain(stable_calls * 20 + each(usage.stable_bytes_read + usage.stable_bytes_written)),
    ];
    let all = Figure {
        charged: each(total.instructions),
        by_bars: each(total.instructions - REPLY_BYTE_SURCHARGE * total.reply_bytes),
    };
    let rest = known
        .iter()
        .fold(all, |rest, part| Figure { charged: rest.charged - part.charged, by_bars: rest.by_bars - part.by_bars });
    for (part, figure) in PARTS_OF_AN_ADD.iter().zip(known.into_iter().chain([rest, all])) {
        figures.insert(format!("part of an add: {part}"), figure);
    }
}

/// The key whose messages the pages of a key are asked of.
fn hot_key(size: u64) -> ByteBuf {
    ByteBuf::from(bytes(OTHERS * 2 + size, 41))
}

/// A cost, as the record has it.
pub fn figure(cost: Cost) -> Figure {
    Figure { charged: cost.instructions, by_bars: cost.instructions - REPLY_BYTE_SURCHARGE * cost.reply_bytes }
}

/// A number that is none of instructions, or has no reply in it.
fn plain(number: u64) -> Figure {
    Figure { charged: number, by_bars: number }
}

/// The mean of costs.
pub fn average(costs: impl Iterator<Item = Cost>) -> Cost {
    let (mut sum, mut count) = (Cost::default(), 0);
    for cost in costs {
        sum.instructions += cost.instructions;
        sum.reply_bytes += cost.reply_bytes;
        count += 1;
    }
    Cost { instructions: sum.instructions / count, reply_bytes: sum.reply_bytes / count, ..sum }
}

impl Figure {
    fn each(self, of: u64) -> Self {
        Self { charged: self.charged / of, by_bars: self.by_bars / of }
    }
}

fn named_keys(keys: u64) -> String {
    if keys == 1 { "1 key".to_string() } else { format!("{} keys", grouped(keys)) }
}

/// A number with commas.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
