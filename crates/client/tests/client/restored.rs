//! An operator sets the store back: readers that go on from where they stopped.

use std::cell::Cell;

use client::api::*;
use client::proofs::seen::{Broken, Seen};
use client::{CallError, Client, Lie};
use test_support::{SparseMemory, now};

use crate::stored::{Stored, key};

/// The values that a reader stores between two reads.
type Place = (Id, Option<Seen>);

/// A store whose list was copied when it had the ids 20, 40 and 60. A reader has read on to a later message.
fn read_on(copy: fn(&Stored) -> SparseMemory, ids: impl Iterator<Item = Id>) -> (Client<Stored>, SparseMemory) {
    let stored = Stored::new();
    let add = |id| stored.add_as(id, &format!("message {id}"));
    [20, 40, 60].into_iter().for_each(add);
    let copy = copy(&stored);
    ids.for_each(add);
    (stored.client(), copy)
}

fn read(
    client: &Client<Stored>,
    (position, seen): Place,
    limit: u32,
) -> Result<(Vec<Id>, Place), CallError<PageError>> {
    let mut pages = client.messages_of_key(&key(), Order::ascending, Start::after(position)).with_limit(limit);
    if let Some(seen) = seen {
        pages = pages.with_seen(seen);
    }
    let page = now(pages.next())?;
    let ids = page.map_or(vec![], |page| page.value.messages.iter().map(|message| message.id).collect());
    Ok((ids, (pages.position(), pages.seen())))
}

/// Reads the five messages 20 to 100.
fn five(copy: fn(&Stored) -> SparseMemory) -> (Client<Stored>, SparseMemory, Place) {
    let (client, copy) = read_on(copy, [80, 100].into_iter());
    let (ids, place) = read(&client, (0, None), 10).expect("it is the truth");
    assert_eq!((ids, place.0, place.1.map(|seen| seen.rank)), (vec![20, 40, 60, 80, 100], 100, Some(5)));
    (client, copy, place)
}

fn add_others(client: &Client<Stored>, ids: impl IntoIterator<Item = Id>) {
    ids.into_iter().for_each(|id| client.transport().add_as(id, &format!("another {id}")));
}

/// The answer behind 100 does not show what stands at rank 5 now.
#[test]
fn a_store_that_was_set_back_in_its_epoch_and_has_a_longer_list_now_is_refused() {
    let (client, copy, place) = five(Stored::copy);
    client.transport().restore(&copy);
    add_others(&client, [71, 85, 90, 95, 110]);
    assert!(matches!(read(&client, place, 10), Err(CallError::Lie(Lie::Seen(Broken::Forked { rank: 5 })))));
}

#[test]
fn after_a_restored_snapshot_a_reader_starts_again_at_the_beginning() {
    let (client, snapshot, place) = five(Stored::snapshot);
    client.transport().restore(&snapshot);
    client.transport().resume();
    add_others(&client, [71, 85, 110]);
    let (ids, next) = read(&client, place, 10).expect("the operator may do this");
    assert_eq!((ids, next.0), (vec![20, 40, 60, 71, 85, 110], 110));
    let (before, after) = (place.1.expect("it has read"), next.1.expect("it has read"));
    assert!(after.epoch > before.epoch, "by this a reader knows it");
    assert_eq!(read(&client, next, 10).expect("it is the truth"), (vec![], next));
    // The acknowledged ones do not come again.
    client.transport().acknowledge(40);
    assert_eq!(read(&client, place, 2).expect("the operator may do this").0, [60, 71]);
}

#[test]
fn a_restored_list_without_messages_is_read_from_the_beginning_later() {
    let (client, snapshot, place) = five(Stored::snapshot);
    client.transport().restore(&snapshot);
    client.transport().resume();
    client.transport().acknowledge(60);
    client.transport().add_others_below(105);
    let (ids, next) = read(&client, place, 10).expect("the operator may do this");
    assert_eq!((ids, next.0, next.1.map(|seen| seen.rank)), (vec![], 0, Some(3)));
}

/// Before the restored store has assigned the reader's position again, it does not know it.
#[test]
fn a_position_that_a_restored_store_does_not_know_is_given_up() {
    let (client, snapshot, place) = five(Stored::snapshot);
    client.transport().restore(&snapshot);
    let early = read(&client, place, 10).expect_err("it is not resumed yet");
    assert!(matches!(early, CallError::Lie(Lie::Seen(Broken::Epoch { .. }))), "{early}");
    client.transport().resume();
    add_others(&client, [71]);
    let (ids, next) = read(&client, place, 10).expect("the operator may do this");
    assert_eq!((ids, next.0), (vec![20, 40, 60, 71], 71));
    add_others(&client, [85, 110]);
    assert_eq!(read(&client, next, 10).expect("it is the truth").0, [85, 110]);
}

#[test]
fn a_replica_that_denies_the_position_does_not_make_a_reader_start_again() {
    let (client, _, place) = five(Stored::snapshot);
    let told = Cell::new(0);
    client.transport().lie_in_bytes(move |reply| {
        let number = told.replace(told.get() + 1);
        let denied = Err::<Page, _>(PageError::UnknownCursor { after: 100 });
        if number == 0 { candid::encode_one(denied).expect("it encodes") } else { reply }
    });
    let denied = read(&client, place, 10).expect_err("it is denied");
    assert!(matches!(denied, CallError::Refused(PageError::UnknownCursor { after: 100 })), "{denied}");
    assert_eq!(read(&client, place, 10).expect("it is the truth"), (vec![], place));
}

/// The page behind 100 shows neither the message that was seen nor one that contradicts it.
#[test]
fn a_reader_in_the_middle_of_a_list_starts_again_too() {
    let (client, snapshot) = read_on(Stored::snapshot, (4..=50).map(|rank| 20 * rank));
    let (ids, place) = read(&client, (0, None), 5).expect("it is the truth");
    assert_eq!((ids, place.1.map(|seen| seen.id)), (vec![20, 40, 60, 80, 100], Some(1_000)));
    client.transport().restore(&snapshot);
    client.transport().resume();
    add_others(&client, [71, 85].into_iter().chain((6..=60).map(|rank| 20 * rank)));
    let (ids, next) = read(&client, place, 5).expect("the operator may do this");
    assert_eq!(ids, [20, 40, 60, 71, 85]);
    let (ids, _) = read(&client, next, 3).expect("it is the truth");
    assert_eq!(ids, [120, 140, 160], "once");
}

/// A new epoch alone is no reason to start again.
#[test]
fn after_a_snapshot_a_reader_goes_on() {
    let (client, _, place) = five(Stored::snapshot);
    client.transport().snapshot();
    client.transport().add_as(120, "message 120");
    assert_eq!(read(&client, place, 10).expect("it is the truth").0, [120]);
}
