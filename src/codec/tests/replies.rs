//! Replies.

use crate::api::*;
use crate::codec::replies;
use crate::store::{Capacity, MessageStore};
use candid::{CandidType, Decode, Deserialize};
use ic_stable_structures::VectorMemory;

/// A store with keys of every length.
fn store() -> MessageStore<VectorMemory> {
    let mut store = MessageStore::create(VectorMemory::default(), Settings::default(), Capacity::default()).unwrap();
    for len in 1..=64usize {
        let ciphertext = vec![len as u8; len * len];
        store.add_message(&vec![b'k'; len], &ciphertext, 5).unwrap();
        store.add_message(&vec![b'k'; len], &ciphertext[1..], 6).ok();
    }
    store
}

/// Decodes a reply with the library.
fn read<T: CandidType + for<'a> Deserialize<'a>>(send: impl FnOnce(&mut Vec<u8>)) -> T {
    let mut bytes = Vec::new();
    send(&mut bytes);
    Decode!(&bytes, T).unwrap_or_else(|error| panic!("{error}: {bytes:02x?}"))
}

#[test]
fn messages_are_written_as_the_library_reads_them() {
    let store = store();
    for id in 0..=store.view(|| 0).get_max_message_id() + 1 {
        let expected = store.view(|| 0).get_message_by_id(id);
        let found = read(|out| {
            replies::message(&store.view(|| 0), store.view(|| 0).record_by_id(id), |bytes| out.extend(bytes))
        });
        assert_eq!(expected, found);
    }
    let absent: Result<Found, GetError> = read(|out| {
        replies::message(&store.view(|| 0), store.view(|| 0).record_by_hash(&[0; 32]), |bytes| out.extend(bytes))
    });
    assert_eq!(absent, Err(GetError::NotFound));
}

#[test]
fn pages_are_written_as_the_library_reads_them() {
    let store = store();
    for (order, after, limit) in [(Order::ascending, 0, 1_000), (Order::descending, 50, 7), (Order::ascending, 9, 0)] {
        let cursor = Cursor { after, order, limit };
        let expected = store.view(|| 0).get_messages_by_range(2, 90, cursor);
        let found = read(|out| {
            replies::page(&store.view(|| 0), store.view(|| 0).records_by_range(2, 90, cursor), |bytes| {
                out.extend(bytes)
            })
        });
        assert_eq!(expected, found);
    }
}

#[test]
fn heads_are_written_as_the_library_reads_them() {
    let store = store();
    for keys in [vec![], vec![&b"k"[..], b"none", b"kk"], vec![&b""[..]]] {
        let expected = store.view(|| 0).get_key_heads(&keys);
        let found = read(|out| replies::heads(expected.clone(), |bytes| out.extend(bytes)));
        assert_eq!(expected, found);
    }
}

#[test]
fn results_of_adds_are_written_as_the_library_reads_them() {
    let too_long = TooLong { length: 0x0102_0304, max: 0x0506_0708 };
    let progress = Progress { done: 1, total: 2 };
    let results = vec![
        Ok(Added { id: 0x0102_0304, duplicate: false }),
        Ok(Added { id: 1, duplicate: true }),
        Err(AddError::KeyIdLength(too_long)),
        Err(AddError::CiphertextEmpty),
        Err(AddError::CiphertextTooLarge(too_long)),
        Err(AddError::StorageFull),
        Err(AddError::IndexFull { max: u64::MAX }),
        Err(AddError::IdsExhausted { last: 9 }),
        Err(AddError::Unavailable(progress)),
        Err(AddError::Other(OtherError { code: 1, message: "later".to_string() })),
    ];
    for result in &results {
        let found: Result<Added, AddError> = read(|out| replies::added(result.clone(), |bytes| out.extend(bytes)));
        assert_eq!(*result, found);
    }
    let batches: Vec<Result<Vec<Result<Added, AddError>>, BatchError>> =
        vec![Ok(vec![]), Ok(vec![results[0].clone(); 200]), Ok(results), Err(BatchError::Unavailable(progress))];
    for batch in batches {
        let found = read(|out| replies::all_added(batch.clone(), |bytes| out.extend(bytes)));
        assert_eq!(batch, found);
    }
}
