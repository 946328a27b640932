//! Acknowledgement: the owner of a key no longer needs its messages through an id, and they are no longer live.

use candid::{decode_args, encode_args};
use local_ic::EntryPoint;
use memchr::memmem;
use message_canister::api::*;
use message_canister::limits::{ERASE_PAGES, MAX_CIPHERTEXT_BYTES, MAX_LOOKUP_ITEMS};
use serde_bytes::ByteBuf;

use crate::support::snapshot::Snapshot;
use crate::support::{Inbox, bytes, embedded, first_page, page_after, sha256, stranger};

const KEY: &[u8] = b"the key";

/// Five messages of a key of the caller's, 1, 3, 5, 7, 9, and four of another key between them.
fn filled() -> Inbox {
    let inbox = Inbox::new();
    let owner = KeySetting::owner(NewOwner::principal(inbox.caller));
    inbox.set_key(KEY, &[owner]).expect("an admin names the owner");
    for n in 1..=9u32 {
        let key_id = if n % 2 == 1 { KEY } else { b"another" };
        assert_eq!(inbox.add_message(key_id, &bytes(n, 100)).map(|added| added.id), Ok(n));
    }
    inbox
}

fn ids(page: Result<Page, PageError>) -> Vec<Id> {
    page.expect("a page").messages.iter().map(|message| message.id).collect()
}

#[test]
fn acknowledged_messages_are_gone_for_every_read() {
    let inbox = filled();
    assert_eq!(inbox.acknowledge(KEY, 6), Ok(Acknowledged { messages: 3 }), "1, 3 and 5");
    let check = || {
        for id in [1, 3, 5] {
            assert_eq!(inbox.get_message_by_id(id), Err(GetError::Dropped { first_id: 1 }), "message {id}");
            assert_eq!(inbox.get_message_by_hash(&sha256(&bytes(id, 100))), Err(GetError::NotFound), "hash of {id}");
        }
        assert_eq!(ids(inbox.get_messages_by_key(KEY, first_page(Order::ascending))), [7, 9]);
        assert_eq!(ids(inbox.get_messages_by_key(KEY, first_page(Order::descending))), [9, 7]);
        let all = [2, 4, 6, 7, 8, 9];
        assert_eq!(ids(inbox.get_messages_by_range(1, 9, first_page(Order::ascending))), all);
        assert_eq!(ids(inbox.get_messages_by_time(0, u32::MAX, first_page(Order::ascending))), all);
        let head = KeyHead {
            min_id: 7,
            max_id: 9,
            count: 2,
            bytes: 200,
            rank: 5,
            acknowledged_id: 5,
            quota: Quota::default(),
            full_since: 0,
        };
        assert_eq!(inbox.get_key_heads(&[KEY.to_vec()]), Ok(vec![Some(head)]));
        assert_eq!(inbox.get_min_message_id_by_key(KEY), Ok(Some(7)));
        let page = inbox.get_messages_by_key(KEY, page_after(1, Order::ascending, 9)).expect("a page");
        assert!(!page.gap, "3 and 5 were acknowledged, not lost");
        assert_eq!(page.messages[0].prev_id, 5, "links stay as they were stored");
    };
    check();
    inbox.settle();
    assert!(!inbox.store_status().erasing, "the timer has overwritten them");
    check();
    inbox.upgrade(None);
    check();
    inbox.assert_all_invariants();
}

/// 90 MB are more than one execution overwrites. The next one goes on, also after an upgrade.
#[test]
fn each_step_of_overwriting_keeps_to_its_bytes() {
    const MESSAGES: u32 = 45;
    let (engine, inbox) = embedded::inbox();
    let owner = KeySetting::owner(NewOwner::principal(inbox.caller));
    inbox.set_key(KEY, &[owner]).expect("an admin names the owner");
    for n in 0..MESSAGES {
        inbox.add_message(KEY, &bytes(n, MAX_CIPHERTEXT_BYTES)).expect("stored");
    }
    assert_eq!(inbox.acknowledge(KEY, MESSAGES), Ok(Acknowledged { messages: MESSAGES }));
    engine.clear_executions(inbox.id);
    engine.tick();
    assert!(inbox.store_status().erasing, "the rest waits");
    inbox.upgrade(None);
    inbox.settle();
    assert!(!inbox.store_status().erasing);
    let timer = engine.executions(inbox.id).into_iter().filter(|one| one.entry == EntryPoint::GlobalTimer);
    let written: Vec<_> = timer.map(|one| one.usage.stable_bytes_written as usize).collect();
    let all = MESSAGES as usize * MAX_CIPHERTEXT_BYTES;
    assert!(written.iter().sum::<usize>() >= all, "{written:?}");
    // Each message writes its record and its key's as well.
    let most = (ERASE_PAGES * 4_096) as usize + MESSAGES as usize * 1_000;
    assert!(written.iter().all(|bytes| *bytes <= most) && written[0] > all / 2, "{written:?}");
}

#[test]
fn the_timer_overwrites_ciphertexts_and_nothing_else() {
    let inbox = filled();
    let holds = |n: u32| {
        let stable = inbox.platform.stable_memory(inbox.id);
        memmem::find(&stable, &bytes(n, 100)).is_some()
    };
    inbox.acknowledge(KEY, 3).expect("the owner may");
    inbox.settle();
    assert_eq!([1, 2, 3, 5].map(holds), [false, true, false, true], "of 1 and 3 no byte is left");
    inbox.assert_all_invariants();
}

#[test]
fn a_message_sent_again_is_a_duplicate_until_it_is_dropped() {
    let inbox = filled();
    inbox.acknowledge(KEY, 9).expect("the owner may");
    inbox.settle();
    assert_eq!(inbox.add_message(KEY, &bytes(1, 100)), Ok(Added { id: 1, duplicate: true }));
    let head = inbox.get_key_heads(&[KEY.to_vec()]).expect("a good key")[0].expect("the key is known");
    assert_eq!((head.min_id, head.max_id, head.count, head.rank), (0, 0, 0, 5), "nothing is live");
    inbox.set_settings(&[Setting::max_messages(Bound::AtMost(5))]).expect("good settings");
    assert_eq!(inbox.add_message(KEY, &bytes(1, 100)), Ok(Added { id: 10, duplicate: false }), "1 was dropped");
    let message = inbox.get_message_by_id(10).expect("stored").message;
    assert_eq!(message.prev_id, 9, "the list goes on");
    inbox.assert_all_invariants();
}

#[test]
fn acknowledging_is_cumulative_and_does_not_go_back() {
    let inbox = filled();
    assert_eq!(inbox.acknowledge(KEY, 5), Ok(Acknowledged { messages: 3 }));
    assert_eq!(inbox.acknowledge(KEY, 5), Ok(Acknowledged { messages: 0 }), "again");
    inbox.settle();
    let before = Snapshot::of(&inbox);
    assert_eq!(inbox.acknowledge(KEY, 4), Err(AckError::NotNewer { acknowledged_id: 5 }));
    assert_eq!(inbox.acknowledge(KEY, 10), Err(AckError::NotStored { through: 10, max_id: 9 }));
    assert_eq!(inbox.acknowledge(b"another", 2), Err(AckError::NotOwner), "an admin does not own every key");
    assert_eq!(inbox.acknowledge(b"unknown", 2), Err(AckError::NotOwner));
    assert_eq!(inbox.called_by(stranger()).acknowledge(KEY, 9), Err(AckError::NotOwner));
    let length = TooLong { length: 0, max: 64 };
    assert_eq!(inbox.acknowledge(b"", 1), Err(AckError::KeyIdLength(length)));
    before.assert_same(&inbox, "refused acknowledgements");
    assert_eq!(inbox.acknowledge(KEY, 9), Ok(Acknowledged { messages: 2 }), "and on");
    inbox.assert_all_invariants();
}

#[test]
fn many_keys_are_acknowledged_in_one_call_each_for_itself() {
    let inbox = filled();
    let item = |key_id: &[u8], through| Acknowledgement { key_id: ByteBuf::from(key_id), through };
    let call = |items: &[Acknowledgement]| {
        let reply = inbox.update_raw("acknowledge", encode_args((items,)).expect("encoded")).expect("answered");
        type Each = Result<Acknowledged, AckError>;
        decode_args::<(Result<Vec<Each>, AcksError>,)>(&reply).expect("a result").0
    };
    let answers = call(&[item(KEY, 3), item(b"another", 2), item(KEY, 7)]);
    let done = |messages| Ok(Acknowledged { messages });
    assert_eq!(answers, Ok(vec![done(2), Err(AckError::NotOwner), done(2)]));
    let (length, max) = (MAX_LOOKUP_ITEMS as u32 + 1, MAX_LOOKUP_ITEMS as u32);
    let too_many = vec![item(KEY, 9); length as usize];
    assert_eq!(call(&too_many), Err(AcksError::BatchTooLong(TooLong { length, max })));
    assert_eq!(inbox.get_min_message_id_by_key(KEY), Ok(Some(9)), "nothing of it was done");
}

#[test]
fn acknowledging_frees_the_quota_at_once() {
    let inbox = Inbox::new();
    let quota = Quota { messages: Bound::AtMost(8), bytes: Bound::Unlimited };
    inbox.set_settings(&[Setting::key_quota(quota)]).expect("good settings");
    let owner = KeySetting::owner(NewOwner::principal(inbox.caller));
    inbox.set_key(KEY, &[owner]).expect("an admin names the owner");
    let stranger = inbox.called_by(stranger());
    let fill = |from: u32| (from..).take_while(|n| stranger.add_message(KEY, &n.to_le_bytes()).is_ok()).count();
    assert_eq!(fill(0), 2, "strangers fill a quarter");
    let full = stranger.add_message(KEY, b"more");
    assert!(matches!(full, Err(AddError::KeyFull { .. })), "{full:?}");
    let last = inbox.get_max_message_id_by_key(KEY).expect("a good key").expect("messages");
    inbox.acknowledge(KEY, last).expect("the owner may");
    assert_eq!(fill(100), 2, "a quarter again");
}
