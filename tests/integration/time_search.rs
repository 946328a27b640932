//! Messages are found by their time, and a clock that goes back does no harm.

use message_canister::api::*;

use crate::support::{Inbox, START_SECONDS, bytes, first_page, page_after};

/// Adds one message at `offset` seconds after the start.
fn add_at(inbox: &Inbox, offset: u32, n: u32) {
    inbox.set_clock(offset);
    inbox.add_message(&bytes(n % 3, 41), &n.to_le_bytes()).expect("stored");
}

fn found(inbox: &Inbox, from: u32, until: u32, order: Order) -> Vec<Id> {
    let page = inbox.get_messages_by_time(from, until, first_page(order)).expect("a page");
    assert_eq!(page.next, 0, "all of it fits one page");
    page.messages.iter().map(|message| message.id).collect()
}

#[test]
fn both_ends_of_a_span_belong_to_it() {
    let inbox = Inbox::new();
    // Several in the same second, seconds without any, and a long silence.
    let offsets = [0, 0, 0, 1, 3, 3, 4, 7, 7, 7, 7, 1_000, 1_001, 1_001];
    for (place, &offset) in offsets.iter().enumerate() {
        add_at(&inbox, offset, place as u32);
    }
    let times: Vec<u32> = offsets.iter().map(|offset| START_SECONDS + offset).collect();
    let mut ends: Vec<u32> = times.iter().flat_map(|&time| [time - 1, time, time + 1]).collect();
    ends.extend([0, u32::MAX]);
    ends.sort_unstable();
    ends.dedup();
    for &from in &ends {
        for &until in ends.iter().filter(|&&until| until >= from) {
            let inside = |id: &Id| (from..=until).contains(&times[*id as usize - 1]);
            let mut expected: Vec<Id> = (1..=times.len() as Id).filter(inside).collect();
            assert_eq!(found(&inbox, from, until, Order::ascending), expected, "from {from} until {until}");
            expected.reverse();
            assert_eq!(found(&inbox, from, until, Order::descending), expected, "from {from} until {until}");
        }
    }
}

#[test]
fn equal_timestamps_do_not_break_a_walk() {
    let inbox = Inbox::new();
    for n in 0..30 {
        add_at(&inbox, n / 10, n);
    }
    let (from, until) = (START_SECONDS + 1, START_SECONDS + 2);
    for order in [Order::ascending, Order::descending] {
        let mut expected: Vec<Id> = (11..=30).collect();
        if order == Order::descending {
            expected.reverse();
        }
        for limit in 1..=7 {
            let mut walked = vec![];
            let mut after = 0;
            loop {
                let page = inbox.get_messages_by_time(from, until, page_after(after, order, limit)).expect("a page");
                walked.extend(page.messages.iter().map(|message| message.id));
                after = page.next;
                if after == 0 {
                    break;
                }
            }
            assert_eq!(walked, expected, "{order:?} in pages of {limit}");
        }
    }
}

#[test]
fn a_cursor_outside_the_span_starts_at_its_edge_or_behind_it() {
    let inbox = Inbox::new();
    for n in 0..9 {
        add_at(&inbox, n / 3, n);
    }
    let middle = START_SECONDS + 1;
    let ask = |after, order| {
        let page = inbox.get_messages_by_time(middle, middle, page_after(after, order, 10)).expect("a known cursor");
        page.messages.iter().map(|message| message.id).collect::<Vec<_>>()
    };
    assert_eq!(ask(2, Order::ascending), [4, 5, 6], "a cursor before the span");
    assert_eq!(ask(4, Order::ascending), [5, 6], "a cursor in the span");
    assert_eq!(ask(8, Order::ascending), [0; 0], "a cursor behind the span");
    assert_eq!(ask(8, Order::descending), [6, 5, 4], "the same, newest first");
    assert_eq!(ask(6, Order::descending), [5, 4], "a cursor in the span, newest first");
    assert_eq!(ask(2, Order::descending), [0; 0], "a cursor before the span, newest first");
}

#[test]
fn messages_carry_the_second_they_were_stored_in() {
    let inbox = Inbox::new();
    for (place, offset) in [5, 9, 9, 12, 5_000].into_iter().enumerate() {
        add_at(&inbox, offset, place as u32);
        let message = inbox.get_message_by_id(place as Id + 1).expect("stored").message;
        assert_eq!(message.timestamp, START_SECONDS + offset, "the clock's second");
    }
    let status = inbox.store_status();
    assert_eq!(status.oldest_timestamp, START_SECONDS + 5, "when the oldest was stored");
    assert_eq!(status.newest_timestamp, START_SECONDS + 5_000, "when the newest was stored");
}

/// No platform's clock goes back, but a store may move to one whose clock is behind.
#[test]
fn timestamps_never_decrease_with_the_id() {
    let ahead = Inbox::new();
    add_at(&ahead, 100, 1);
    let behind = Inbox::new();
    behind.platform.set_stable_memory(behind.id, ahead.platform.stable_memory(ahead.id));
    behind.upgrade(None);
    for (offset, expected) in [(1, 100), (50, 100), (100, 100), (101, 101)] {
        let id = behind.store_status().next_id;
        add_at(&behind, offset, id);
        let message = behind.get_message_by_id(id).expect("stored").message;
        assert_eq!(message.timestamp, START_SECONDS + expected, "stored {offset} seconds after the start");
    }
    let found = found(&behind, START_SECONDS + 100, START_SECONDS + 100, Order::ascending);
    assert_eq!(found, [1, 2, 3, 4], "found by the time they carry");
    behind.assert_all_invariants();
}
