//! Invariant 6: a rebuild restores the same indexes, in one step or in many, and calls that need them wait for it.

use super::*;
use crate::api::{Bound, Cursor, GetError, LookupError, Progress, Setting};
use crate::limits::MIN_REBUILD_PAGES;
use crate::store::StoredRef;

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
        add(&mut store, &key(number, 64), &key(number, 5_000), 1).unwrap();
    }
    for number in 0..400 {
        add(&mut store, &key(number + 1_000, 41), &key(number, 5_000), 1).unwrap();
    }
    let expected = answers(&store);
    store.set_settings(&[Setting::rebuild_pages(Bound::AtMost(MIN_REBUILD_PAGES))], 0).unwrap();
    let mut store = Store::open(memory.clone(), Capacity::default()).unwrap();
    let mut steps = 0;
    while let Some(progress) = store.rebuild_progress() {
        assert_eq!(progress.total, 1_100);
        waits_or_answers(&mut store, progress, &expected);
        store.rebuild_step().unwrap();
        assert!(store.rebuild_progress().is_none_or(|now| now.done > progress.done), "no progress at {progress:?}");
        steps += 1;
    }
    assert!(steps > 50, "{steps} steps");
    assert_eq!(answers(&store), expected);
}

/// Calls that need the index wait for it: adds, and look-ups by hash. Reads by id and by key still work.
fn waits_or_answers(store: &mut Store, progress: Progress, expected: &Answers) {
    assert_eq!(add(store, b"k", b"c", 1), Err(AddError::Unavailable(progress)));
    let view = at(store, 0);
    assert_eq!(view.get_message_by_hash(&[0; 32]), Err(GetError::Unavailable(progress)));
    let pair = StoredRef { key_id: b"k", hash: &[0; 32] };
    assert_eq!(view.has_messages(&[pair]), Err(LookupError::Unavailable(progress)));
    assert_eq!(view.get_message_by_id(1_100).map(|found| found.message.id), Ok(1_100));
    let cursor = Cursor { after: 0, order: Order::ascending, limit: 1 };
    assert_eq!(view.get_messages_by_range(1, 9, cursor).map(|page| page.messages[0].id), Ok(1));
    let (key_id, head, ids) = &expected.lists[progress.done as usize % expected.lists.len()];
    assert_eq!(view.get_key_head(key_id), Ok(*head));
    assert_eq!(&list(store, key_id), ids);
}

/// No step touches more pages than the settings allow.
#[test]
fn a_step_stays_within_its_pages() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for number in 0..3_000 {
        add(&mut store, &key(number % 1_500, 41), &key(number % 1_000, 300), 1).unwrap();
    }
    for pages in [MIN_REBUILD_PAGES, 50, 1_000] {
        store.set_settings(&[Setting::rebuild_pages(Bound::AtMost(pages))], 0).unwrap();
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
