//! Messages are found by when they were stored, and a clock that goes back does no harm.

use message_canister::api::*;

use crate::support::{Inbox, SECOND, START, START_SECONDS, bytes, first_page, page_after};

/// Adds one message at `offset` seconds after the start.
fn add_at(inbox: &Inbox, offset: u32, n: u32) {
    inbox.platform.set_time(START + u64::from(offset) * SECOND);
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
fn timestamps_never_decrease_with_the_id() {
    let inbox = Inbox::new();
    let clock = [5, 9, 9, 12];
    let back = [2, 0, 11, 13, 1];
    let offsets: Vec<u32> = match inbox.platform.clock_goes_back() {
        true => clock.into_iter().chain(back).collect(),
        false => clock.to_vec(),
    };
    let mut latest = 0;
    for (place, &offset) in offsets.iter().enumerate() {
        add_at(&inbox, offset, place as u32);
        latest = latest.max(START_SECONDS + offset);
        let message = inbox.get_message_by_id(place as Id + 1).expect("stored");
        assert_eq!(message.timestamp, latest, "the time, or the last one where the clock went back");
    }
    let status = inbox.get_status();
    assert_eq!(status.oldest_timestamp, START_SECONDS + 5, "when the oldest was stored");
    assert_eq!(status.newest_timestamp, latest, "when the newest was stored");
    inbox.assert_all_invariants();
}

#[test]
fn the_last_timestamp_outlives_an_upgrade() {
    let inbox = Inbox::new();
    add_at(&inbox, 100, 1);
    inbox.upgrade(None);
    let offset = if inbox.platform.clock_goes_back() { 50 } else { 100 };
    add_at(&inbox, offset, 2);
    let message = inbox.get_message_by_id(2).expect("stored");
    assert_eq!(message.timestamp, START_SECONDS + 100, "not before the message stored before the upgrade");
}
