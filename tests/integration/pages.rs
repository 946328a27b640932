//! Pages: cursors are exclusive in both orders. Number and bytes are limited, and every page makes progress.

use candid::encode_args;
use message_canister::api::*;
use message_canister::limits::{
    MAX_CIPHERTEXT_BYTES, MAX_KEY_ID_BYTES, MAX_PAGE_BYTES, MAX_PAGE_MESSAGES, PAGE_MESSAGE_OVERHEAD,
};
use serde_bytes::ByteBuf;

use crate::support::client::of_key;
use crate::support::{Inbox, bytes, first_page, new_message, page_after};

const ORDERS: [Order; 2] = [Order::ascending, Order::descending];

/// Maximum number of bytes of a reply that every kind of call may return.
const MAX_REPLY_BYTES: usize = 2 << 20;

fn ids(page: &Page) -> Vec<Id> {
    page.messages.iter().map(|message| message.id).collect()
}

/// Adds messages 1 to `count`, message n under the key n modulo 3.
fn fill(inbox: &Inbox, count: u32) {
    for first in (1..=count).step_by(500) {
        let batch = first..=count.min(first + 499);
        let batch: Vec<_> = batch.map(|n| new_message(&key(n), &n.to_le_bytes())).collect();
        inbox.add_messages(&batch).expect("a good batch");
    }
    assert_eq!(inbox.get_max_message_id(), Ok(count), "all of them are stored");
}

fn key(n: u32) -> Vec<u8> {
    bytes(n % 3, 41)
}

/// Follows `next` to the end.
fn walk(order: Order, limit: u32, ask: impl Fn(Cursor) -> Result<Page, PageError>) -> Vec<Id> {
    let mut walked = vec![];
    let mut after = 0;
    loop {
        let page = ask(page_after(after, order, limit)).expect("next is a good cursor");
        assert!(!page.gap, "nothing was dropped");
        assert_eq!(page.first_id, 1, "nothing was dropped");
        assert!(page.messages.len() <= limit as usize, "no more than asked for");
        walked.extend(ids(&page));
        if page.next == 0 {
            return walked;
        }
        assert_eq!(Some(&page.next), walked.last(), "next is the page's last message");
        after = page.next;
    }
}

#[test]
fn walks_give_every_message_once_in_both_orders() {
    let inbox = Inbox::new();
    fill(&inbox, 40);
    for order in ORDERS {
        let in_order = |ids: &mut dyn Iterator<Item = Id>| -> Vec<Id> {
            let mut ids: Vec<_> = ids.collect();
            if order == Order::descending {
                ids.reverse();
            }
            ids
        };
        for limit in [1, 2, 3, 7, 13, 14, 39, 40, 41] {
            let all = walk(order, limit, |cursor| inbox.get_messages_by_range(1, u32::MAX, cursor));
            assert_eq!(all, in_order(&mut (1..=40)), "everything, {order:?} by {limit}");
            let part = walk(order, limit, |cursor| inbox.get_messages_by_range(11, 30, cursor));
            assert_eq!(part, in_order(&mut (11..=30)), "ids 11 to 30, {order:?} by {limit}");
            let list = walk(order, limit, |cursor| inbox.get_messages_by_key(&key(1), cursor));
            assert_eq!(list, in_order(&mut (1..=40).step_by(3)), "one key, {order:?} by {limit}");
        }
    }
}

#[test]
fn next_is_zero_exactly_where_nothing_is_left() {
    let inbox = Inbox::new();
    fill(&inbox, 30);
    for order in ORDERS {
        for limit in [9, 10, 11] {
            let page = inbox.get_messages_by_range(1, 10, page_after(0, order, limit)).expect("a page");
            assert_eq!(page.next == 0, limit >= 10, "ten messages in the range, {order:?} by {limit}");
            let page = inbox.get_messages_by_key(&key(2), page_after(0, order, limit)).expect("a page");
            assert_eq!(page.next == 0, limit >= 10, "ten messages of the key, {order:?} by {limit}");
        }
    }
}

#[test]
fn a_limit_above_the_maximum_is_cut_to_it() {
    let inbox = Inbox::new();
    fill(&inbox, MAX_PAGE_MESSAGES + 5);
    for limit in [MAX_PAGE_MESSAGES, MAX_PAGE_MESSAGES + 1, u32::MAX] {
        let cursor = page_after(0, Order::ascending, limit);
        let page = inbox.get_messages_by_range(1, u32::MAX, cursor).expect("a page");
        assert_eq!(ids(&page), (1..=MAX_PAGE_MESSAGES).collect::<Vec<_>>(), "the most there may be, asked for {limit}");
        assert_eq!(page.next, MAX_PAGE_MESSAGES, "and more is left");
    }
}

#[test]
fn a_range_is_cut_to_what_there_is() {
    let inbox = Inbox::new();
    fill(&inbox, 10);
    for (min, max, expected) in [(8, 1_000, 8..=10), (10, u32::MAX, 10..=10), (3, 3, 3..=3)] {
        let page = inbox.get_messages_by_range(min, max, first_page(Order::ascending)).expect("a page");
        assert_eq!(ids(&page), expected.collect::<Vec<_>>(), "ids {min} to {max}");
        assert_eq!(page.next, 0, "nothing is left of {min} to {max}");
    }
    for order in ORDERS {
        let page = inbox.get_messages_by_range(11, 20, first_page(order)).expect("a page");
        assert_eq!((ids(&page), page.next), (vec![], 0), "a range beyond the last, {order:?}");
    }
}

#[test]
fn a_cursor_outside_the_range_starts_at_its_edge_or_behind_it() {
    let inbox = Inbox::new();
    fill(&inbox, 20);
    let ask = |after, order| {
        let page = inbox.get_messages_by_range(8, 12, page_after(after, order, 3)).expect("a known cursor");
        (ids(&page), page.next)
    };
    assert_eq!(ask(3, Order::ascending), (vec![8, 9, 10], 10), "before the range");
    assert_eq!(ask(7, Order::ascending), (vec![8, 9, 10], 10), "right before the range");
    assert_eq!(ask(12, Order::ascending), (vec![], 0), "the last of the range");
    assert_eq!(ask(20, Order::ascending), (vec![], 0), "behind the range");
    assert_eq!(ask(20, Order::descending), (vec![12, 11, 10], 10), "behind the range, newest first");
    assert_eq!(ask(13, Order::descending), (vec![12, 11, 10], 10), "right behind the range, newest first");
    assert_eq!(ask(8, Order::descending), (vec![], 0), "the first of the range, newest first");
    assert_eq!(ask(2, Order::descending), (vec![], 0), "before the range, newest first");
}

#[test]
fn messages_that_arrive_during_a_walk_neither_repeat_nor_hide_others() {
    let inbox = Inbox::new();
    fill(&inbox, 9);
    let mut after = 0;
    let mut walked = vec![];
    for n in 10..=30 {
        let page = inbox.get_messages_by_key(&key(0), page_after(after, Order::ascending, 1)).expect("a page");
        walked.extend(ids(&page));
        after = walked.last().copied().unwrap_or(0);
        inbox.add_message(&key(n), &n.to_le_bytes()).expect("stored");
    }
    let rest = inbox.get_messages_by_key(&key(0), page_after(after, Order::ascending, 10)).expect("a page");
    walked.extend(ids(&rest));
    assert_eq!(
        walked,
        (3..=30).step_by(3).collect::<Vec<_>>(),
        "each once, including those that arrived during the walk"
    );
}

#[test]
fn a_page_ends_before_the_message_that_would_make_it_too_large() {
    let inbox = Inbox::new();
    let key_id = bytes(1, 41);
    let overhead = PAGE_MESSAGE_OVERHEAD + key_id.len();
    let half = MAX_PAGE_BYTES / 2 - overhead;
    // 1 and 2 fill a page to its last byte; 2 and 3, and 3 and 4, are one byte too many for one.
    for (seed, length) in [half, half, half + 1, half].into_iter().enumerate() {
        inbox.add_message(&key_id, &bytes(seed as u32, length)).expect("stored");
    }
    type Ask = fn(&Inbox, &[u8], Cursor) -> Result<Page, PageError>;
    let asks: [Ask; 3] = [
        |inbox, _, cursor| inbox.get_messages_by_range(1, 4, cursor),
        |inbox, key_id, cursor| inbox.get_messages_by_key(key_id, cursor),
        |inbox, _, cursor| inbox.get_messages_by_time(0, u32::MAX, cursor),
    ];
    for ask in asks {
        let page = |after, order| {
            let page = ask(&inbox, &key_id, page_after(after, order, 10)).expect("a page");
            (ids(&page), page.next)
        };
        assert_eq!(page(0, Order::ascending), (vec![1, 2], 2), "exactly full");
        assert_eq!(page(1, Order::ascending), (vec![2], 2), "one byte too many");
        assert_eq!(page(2, Order::ascending), (vec![3], 3), "one byte too many");
        assert_eq!(page(3, Order::ascending), (vec![4], 0), "the rest");
        assert_eq!(page(0, Order::descending), (vec![4], 4), "one byte too many, newest first");
        assert_eq!(page(3, Order::descending), (vec![2, 1], 0), "exactly full, newest first");
    }
}

/// The largest possible replies: the largest message, as many messages as fit, and the maximum number of messages.
#[test]
fn replies_stay_below_two_mebibytes() {
    let inbox = Inbox::new();
    let key_id = bytes(1, MAX_KEY_ID_BYTES);
    // The largest message, which leaves room for few in its page.
    inbox.add_message(&key_id, &bytes(1, MAX_CIPHERTEXT_BYTES)).expect("stored");
    // As many as may be counted, together as large as a page.
    let counted = MAX_PAGE_BYTES / MAX_PAGE_MESSAGES as usize;
    let each = counted - PAGE_MESSAGE_OVERHEAD - key_id.len();
    let beside_largest = (MAX_PAGE_BYTES - MAX_CIPHERTEXT_BYTES - PAGE_MESSAGE_OVERHEAD - key_id.len()) / counted;
    for first in [2u32, 502] {
        let batch: Vec<_> = (first..first + 500).map(|n| new_message(&key_id, &bytes(n, each))).collect();
        inbox.add_messages(&batch).expect("a good batch");
    }
    let one = encode_args((1u32,)).expect("an id can be encoded");
    let reply = inbox.query_raw("get_message_by_id", one).expect("a reply");
    assert!((MAX_CIPHERTEXT_BYTES..MAX_REPLY_BYTES).contains(&reply.len()), "a message of {} bytes", reply.len());
    for (after, messages) in [(0, 1 + beside_largest), (1, MAX_PAGE_MESSAGES as usize)] {
        let cursor = page_after(after, Order::ascending, u32::MAX);
        let calls = [
            ("get_messages_by_range", encode_args((1u32, u32::MAX, cursor))),
            ("get_messages_by_key", encode_args((ByteBuf::from(key_id.as_slice()), of_key(cursor)))),
            ("get_messages_by_time", encode_args((0u32, u32::MAX, cursor))),
        ];
        for (method, arg) in calls {
            let reply = inbox.query_raw(method, arg.expect("arguments can be encoded")).expect("a reply");
            let size = reply.len();
            let (page,): (Result<Page, PageError>,) = candid::decode_args(&reply).expect("a page");
            let page = page.expect("a page");
            assert_eq!(page.messages.len(), messages, "{method} after {after} must be full");
            assert!((1_950_000..MAX_REPLY_BYTES).contains(&size), "{method} after {after} replied {size} bytes");
        }
    }
}

#[test]
fn a_walk_over_the_largest_messages_makes_progress() {
    let inbox = Inbox::new();
    let key_id = bytes(1, MAX_KEY_ID_BYTES);
    for seed in 0..4 {
        inbox.add_message(&key_id, &bytes(seed, MAX_CIPHERTEXT_BYTES)).expect("stored");
    }
    for order in ORDERS {
        let mut expected = vec![1, 2, 3, 4];
        if order == Order::descending {
            expected.reverse();
        }
        let walked = walk(order, 1_000, |cursor| {
            let page = inbox.get_messages_by_key(&key_id, cursor)?;
            assert_eq!(page.messages.len(), 1, "one of the largest size fits a page");
            Ok(page)
        });
        assert_eq!(walked, expected, "{order:?}");
    }
}
