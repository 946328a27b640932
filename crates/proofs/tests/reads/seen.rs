//! A later answer must continue a reader's memory.

use crate::store::{Store, question};
use proofs::seen::{Broken, Continued, Seen};
use proofs::verify::{Entry, Order, Verified};

const KEY: &[u8] = b"key";

fn read(store: &Store, entry: Entry, limit: usize) -> Verified {
    let answer = store.page(KEY, Order::Ascending, entry, limit);
    let asked = question(KEY, Order::Ascending, entry);
    answer.proof.verify(&asked, &answer.shown, &store.root(), store.now()).expect("it is true")
}

fn with(messages: u64) -> Store {
    let mut store = Store::new(4);
    for content in 0..messages {
        store.add(KEY, content);
    }
    store
}

#[test]
fn a_later_page_is_an_extension() {
    let mut store = with(20);
    let seen = Seen::newest(&read(&store, Entry::Start, 50)).expect("there are messages");
    assert_eq!(seen.continued_by(&read(&store, Entry::After(seen.id), 5)), Ok(Continued::Extends));
    for content in 0..30 {
        store.add(KEY, content);
    }
    let next = read(&store, Entry::After(seen.id), 5);
    assert_eq!((seen.continued_by(&next), seen.missed(&next)), (Ok(Continued::Extends), 0));
    assert_eq!(seen.continued_by(&read(&store, Entry::Rank(45), 5)), Ok(Continued::Unlinked));
    store.state.first_id = 31;
    let next = read(&store, Entry::After(seen.id), 5);
    assert_eq!((seen.continued_by(&next), seen.missed(&next)), (Ok(Continued::Unlinked), 10));
}

#[test]
fn a_shorter_list_is_a_rollback_and_another_message_a_fork() {
    let seen = Seen::newest(&read(&with(20), Entry::Start, 50)).expect("there are messages");
    let earlier = read(&with(19), Entry::Start, 50);
    assert_eq!(seen.continued_by(&earlier), Err(Broken::RolledBack { seen: 20, found: 19 }));
    let nothing = read(&Store::new(4), Entry::Start, 50);
    assert_eq!(seen.continued_by(&nothing), Err(Broken::RolledBack { seen: 20, found: 0 }));
    let mut other = with(19);
    other.add(KEY, 99);
    assert_eq!(seen.continued_by(&read(&other, Entry::Start, 50)), Err(Broken::Forked { rank: 20 }));
}

fn with_ids(ids: &[u32]) -> Store {
    let mut store = Store::new(4);
    for id in ids {
        store.add_as(KEY, *id);
    }
    store
}

/// A reader asks behind the last id that it knows. The store was set back to the id 60, and has given out others since.
#[test]
fn a_list_that_was_set_back_and_is_longer_now_is_a_fork() {
    let seen = Seen::newest(&read(&with_ids(&[20, 40, 60, 80, 100]), Entry::Start, 50)).expect("there are messages");
    assert_eq!((seen.id, seen.rank), (100, 5));
    let mut other = with_ids(&[20, 40, 60, 71, 85, 90, 95, 110]);
    let forked = Err(Broken::Forked { rank: 5 });
    let page = read(&other, Entry::After(100), 50);
    assert_eq!((page.first_rank, page.head.map(|head| head.last_id)), (8, Some(110)), "nothing shows rank 5");
    assert_eq!(seen.continued_by(&page), forked);
    assert_eq!(seen.continued_by(&read(&other, Entry::Rank(8), 50)), forked, "whatever was asked for");
    let newest = with_ids(&[20, 40, 60, 71, 85, 90, 95]);
    assert_eq!(seen.continued_by(&read(&newest, Entry::Rank(7), 50)), forked, "a higher rank has a lower id");
    let few = with_ids(&[120, 130, 140, 150, 160, 170, 180, 190, 200, 210]);
    assert_eq!(seen.continued_by(&read(&few, Entry::After(100), 2)), forked, "a lower rank has a higher id");
    other.state.epoch = 2;
    assert_eq!(seen.continued_by(&read(&other, Entry::After(100), 50)), Ok(Continued::Restored));
}

/// Whatever has been dropped or acknowledged since: within one list, every page goes on from every message.
#[test]
fn no_page_of_the_same_list_is_a_fork() {
    let ids: Vec<u32> = (1..=30).map(|n| 3 * n + n % 3).collect();
    for length in 1..=ids.len() {
        let seen = Seen::newest(&read(&with_ids(&ids[..length]), Entry::Start, 50)).expect("there are messages");
        for (first_id, acknowledged) in [(1, 0), (40, 0), (1, 12), (40, 25), (94, 0)] {
            let mut store = with_ids(&ids);
            store.state.first_id = first_id;
            store.lists.get_mut(KEY).expect("it is there").acknowledged = acknowledged;
            for entry in (0..=95).map(Entry::After).chain((0..=31).map(Entry::Rank)) {
                let how = seen.continued_by(&read(&store, entry, 3));
                assert!(matches!(how, Ok(Continued::Extends | Continued::Unlinked)), "{seen:?} {entry:?}: {how:?}");
            }
        }
    }
}

#[test]
fn ranks_start_again_only_after_everything_seen_was_dropped() {
    let seen = Seen::newest(&read(&with(5), Entry::Start, 50)).expect("there are messages");
    let mut store = Store::new(4);
    store.next_id = 6;
    store.state.first_id = 6;
    assert_eq!(seen.continued_by(&read(&store, Entry::Start, 5)), Ok(Continued::Restarted));
    store.add(KEY, 1);
    assert_eq!(seen.continued_by(&read(&store, Entry::Start, 5)), Ok(Continued::Restarted));
    store.state.first_id = 5;
    let answer = read(&store, Entry::Start, 5);
    assert_eq!(seen.continued_by(&answer), Err(Broken::RolledBack { seen: 5, found: 1 }));
    for content in 2..=20 {
        store.add(KEY, content);
    }
    let answer = read(&store, Entry::After(seen.id), 2);
    assert_eq!(seen.continued_by(&answer), Err(Broken::Forked { rank: 5 }));
    store.state.first_id = 6;
    let answer = read(&store, Entry::After(seen.id), 2);
    assert_eq!(seen.continued_by(&answer), Ok(Continued::Restarted), "with more messages than before");
}

#[test]
fn a_restored_snapshot_has_a_later_epoch() {
    let mut earlier = with(15);
    let seen = Seen::newest(&read(&with(20), Entry::Start, 50)).expect("there are messages");
    earlier.state.epoch = 2;
    assert_eq!(seen.continued_by(&read(&earlier, Entry::Start, 50)), Ok(Continued::Restored));
    let seen = Seen::newest(&read(&earlier, Entry::Start, 50)).expect("there are messages");
    let answer = read(&with(20), Entry::Start, 50);
    assert_eq!(seen.continued_by(&answer), Err(Broken::Epoch { seen: 2, found: 1 }));
}
