//! A store too large for one message. Its index is rebuilt in slices. Until then calls that need it return
//! `Unavailable`.

use message_canister::api::*;
use message_canister::limits::{MAX_REBUILD_PAGES, MIN_REBUILD_PAGES};
use serde_bytes::ByteBuf;

use crate::support::{Inbox, bytes, first_page, new_message, sha256};

/// The least work there may be in a slice.
const LEAST: &[Setting] = &[Setting::rebuild_pages(Bound::AtMost(MIN_REBUILD_PAGES))];

/// An inbox with these messages.
fn filled(items: &[(Vec<u8>, Vec<u8>)]) -> Inbox {
    let inbox = Inbox::new();
    let mut stored = 0;
    while stored < items.len() {
        let mut room = 1_900_000;
        let fits = |item: &&(Vec<u8>, Vec<u8>)| {
            let fits = item.1.len() < room;
            room = room.saturating_sub(item.1.len() + 64);
            fits
        };
        let batch: Vec<_> = items[stored..].iter().take(1_000).take_while(fits).collect();
        let batch: Vec<_> = batch.iter().map(|(key_id, text)| new_message(key_id, text)).collect();
        let added = inbox.add_messages(&batch).expect("a good batch");
        assert!(added.iter().all(Result::is_ok), "all of it is stored");
        stored += batch.len();
    }
    inbox
}

fn few_keys(messages: u32) -> Vec<(Vec<u8>, Vec<u8>)> {
    (0..messages).map(|n| (bytes(n % 7, 41), bytes(n, 40))).collect()
}

fn many_keys() -> Vec<(Vec<u8>, Vec<u8>)> {
    (0..8_000u32).map(|n| (bytes(n, 41), bytes(n, 180))).collect()
}

fn large_messages() -> Vec<(Vec<u8>, Vec<u8>)> {
    (0..3_000u32).map(|n| (bytes(n, 64), bytes(n, 3_000))).collect()
}

fn one_text_for_all() -> Vec<(Vec<u8>, Vec<u8>)> {
    (0..1_000u32).map(|n| (bytes(n, 41), b"the same for all".to_vec())).collect()
}

fn heads(inbox: &Inbox, items: &[(Vec<u8>, Vec<u8>)]) -> Vec<Option<KeyHead>> {
    let keys: Vec<_> = items.iter().map(|(key_id, _)| key_id.clone()).collect();
    let heads = keys.chunks(1_000).map(|keys| inbox.get_key_heads(keys).expect("good keys"));
    heads.collect::<Vec<_>>().concat()
}

/// Upgrades with the least work in a slice, watches the whole rebuild and compares the answers.
fn rebuilds_in_slices(items: &[(Vec<u8>, Vec<u8>)], at_least: u32) {
    let inbox = filled(items);
    let before = (inbox.store_status(), heads(&inbox, items));
    inbox.begin_upgrade(Some(LEAST)).expect("a large store upgrades");
    let mut progress = inbox.store_status().rebuild.expect("one slice is not enough");
    assert_eq!(progress.total as usize, items.len(), "all messages are to be indexed");
    let mut slices = 1;
    let mut idle = 0;
    loop {
        inbox.platform.tick();
        match inbox.store_status().rebuild {
            None => break,
            Some(now) if now == progress => {
                idle += 1;
                assert!(idle < 10, "a rebuild must go on, it stands at {now:?}");
            }
            Some(now) => {
                assert!(now.done > progress.done && now.done < now.total, "{progress:?} must rise, not be {now:?}");
                assert_eq!(now.total, progress.total, "the total stays");
                progress = now;
                slices += 1;
                idle = 0;
            }
        }
    }
    assert!(slices >= at_least, "{slices} slices of {} messages, fewer than {at_least}", items.len());
    assert_eq!(inbox.store_status(), before.0, "the status is as it was");
    assert_eq!(inbox.get_status().limits.rebuild_pages, MIN_REBUILD_PAGES, "but for the limit that was set");
    assert_eq!(heads(&inbox, items), before.1, "the heads are as they were");
    inbox.assert_all_invariants();
    let id = before.0.next_id;
    assert_eq!(inbox.add_message(b"key", b"afterwards"), Ok(Added { id, duplicate: false }), "adds go on at once");
    assert_eq!(inbox.add_message(&items[0].0, &items[0].1), Ok(Added { id: 1, duplicate: true }), "all is known again");
}

#[test]
fn a_rebuild_of_few_keys() {
    rebuilds_in_slices(&few_keys(3_000), 6);
}

#[test]
fn a_rebuild_of_many_keys() {
    rebuilds_in_slices(&many_keys(), 12);
}

#[test]
fn a_rebuild_of_large_messages() {
    rebuilds_in_slices(&large_messages(), 4);
}

#[test]
fn a_rebuild_of_one_text_under_many_keys() {
    rebuilds_in_slices(&one_text_for_all(), 6);
}

#[test]
fn calls_that_need_the_indexes_are_unavailable_and_others_are_not() {
    let items = few_keys(6_000);
    let inbox = filled(&items);
    let page = first_page(Order::ascending);
    let by_range = inbox.get_messages_by_range(5, 50, page);
    let by_time = inbox.get_messages_by_time(0, u32::MAX, page);
    let by_id = inbox.get_message_by_id(7);
    let by_key = inbox.get_messages_by_key(&items[0].0, page);
    let head = heads(&inbox, &items[..1]);
    inbox.begin_upgrade(Some(LEAST)).expect("a large store upgrades");
    let before = inbox.platform.stable_memory(inbox.id);

    let rebuild = || inbox.store_status().rebuild.expect("the rebuild goes on");
    let (key_id, text) = &items[0];
    let stored = Stored { key_id: ByteBuf::from(key_id.as_slice()), hash: ByteBuf::from(sha256(text)) };
    let now = rebuild();
    assert_eq!(inbox.get_message_by_hash(&sha256(text)), Err(GetError::Unavailable(now)), "by hash");
    let unavailable = LookupError::Unavailable(now);
    assert_eq!(inbox.has_messages(&[stored]), Err(unavailable), "pairs");
    assert_eq!(inbox.check(CheckCursor::default()), Err(CheckError::Unavailable(now)), "a check");

    assert!(inbox.get_message_by_id(7) == by_id, "by id, as before");
    assert!(inbox.get_messages_by_range(5, 50, page) == by_range, "by range, as before");
    assert!(inbox.get_messages_by_key(key_id, page) == by_key, "by key, as before");
    assert_eq!(heads(&inbox, &items[..1]), head, "heads, as before");
    assert_eq!(inbox.get_min_message_id_by_key(key_id), Ok(Some(1)), "the first of a key");
    assert!(inbox.get_messages_by_time(0, u32::MAX, page) == by_time, "by time, as before");
    assert_eq!(inbox.get_min_message_id(), Ok(1), "the first id");
    assert_eq!(inbox.get_max_message_id(), Ok(items.len() as Id), "the last id");

    // An update takes a round, and in a round the rebuild may go on.
    let added = inbox.add_message(b"key", b"text");
    let Err(AddError::Unavailable(progress)) = added else { panic!("an add must be unavailable, got {added:?}") };
    assert!(progress.done >= now.done && progress.total == now.total, "{progress:?} follows {now:?}");
    let added = inbox.add_messages(&[new_message(b"key", b"text")]);
    let Err(BatchError::Unavailable(progress)) = added else { panic!("a batch must be unavailable, got {added:?}") };
    assert!(progress.done >= now.done && progress.total == now.total, "{progress:?} follows {now:?}");
    // Calls that are invalid in themselves are refused at once.
    assert_eq!(inbox.add_message(b"key", b""), Err(AddError::CiphertextEmpty), "retrying would not help");
    assert!(rebuild().done < items.len() as u32, "it goes on still");
    assert!(inbox.platform.stable_memory(inbox.id) == before, "refused adds write nothing");
    inbox.finish_rebuild();
    inbox.assert_all_invariants();
}

#[test]
fn an_upgrade_during_a_rebuild_starts_it_anew() {
    let items = many_keys();
    let inbox = filled(&items);
    let before = heads(&inbox, &items);
    inbox.begin_upgrade(Some(LEAST)).expect("a large store upgrades");
    let first = inbox.store_status().rebuild.expect("one slice is not enough");
    for _ in 0..6 {
        inbox.platform.tick();
    }
    let later = inbox.store_status().rebuild.expect("few slices are not enough");
    assert!(later.done > first.done, "it has come further: {first:?}, {later:?}");
    inbox.begin_upgrade(None).expect("a store that is being rebuilt upgrades");
    let anew = inbox.store_status().rebuild.expect("the settings are kept, so one slice is not enough");
    assert!(anew.done < later.done, "it starts anew: {anew:?}");
    inbox.finish_rebuild();
    assert_eq!(heads(&inbox, &items), before, "the heads are as they were");
    inbox.assert_all_invariants();
}

#[test]
fn settings_changed_during_a_rebuild_count_from_the_next_slice() {
    let items = many_keys();
    let inbox = filled(&items);
    inbox.begin_upgrade(Some(LEAST)).expect("a large store upgrades");
    assert!(inbox.store_status().rebuild.is_some(), "one slice is not enough");
    let most = [Setting::rebuild_pages(Bound::AtMost(MAX_REBUILD_PAGES))];
    assert_eq!(inbox.set_settings(&most), Ok(3), "settings need no index");
    let rounds = inbox.finish_rebuild();
    assert!(rounds <= 4, "the rest takes one slice, took {rounds} rounds");
    inbox.assert_all_invariants();
}

#[test]
fn the_default_settings_rebuild_small_stores_within_the_upgrade() {
    let items = few_keys(1_000);
    let inbox = filled(&items);
    inbox.begin_upgrade(None).expect("the canister upgrades");
    assert_eq!(inbox.store_status().rebuild, None, "nothing is left to do");
    assert_eq!(inbox.add_message(&items[0].0, &items[0].1), Ok(Added { id: 1, duplicate: true }), "adds go on at once");
}
