//! Replies.

use crate::access::{Caller, Sight};
use crate::api::*;
use crate::codec::replies;
use crate::settings::Configuration;
use crate::store::{Capacity, MessageStore, NewMessageRef, View};
use candid::{CandidType, Decode, Deserialize, Principal};
use ic_stable_structures::VectorMemory;
use serde_bytes::ByteBuf;

/// A store with keys of every length.
fn store() -> MessageStore<VectorMemory> {
    let (settings, capacity) = (Configuration::default(), Capacity::default());
    let mut store = MessageStore::create(VectorMemory::default(), settings, capacity, 4).unwrap();
    store.set_randomness(&[7; 32]);
    let anyone = Caller::new(Principal::anonymous(), None, false, true);
    for len in 1..=64usize {
        let (key_id, ciphertext) = (vec![b'k'; len], vec![len as u8; len * len]);
        let new = |ciphertext| NewMessageRef { key_id: &key_id, ciphertext, send_key: None };
        store.add_message(new(&ciphertext), &anyone, 5).unwrap();
        store.add_message(new(&ciphertext[1..]), &anyone, 6).ok();
    }
    store
}

fn view(store: &MessageStore<VectorMemory>) -> View<'_, VectorMemory> {
    store.view(Sight::All, || 0)
}

fn proofs() -> [Option<Proof>; 3] {
    let proof = |certificate: &[u8], bytes: &[u8]| {
        Some(Proof { certificate: ByteBuf::from(certificate), bytes: ByteBuf::from(bytes) })
    };
    [None, proof(b"certificate", &[7; 1_000]), proof(b"", b"")]
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
    let store = view(&store);
    for proof in proofs() {
        for id in 0..=store.get_max_message_id() + 1 {
            let expected = store.get_message_by_id(id).map(|found| Found { proof: proof.clone(), ..found });
            let found =
                read(|out| replies::message(&store, store.record_by_id(id), proof.as_ref(), |bytes| out.extend(bytes)));
            assert_eq!(expected, found);
        }
    }
    let absent: Result<Found, GetError> =
        read(|out| replies::message(&store, store.record_by_hash(&[0; 32]), None, |bytes| out.extend(bytes)));
    assert_eq!(absent, Err(GetError::NotFound));
}

#[test]
fn pages_are_written_as_the_library_reads_them() {
    let store = store();
    let store = view(&store);
    for (order, after, limit) in [(Order::ascending, 0, 1_000), (Order::descending, 50, 7), (Order::ascending, 9, 0)] {
        let cursor = Cursor { after, order, limit };
        for proof in proofs() {
            let expected = store.get_messages_by_range(2, 90, cursor);
            let expected = expected.map(|page| Page { proof: proof.clone(), ..page });
            let page = store.records_by_range(2, 90, cursor);
            let found = read(|out| replies::page(&store, page, proof.as_ref(), |bytes| out.extend(bytes)));
            assert_eq!(expected, found);
        }
    }
}

#[test]
fn heads_are_written_as_the_library_reads_them() {
    let head = KeyHead {
        min_id: 0x0102_0304,
        max_id: 0x1112_1314,
        count: 0x2122_2324,
        bytes: 0x3132_3334_3536_3738,
        rank: 0x4142_4344,
        acknowledged_id: 0x5152_5354,
        quota: Quota::default(),
        full_since: 0x6162_6364,
    };
    let (messages, bytes) = (Bound::AtMost(0x8182_8384), Bound::AtMost(0x9192_9394_9596_9798));
    let with = |quota| Some(KeyHead { quota, ..head });
    let quotas = [
        with(Quota { messages, bytes }),
        with(Quota { messages, ..Quota::default() }),
        with(Quota { bytes, ..Quota::default() }),
    ];
    let few = vec![Some(head), None, Some(KeyHead { bytes: 1, ..head })];
    for heads in [vec![], few, quotas.to_vec(), vec![None; 200], vec![quotas[0]; 200]] {
        for proof in proofs() {
            let expected = Ok(Heads { heads: heads.clone(), first_id: 0x7172_7374, proof });
            let found: Result<Heads, LookupError> =
                read(|out| replies::heads(expected.clone(), |bytes| out.extend(bytes)));
            assert_eq!(expected, found);
        }
    }
    let refused = Err(LookupError::BatchTooLong(TooLong { length: 1_001, max: 1_000 }));
    let found: Result<Heads, LookupError> = read(|out| replies::heads(refused.clone(), |bytes| out.extend(bytes)));
    assert_eq!(refused, found);
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
        Err(AddError::NotAllowed),
        Err(AddError::Sealed),
        Err(AddError::LowMemory),
        Err(AddError::Limited(Limited::budget { retry_after: 0x0102_0304 })),
        Err(AddError::Limited(Limited::rate { retry_after: 0x0506_0708 })),
        Err(AddError::Limited(Limited::low_cycles)),
        Err(AddError::KeyFull { since: 7 }),
        Err(AddError::StoreFull { retry_after: 8 }),
        Err(AddError::KeysFull { max: 9 }),
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
    let batches: Vec<Result<Vec<Result<Added, AddError>>, BatchError>> = vec![
        Ok(vec![]),
        Ok(vec![results[0].clone(); 200]),
        Ok(results),
        Err(BatchError::Sealed),
        Err(BatchError::Limited(Limited::rate { retry_after: 1 })),
        Err(BatchError::Unavailable(progress)),
    ];
    for batch in batches {
        let found = read(|out| replies::all_added(batch.clone(), |bytes| out.extend(bytes)));
        assert_eq!(batch, found);
    }
}

#[test]
fn results_of_acknowledgements_are_written_as_the_library_reads_them() {
    let done = Ok(Acknowledged { messages: 0x0102_0304 });
    let by_hand = vec![
        done.clone(),
        Err(AckError::NotNewer { acknowledged_id: 0x1112_1314 }),
        Err(AckError::NotStored { through: 0x2122_2324, max_id: 0x3132_3334 }),
        Err(AckError::NotOwner),
    ];
    let too_long = TooLong { length: 65, max: 64 };
    let by_library = [vec![done.clone(), Err(AckError::KeyIdLength(too_long))], by_hand.clone()].concat();
    let other = OtherError { code: 1, message: "later".to_string() };
    for all in [
        Ok(vec![]),
        Ok(vec![done; 200]),
        Ok(vec![Err(AckError::NotOwner)]),
        Ok(vec![Err(AckError::NotOwner); 200]),
        Ok(by_hand),
        Ok(by_library),
        Ok(vec![Err(AckError::Other(other))]),
        Err(AcksError::BatchTooLong(too_long)),
        Err(AcksError::Limited(Limited::budget { retry_after: 1 })),
    ] {
        let found = read(|out| replies::all_acknowledged(all.clone(), |bytes| out.extend(bytes)));
        assert_eq!(all, found);
    }
}
