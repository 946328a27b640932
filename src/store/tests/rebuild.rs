//! Invariant 6: a rebuild restores the same indexes, in one step or in many, and calls that need them wait for it.

use super::*;
use crate::api::{AddError, Bound, GetError, LookupError, PageError};
use crate::limits::MIN_REBUILD_PAGES;

#[test]
fn a_reopened_store_answers_the_same() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    assert_eq!(answers(&open(&memory)), answers(&store));
    fill(&mut store, 300);
    assert_eq!(answers(&open(&memory)), answers(&store));
}

/// Many keys, large messages and equal ciphertexts under other keys, in the smallest possible steps.
#[test]
fn small_steps_end_where_one_large_step_does() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    fill(&mut store, 200);
    for number in 0..500 {
        store.add_message(&key(number, 64), &key(number, 5_000), 1).unwrap();
    }
    for number in 0..400 {
        store.add_message(&key(number + 1_000, 41), &key(number, 5_000), 1).unwrap();
    }
    let expected = answers(&store);
    store.set_settings(Settings { rebuild_pages: Bound::AtMost(MIN_REBUILD_PAGES), ..Settings::default() }, 0).unwrap();
    let mut store = Store::open(memory.clone(), Capacity::default()).unwrap();
    let mut steps = 0;
    while let Some(progress) = store.rebuild_progress() {
        assert_eq!(progress.total, 1_100);
        assert_eq!(store.add_message(b"k", b"c", 1), Err(AddError::Unavailable(progress)));
        assert_eq!(store.view(|| 0).get_message_by_hash(&[0; 32]), Err(GetError::Unavailable(progress)));
        assert_eq!(store.view(|| 0).get_key_head(b"k"), Err(LookupError::Unavailable(progress)));
        let cursor = Cursor { after: 0, order: Order::ascending, limit: 1 };
        assert_eq!(store.view(|| 0).get_messages_by_key(b"k", cursor), Err(PageError::Unavailable(progress)));
        assert_eq!(store.view(|| 0).get_message_by_id(1_100).unwrap().message.id, 1_100);
        assert_eq!(store.view(|| 0).get_messages_by_range(1, 9, cursor).unwrap().messages[0].id, 1);
        store.rebuild_step().unwrap();
        assert!(store.rebuild_progress().is_none_or(|now| now.done > progress.done), "no progress at {progress:?}");
        steps += 1;
    }
    assert!(steps > 100, "{steps} steps");
    assert_eq!(answers(&store), expected);
}

/// No step touches more pages than the settings allow.
#[test]
fn a_step_stays_within_its_pages() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for number in 0..3_000 {
        store.add_message(&key(number % 1_500, 41), &key(number % 1_000, 300), 1).unwrap();
    }
    for pages in [MIN_REBUILD_PAGES, 50, 1_000] {
        store.set_settings(Settings { rebuild_pages: Bound::AtMost(pages), ..Settings::default() }, 0).unwrap();
        let mut store = Store::open(memory.clone(), Capacity::default()).unwrap();
        loop {
            memory.count_reads();
            let step = store.rebuild_step().unwrap();
            let read = memory.pages_read();
            assert!(read <= u64::from(pages), "{read} pages read where {pages} are allowed");
            if step == Rebuilt::Done {
                break;
            }
        }
    }
}
