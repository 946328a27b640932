//! A store with limits: the cost of dropping and sweeping, and the proof that its memory stops
//! growing.

use crate::inbox::{Cost, Inbox};
use crate::results::Figures;
use crate::rows::average;
use client::request;
use message_canister::api::{Bound, Setting};
use std::time::Duration;
use test_support::grouped;

const KEYS: u64 = 1_000;
const AVERAGED: u64 = 200;
const DAY: u32 = 86_400;

/// Measures adds that drop, and calls when everything is due, in stores of these sizes.
pub fn measure(wasm: &[u8], sizes: &[u64], figures: &mut Figures, progress: &dyn Fn(&str)) {
    for &size in sizes {
        let mut inbox = Inbox::install(wasm, KEYS);
        while inbox.stored() < size {
            inbox.add_next_batch(1_000);
        }
        progress(&format!("retention with {} stored", grouped(size)));
        let mut row = |name: &str, cost: Cost| {
            figures.insert(format!("retention: {name} | 1,000 keys | {} stored", grouped(size)), cost.instructions);
        };
        row("add_message, nothing due", average((0..AVERAGED).map(|_| inbox.add_next())));
        let full = Setting::max_messages(Bound::AtMost(inbox.store().messages));
        row("set_settings, nothing due", inbox.set_settings(&[full]));
        row("add_message that drops one", average((0..AVERAGED).map(|_| inbox.add_next())));
        inbox.set_settings(&[Setting::max_age_seconds(Bound::AtMost(3 * DAY))]);
        row("add_message that drops one, with an age", average((0..AVERAGED).map(|_| inbox.add_next())));
        let newest = inbox.store().next_id - 1;
        row("get_message_by_id, with an age", inbox.query(request::get_message_by_id(newest, false)));
        // Everything becomes too old while nothing runs.
        inbox.pass(Duration::from_secs(u64::from(4 * DAY)));
        row("get_status, all of it due", inbox.query(request::get_status()));
        row("add_message, all of it due", inbox.add_next());
        row("add_message behind a backlog", inbox.add_next());
    }
}

/// Bytes of heap and of stable memory by the messages that were ever added, under a limit of `kept`.
pub fn turnover(wasm: &[u8], kept: u32, turns: u64, samples: u64) -> Vec<(u64, u64, u64)> {
    let mut inbox = Inbox::install(wasm, KEYS);
    inbox.set_settings(&[Setting::max_messages(Bound::AtMost(kept))]);
    let step = u64::from(kept) * turns / samples;
    let sample = |inbox: &Inbox| (inbox.stored(), inbox.heap_bytes(), inbox.store().stable_bytes);
    let mut points = vec![sample(&inbox)];
    for _ in 0..samples {
        inbox.add_next_batch(step);
        points.push(sample(&inbox));
    }
    points
}
