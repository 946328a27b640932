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
