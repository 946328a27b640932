//! Reading to the end, and pages that no message canister would send.

use client::api::*;
use client::{CallError, Failure, Item, Trust, Unverified};
use test_support::now;

use crate::script::Script;

type Answer = Result<Page, PageError>;

fn page(ids: &[Id], next: Id) -> Answer {
    let message = |&id: &Id| Message {
        id,
        timestamp: id,
        key_id: b"key".to_vec().into(),
        next_id: 0,
        prev_id: 0,
        hash: vec![0; 32].into(),
        ciphertext: vec![1].into(),
    };
    Ok(Page { messages: ids.iter().map(message).collect(), next, first_id: 3, gap: false, proof: None })
}

fn with_gap(page: Answer) -> Answer {
    page.map(|page| Page { gap: true, ..page })
}

/// The start of each call.
fn starts(script: &Script) -> Vec<Start> {
    let decode = |arg: &[u8]| candid::decode_args::<(Vec<u8>, KeyCursor)>(arg).expect("a page is asked for").1.start;
    script.calls.lock().unwrap().iter().map(|(_, arg)| decode(arg)).collect()
}

#[test]
fn pages_follow_next_and_the_position_is_that_of_the_last_message() {
    let script = Script::default().reply(page(&[3, 5], 5)).reply(page(&[9], 0));
    let client = script.client();
    let mut pages = client.messages_of_key(b"key", Order::ascending, Start::after(2));
    assert_eq!(pages.position(), 2);
    let mut read = vec![];
    while let Some(page) = now(pages.next()).expect("a page comes") {
        assert_eq!(page.trust, Trust::Unverified { why: Unverified::NoCertificates });
        read.push(page.value.messages.len());
    }
    // The last `next` was 0. A reader that stored it would read everything once more.
    assert_eq!((read, pages.position(), starts(&script)), (vec![2, 1], 9, vec![Start::after(2), Start::after(5)]));
    assert_eq!(now(pages.next()).expect("it has ended"), None);
    assert_eq!(script.count(), 2);
}

#[test]
fn a_reader_starts_at_a_rank_or_time_and_goes_on_after_the_last_message() {
    for start in [Start::rank(40), Start::time(1_700_000_000)] {
        let script = Script::default().reply(page(&[9, 5], 5)).reply(page(&[], 0));
        let client = script.client();
        let mut pages = client.messages_of_key(b"key", Order::descending, start);
        assert_eq!(pages.position(), 0);
        while now(pages.next()).expect("a page comes").is_some() {}
        assert_eq!((pages.position(), starts(&script)), (5, vec![start, Start::after(5)]));
    }
}

#[test]
fn a_gap_stands_before_the_messages_behind_it_even_if_there_are_none() {
    let script = Script::default().reply(with_gap(page(&[3], 3))).reply(with_gap(page(&[], 0)));
    let client = script.client();
    let mut messages = client.messages_of_key(b"key", Order::ascending, Start::after(1)).messages();
    let mut read = vec![];
    while let Some(item) = now(messages.next()).expect("an item comes") {
        read.push(match item.value {
            Item::Gap { first_id } => format!("gap {first_id}"),
            Item::Message(message) => format!("{}", message.id),
        });
    }
    assert_eq!((read, messages.position()), (vec!["gap 3".into(), "3".into(), "gap 3".to_string()], 3));
}

#[test]
fn the_position_of_messages_is_that_of_the_last_one_taken() {
    let script = Script::default().reply(page(&[9, 7, 4], 0));
    let client = script.client();
    let mut messages = client.messages_of_key(b"key", Order::descending, Start::after(0)).messages();
    for expected in [9, 7] {
        now(messages.next()).expect("a message comes");
        assert_eq!(messages.position(), expected);
    }
}

#[test]
fn after_an_error_the_same_page_can_be_asked_for_again() {
    let script = Script::default()
        .reply(page(&[3], 3))
        .then(Err(Failure::Unsendable("the identity is locked".into())))
        .reply(page(&[4], 0));
    let client = script.client();
    let mut pages = client.messages_of_key(b"key", Order::ascending, Start::after(0));
    now(pages.next()).expect("a page comes");
    now(pages.next()).expect_err("the second call fails");
    assert!(now(pages.next()).expect("the third does not").is_some());
    assert_eq!((pages.position(), starts(&script)), (4, vec![Start::beginning, Start::after(3), Start::after(3)]));
}

#[test]
fn an_unknown_cursor_is_the_canisters_own_error() {
    let script = Script::default().reply(Err::<Page, _>(PageError::UnknownCursor { after: 8 }));
    let client = script.client();
    let error =
        now(client.messages_of_key(b"key", Order::ascending, Start::after(8)).next()).expect_err("it is refused");
    assert!(matches!(error, CallError::Refused(PageError::UnknownCursor { after: 8 })), "{error}");
}

#[test]
fn pages_that_do_not_go_forward_are_refused() {
    use Order::*;
    for (order, after, answer) in [
        (ascending, 5, page(&[5], 0)),
        (ascending, 0, page(&[4, 3], 0)),
        (ascending, 0, page(&[4, 4], 0)),
        (descending, 5, page(&[5], 0)),
        (descending, 5, page(&[6], 0)),
        (descending, 0, page(&[3, 4], 0)),
        (descending, 0, page(&[0], 0)),
        (ascending, 0, page(&[0], 0)),
        (ascending, 0, page(&[3, 4], 3)),
        (ascending, 0, page(&[], 3)),
    ] {
        let script = Script::default().reply(answer);
        let client = script.client();
        let mut pages = client.messages_of_key(b"key", order, Start::after(after));
        let error = now(pages.next()).expect_err("the page contradicts itself");
        assert!(matches!(error, CallError::Malformed { method: "get_messages_by_key", .. }), "{error}");
        assert_eq!(pages.position(), after, "it stays where it was");
    }
}
