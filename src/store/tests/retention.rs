//! Retention: dropped messages are gone, their room is used again, and nothing else changes.

use super::*;
use crate::api::{Bound, GetError, Setting};
use crate::limits::{FORGET_PAGES, LAST_ID, MIN_MAX_BYTES, SWEEP_PAGES, SWEEP_RUN};
use crate::store::inbox;
use crate::store::numbered::SEGMENT_SLOTS;
use crate::store::payloads::SEGMENT_BYTES;
use stable::region::LEADING_PAGES;

fn limits(max_messages: Option<u32>, max_bytes: Option<u64>, max_age_seconds: Option<u32>) -> [Setting; 3] {
    [
        Setting::max_messages(max_messages.into()),
        Setting::max_bytes(max_bytes.into()),
        Setting::max_age_seconds(Bound::from(max_age_seconds)),
    ]
}

/// Records and stream bytes that are stored, including the backlog.
fn stored(store: &Store) -> (u64, u64) {
    let (reclaimed, next) = (store.inbox.reclaimed_id(), store.inbox.next_id());
    let start = if reclaimed < next { store.inbox.offset(reclaimed) } else { store.payloads.end() };
    (u64::from(next - reclaimed), store.payloads.end() - start)
}

/// Maximum number of records and bytes ever stored at once. Memory may exceed them by 2 % and two segments.
#[derive(Default)]
struct Most {
    records: u64,
    bytes: u64,
}

impl Most {
    fn watch(&mut self, store: &Store) {
        let (records, bytes) = stored(store);
        (self.records, self.bytes) = (self.records.max(records), self.bytes.max(bytes));
        for (memory, most, segment, pages) in [
            (store.memory.inbox(), self.records, u64::from(SEGMENT_SLOTS), 84),
            (store.memory.links(), self.records, u64::from(SEGMENT_SLOTS), 84),
            (store.memory.payloads(), self.bytes, SEGMENT_BYTES, 128),
        ] {
            let segments = (memory.size() - LEADING_PAGES) / pages;
            let allowed = most * 102 / 100;
            assert!(
                segments * segment <= allowed + 2 * segment,
                "{segments} segments where {most} were stored at once"
            );
        }
    }
}

/// Sweeps the whole backlog, as the timer does.
fn sweep_all(store: &mut Store) {
    while store.backlog_kept() > 0 {
        store.sweep(1_000);
    }
}

/// The contents are replaced many times, by the smallest and the largest messages mixed.
#[test]
fn memory_stays_within_what_was_stored_at_once() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    store.set_settings(&limits(None, Some(20_000_000), None), 0).unwrap();
    let (mut most, mut number) = (Most::default(), 0u32);
    for turn in 0..24u32 {
        for _ in 0..turn % 7 * 80 {
            number += 1;
            add(&mut store, &key(number % 5_000, 41), &[&number.to_le_bytes()[..], &[0; 28]].concat(), turn).unwrap();
            most.watch(&store);
        }
        for size in [1_900_000, 700_000, 2_000_000] {
            number += 1;
            let text: Vec<u8> = number.to_le_bytes().repeat(size / 4);
            add(&mut store, &key(number % 3, 64), &text, turn).unwrap();
            most.watch(&store);
        }
        assert!(status(&store, 0).live_bytes <= 20_000_000);
        if turn % 8 == 7 {
            assert_eq!(violations(&store), Vec::<String>::new());
            store = open(&memory);
        }
    }
    assert!(store.payloads.end() > 5 * 20_000_000, "the store was turned over");
    assert_eq!(violations(&store), Vec::<String>::new());
    // All messages are dropped at once, and the next add gets the next id.
    store.set_settings(&limits(None, None, Some(1)), 1_000).unwrap();
    sweep_all(&mut store);
    assert_eq!(stored(&store), (0, 0));
    for store in [&mut open(&memory), &mut store] {
        let status = status(store, 1_000);
        assert_eq!((status.messages, status.next_id, status.index_entries), (0, number + 1, 0));
    }
    let mut store = open(&memory);
    assert_eq!(add(&mut store, b"key", b"after all", 1_000).unwrap().id, number + 1);
    most.watch(&store);
    assert_eq!(violations(&store), Vec::<String>::new());
}

/// Each record has its own key: places and entries are used again.
#[test]
fn records_and_keys_that_are_gone_cost_nothing() {
    const KEYS: u32 = 20_000;
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    store.set_settings(&limits(Some(1_000), None, None), 0).unwrap();
    let mut most = Most::default();
    for number in 0..KEYS {
        add(&mut store, &number.to_le_bytes(), &number.to_le_bytes(), 1).unwrap();
    }
    most.watch(&store);
    let counted = status(&store, 0);
    assert_eq!((counted.messages, counted.backlog, counted.index_entries), (1_000, 0, 1_000));
    assert_eq!(counted.keys, KEYS, "no key is forgotten yet");
    store.set_settings(&[Setting::idle_seconds(Bound::AtMost(10))], 1).unwrap();
    assert_eq!(store.next_idle_sweep(), Some(60));
    store.forget_while(10, || true).unwrap();
    assert_eq!(status(&store, 0).keys, KEYS, "no second too early");
    let mut executions = 0;
    while store.next_idle_sweep().is_some() {
        store.forget_while(11, || true).unwrap();
        executions += 1;
        assert!(executions <= 10, "each forgets its part");
    }
    assert_eq!(status(&store, 0).keys, 1_000);
    assert_eq!(at(&store, 0).get_key_head(&0u32.to_le_bytes()), Ok(None), "a forgotten key is gone");
    assert_eq!(violations(&store), Vec::<String>::new());
    let pages = store.memory.keys().size();
    for number in 0..1_000 {
        add(&mut store, &key(number, 64), b"comes after", 1).unwrap();
    }
    assert_eq!(store.memory.keys().size(), pages, "places are used again");
    let reopened = open(&memory);
    assert_eq!(status(&reopened, 0).first_id, status(&store, 0).first_id);
    assert_eq!(violations(&reopened), Vec::<String>::new());
}

/// Limits grow and shrink while messages are replaced. They exclude exactly the messages that they name, and no dropped
/// message returns.
#[test]
fn limits_change_while_the_ring_is_wrapped() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    let mut first = 1;
    let mut number = 0u32;
    for (round, max) in [900, 300, 7_000, 1, 2_000, 10_000, 50].into_iter().enumerate() {
        store.set_settings(&limits(Some(max), None, None), 0).unwrap();
        for _ in 0..4_000 {
            number += 1;
            add(&mut store, &key(number % 100, 20), &number.to_le_bytes(), 1).unwrap();
            let expected = first.max((number + 1).saturating_sub(max));
            assert_eq!(at(&store, 0).first_id(), expected, "round {round}");
            first = expected;
        }
        if round % 2 == 0 {
            sweep_all(&mut store);
            assert_eq!(store.backlog_kept(), 0);
        }
        assert_eq!(violations(&store), Vec::<String>::new());
        let oldest = at(&store, 0).get_message_by_id(first).unwrap();
        assert_eq!(oldest.message.ciphertext.as_slice(), first.to_le_bytes());
        assert_eq!(
            at(&store, 0).get_message_by_id(first - 1).err(),
            match first {
                1 => Some(GetError::UnknownId { id: 0, last: number }),
                _ => Some(GetError::Dropped { first_id: first }),
            }
        );
    }
}

/// A dropped message that is added again is a new one, whether or not the old one was swept. Sweeping the old one does
/// not affect the new one.
#[test]
fn a_dropped_message_comes_again_as_a_new_one() {
    for swept in [false, true] {
        let mut store = create(&SparseMemory::default());
        for text in [b"a", b"b", b"c"] {
            add(&mut store, b"key", text, 1).unwrap();
        }
        store.set_settings(&limits(Some(2), None, None), 1).unwrap();
        if swept {
            sweep_all(&mut store);
        }
        let again = add(&mut store, b"key", b"a", 1).unwrap();
        assert_eq!((again.id, again.duplicate), (4, false), "swept: {swept}");
        sweep_all(&mut store);
        let again = add(&mut store, b"key", b"a", 1).unwrap();
        assert_eq!((again.id, again.duplicate), (4, true), "a duplicate of a live one, and it drops nothing");
        assert_eq!(at(&store, 0).first_id(), 3);
        assert_eq!(violations(&store), Vec::<String>::new());
    }
}

/// If the check's next message was dropped in the meantime, the check continues at the oldest one.
#[test]
fn a_check_survives_what_is_dropped_between_its_slices() {
    let mut store = create(&SparseMemory::default());
    for number in 0..6_000u32 {
        add(&mut store, b"key", &number.to_le_bytes(), 1).unwrap();
    }
    let next = at(&store, 0).check(CheckCursor::default()).unwrap().next.unwrap();
    assert!(next.id > 1 && next.key == 0, "messages are left: {next:?}");
    store.set_settings(&limits(Some(10), None, None), 1).unwrap();
    sweep_all(&mut store);
    for from in [next, CheckCursor { id: 6_001, key: 1 }, CheckCursor { id: 6_001, key: 99 }] {
        let report = at(&store, 0).check(from).unwrap();
        assert_eq!((report.violations, report.next), (Vec::new(), None), "from {from:?}");
    }
}

/// Age limits are exact to the second. A message that was too old does not return under a longer age limit.
#[test]
fn age_holds_to_the_second() {
    let mut store = create(&SparseMemory::default());
    store.set_settings(&limits(None, None, Some(10)), 100).unwrap();
    add(&mut store, b"key", b"old", 100).unwrap();
    add(&mut store, b"key", b"new", 105).unwrap();
    for (now, first) in [(109, 1), (110, 2), (114, 2), (115, 3)] {
        assert_eq!(at(&store, now).first_id(), first, "at {now}");
    }
    assert_eq!(status(&store, 115).messages, 0);
    store.set_settings(&limits(None, None, Some(1_000)), 112).unwrap();
    assert_eq!(at(&store, 112).first_id(), 2, "the old limit counted first");
    assert_eq!(at(&store, 112).get_message_by_hash(&store.inbox.hash(1)), Err(GetError::NotFound));
}

/// Readers see messages expire to the second. The timer sweeps once a minute, in however many seconds they expire.
#[test]
fn the_timer_wakes_once_a_minute_at_most() {
    let mut store = create(&SparseMemory::default());
    store.set_settings(&limits(None, None, Some(100)), 0).unwrap();
    let mut woken = std::collections::BTreeSet::new();
    for now in 600..1_200u32 {
        add(&mut store, b"key", &now.to_le_bytes(), now).unwrap();
        let due = store.next_expiry_sweep().unwrap();
        assert!(due.is_multiple_of(60) && due < u64::from(now) + 160, "{due} at {now}");
        woken.insert(due);
        if u64::from(now) == due {
            store.drop_excluded(now);
            sweep_all(&mut store);
            assert_eq!(at(&store, now).first_id(), now - 600 - 99 + 1, "all that is too old goes at once");
        }
    }
    assert!(woken.len() <= 11, "{woken:?}");
}

/// One execution of the timer sweeps while `go_on` returns true, and never touches more pages than allowed.
#[test]
fn a_sweep_keeps_its_budgets() {
    let mut store = create(&SparseMemory::default());
    for number in 0..5_500u32 {
        add(&mut store, &key(number, 41), &number.to_le_bytes(), 1).unwrap();
    }
    store.set_settings(&limits(Some(1), None, None), 1).unwrap();
    let mut looks = 0;
    store.sweep_while(|| {
        looks += 1;
        looks <= 3
    });
    assert_eq!(store.backlog_kept(), 5_499 - 3 * SWEEP_RUN);
    assert!(store.pages_of_run(SWEEP_RUN) >= 20 && store.pages_of_run(SWEEP_RUN) < 60, "extents follow each other");
    store.sweep_while(|| true);
    assert_eq!(store.backlog_kept(), 0);
    let large = 1_000;
    for number in 0..large {
        store.set_settings(&limits(None, None, None), 1).unwrap();
        add(&mut store, &key(number, 41), &number.to_le_bytes().repeat(5_000), 1).unwrap();
    }
    assert!(store.pages_of_run(large) <= 2 * u64::from(large) + 25, "at most two pages a tail");
}

/// The bound on the pages of a walk holds on average. Sweeping and forgetting count by it.
#[test]
fn walks_to_keys_are_counted_by_a_bound_that_holds() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for number in 0..20_000u32 {
        add(&mut store, &key(number, 20), &number.to_le_bytes(), 1).unwrap();
    }
    let bound = store.pages_of_walk();
    let asked = (0..20_000).step_by(97).map(|number| key(number, 20)).collect::<Vec<_>>();
    let pages = asked.iter().map(|key_id| {
        memory.count_reads();
        assert!(store.find_key(key_id).is_some());
        memory.pages_read()
    });
    // Writing the records and the state adds four pages.
    let each = pages.sum::<u64>() / asked.len() as u64 + 4;
    assert!(each > 14 && each <= bound, "{each} pages, at most {bound}");

    store.set_settings(&limits(Some(1), None, None), 1).unwrap();
    store.sweep_while(|| true);
    let swept = 19_999 - store.backlog_kept();
    let affordable = SWEEP_PAGES / bound;
    assert!(swept > 0 && u64::from(swept) <= affordable, "{swept} keys were looked up, {affordable} are affordable");
    while store.backlog_kept() > 0 {
        store.sweep_while(|| true);
    }
    store.set_settings(&[Setting::idle_seconds(Bound::AtMost(1))], 1).unwrap();
    let before = store.keys.len();
    store.forget_while(10, || true).unwrap();
    let forgotten = u64::from(before - store.keys.len());
    assert!(forgotten > 0 && forgotten <= FORGET_PAGES / bound, "{forgotten} keys in one execution");
}

/// The oldest live message of a long list is found at once, swept or not.
#[test]
fn a_long_dropped_part_of_a_list_costs_nothing() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for number in 0..5_000u32 {
        add(&mut store, b"key", &number.to_le_bytes(), 1).unwrap();
    }
    store.set_settings(&limits(Some(5), None, None), 1).unwrap();
    for _ in 0..2 {
        memory.count_reads();
        let head = at(&store, 0).get_key_head(b"key").unwrap().unwrap();
        assert!(memory.pages_read() < 60, "{} pages", memory.pages_read());
        assert_eq!((head.min_id, head.max_id, head.count), (4_996, 5_000, 5));
        assert_eq!(newest_in_three_pages(&memory, &store, b"key"), Some(5_000));
        assert_eq!(list(&store, b"key"), [4_996, 4_997, 4_998, 4_999, 5_000]);
        sweep_all(&mut store);
    }
}

/// The newest message of a key, in a store of at most two keys: the trie and the key's record are read, and no message.
fn newest_in_three_pages(memory: &SparseMemory, store: &Store, key_id: &[u8]) -> Option<Id> {
    memory.count_reads();
    let newest = at(store, 0).get_max_message_id_by_key(key_id).unwrap();
    assert!((1..=3).contains(&memory.pages_read()), "{} pages", memory.pages_read());
    newest
}

/// Neither does it where nothing of the list is left.
#[test]
fn a_list_that_was_dropped_whole_costs_nothing() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for number in 0..5_000u32 {
        add(&mut store, b"key", &number.to_le_bytes(), 1).unwrap();
    }
    add(&mut store, b"other", b"other", 1).unwrap();
    store.set_settings(&limits(Some(1), None, None), 1).unwrap();
    for _ in 0..2 {
        assert_eq!(newest_in_three_pages(&memory, &store, b"key"), None);
        assert_eq!(newest_in_three_pages(&memory, &store, b"other"), Some(5_001));
        sweep_all(&mut store);
    }
}

/// A store with only `left` ids left, as after many messages.
fn near_the_end(left: u32) -> (SparseMemory, Store) {
    let memory = SparseMemory::default();
    let store = after_many(&memory, LAST_ID - left, 1);
    (memory, store)
}

#[test]
fn ids_end_and_everything_stays_readable() {
    let (memory, mut store) = near_the_end(3_000);
    store.set_settings(&limits(Some(100), None, None), 0).unwrap();
    for number in 0..3_000u32 {
        let added = add(&mut store, &key(number % 9, 41), &number.to_le_bytes(), 8).unwrap();
        assert_eq!(added.id, LAST_ID - 2_999 + number);
    }
    for store in [&mut store, &mut open(&memory)] {
        assert_eq!(add(store, b"k", b"one more", 9), Err(AddError::IdsExhausted { last: LAST_ID }));
        assert_eq!(at(store, 0).get_max_message_id(), LAST_ID);
        assert_eq!(status(store, 0).messages, 100);
        assert_eq!(violations(store), Vec::<String>::new());
        let duplicate = add(store, &key(2_999 % 9, 41), &2_999u32.to_le_bytes(), 9).unwrap();
        assert_eq!((duplicate.id, duplicate.duplicate), (LAST_ID, true));
    }
    assert_eq!(inbox::KIND.segment_pages, 84);
}

/// Invariant 5 for an add that would drop messages but is refused memory.
#[test]
fn a_refused_add_drops_nothing() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    store.set_settings(&limits(None, Some(MIN_MAX_BYTES * 16), Some(100)), 0).unwrap();
    let (mut refused, mut number) = (0, 0u32);
    while at(&store, 0).first_id() < 10 {
        let text: Vec<u8> = number.to_le_bytes().repeat(475_000);
        let before = (memory.snapshot(), status(&store, number));
        memory.set_limit(Some(memory.size()));
        if let Err(error) = add(&mut store, &key(number % 3, 41), &text, number) {
            assert_eq!(error, AddError::StorageFull);
            assert!((memory.snapshot(), status(&store, number)) == before, "{number}");
            refused += 1;
            memory.set_limit(None);
            add(&mut store, &key(number % 3, 41), &text, number).unwrap();
        }
        memory.set_limit(None);
        number += 1;
    }
    // Adds are refused only while the store grows. Afterwards it reuses its own segments.
    assert!((1..10).contains(&refused), "{refused} refusals");
    memory.set_limit(Some(memory.size()));
    for number in number..number + 40 {
        let text: Vec<u8> = number.to_le_bytes().repeat(475_000);
        add(&mut store, &key(number % 3, 41), &text, number).unwrap();
    }
    assert_eq!(violations(&store), Vec::<String>::new());
}

/// An incompatible feature keeps releases that do not know reused segments from opening such a store.
#[test]
fn reuse_is_an_incompatible_feature() {
    let memory = SparseMemory::default();
    let mut store = after_many(&memory, SEGMENT_SLOTS - 30, 1);
    let features = |store: &Store| {
        let mut features = [0; 8];
        store.memory.inbox().read(16, &mut features);
        u64::from_le_bytes(features)
    };
    store.set_settings(&limits(Some(10), None, None), 0).unwrap();
    for number in 0..30u32 {
        add(&mut store, b"k", &number.to_le_bytes(), 1).unwrap();
    }
    assert_eq!(features(&store), 0, "nothing was unmapped yet");
    for number in 0..20u32 {
        add(&mut store, b"k", &[&number.to_le_bytes()[..], b"more"].concat(), 1).unwrap();
    }
    assert_eq!(features(&store), 1);
}
