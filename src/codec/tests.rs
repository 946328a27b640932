//! The hand-written code and the candid library agree on every input, legal or not.

use super::{arguments, general, replies};
use crate::api::*;
use crate::limits::{MAX_BATCH_MESSAGES, MAX_LOOKUP_ITEMS};
use crate::store::{Capacity, MessageStore};
use candid::utils::ArgumentEncoder;
use candid::{CandidType, Decode, Deserialize};
use ic_stable_structures::VectorMemory;
use proptest::prelude::*;
use serde_bytes::ByteBuf;
use std::fmt::Debug;

/// The outcome of a decoder: the value, or "refused" for every error.
fn outcome<T: Debug>(decoded: Result<T, general::Malformed>) -> String {
    decoded.map_or("refused".to_string(), |value| format!("{value:?}"))
}

/// Each method's argument, decoded by hand and by the library alone, with the interface's types.
fn both_ways(bytes: &[u8]) -> Vec<(&'static str, String, String)> {
    vec![
        ("id", outcome(arguments::id(bytes)), outcome(general::decode::<(Id,)>(bytes).map(|(id,)| id))),
        (
            "blob",
            outcome(arguments::blob(bytes)),
            outcome(general::decode::<(ByteBuf,)>(bytes).map(|(blob,)| blob.into_vec())),
        ),
        (
            "two blobs",
            outcome(arguments::two_blobs(bytes)),
            outcome(general::decode::<(ByteBuf, ByteBuf)>(bytes).map(|(one, two)| (one.into_vec(), two.into_vec()))),
        ),
        ("span", outcome(arguments::span(bytes)), outcome(general::decode::<(u32, u32, Cursor)>(bytes))),
        (
            "key",
            outcome(arguments::key(bytes)),
            outcome(general::decode::<(ByteBuf, Cursor)>(bytes).map(|(key, cursor)| (key.into_vec(), cursor))),
        ),
        (
            "blobs",
            outcome(arguments::blobs::<_, MAX_LOOKUP_ITEMS>(bytes, |blobs| {
                blobs.iter().map(|blob| blob.to_vec()).collect::<Vec<_>>()
            })),
            outcome(
                general::decode_elements::<ByteBuf, MAX_LOOKUP_ITEMS>(bytes)
                    .map(|blobs| blobs.map(|blobs| blobs.into_iter().map(ByteBuf::into_vec).collect::<Vec<_>>())),
            ),
        ),
        (
            "batch",
            outcome(arguments::batch::<_, MAX_BATCH_MESSAGES>(bytes, |batch| {
                batch.iter().map(|item| (item.key_id.to_vec(), item.ciphertext.to_vec())).collect::<Vec<_>>()
            })),
            outcome(general::decode_elements::<NewMessage, MAX_BATCH_MESSAGES>(bytes).map(|messages| {
                let pair = |message: NewMessage| (message.key_id.into_vec(), message.ciphertext.into_vec());
                messages.map(|messages| messages.into_iter().map(pair).collect::<Vec<_>>())
            })),
        ),
    ]
}

fn assert_same(bytes: &[u8]) -> Result<(), TestCaseError> {
    for (what, by_hand, by_library) in both_ways(bytes) {
        prop_assert_eq!(by_hand, by_library, "{} of {:02x?}", what, bytes);
    }
    Ok(())
}

fn encoded(arguments: impl ArgumentEncoder) -> Vec<u8> {
    candid::encode_args(arguments).unwrap()
}

fn blob() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![prop::collection::vec(any::<u8>(), 0..80), prop::collection::vec(any::<u8>(), 120..300)]
}

fn cursor() -> impl Strategy<Value = Cursor> {
    (any::<u32>(), any::<bool>(), any::<u32>()).prop_map(|(after, up, limit)| Cursor {
        after,
        order: if up { Order::ascending } else { Order::descending },
        limit,
    })
}

/// Legal arguments of every shape, as agents in Rust encode them.
fn argument() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<u32>().prop_map(|id| encoded((id,))),
        blob().prop_map(|blob| encoded((blob.as_slice(),))),
        (blob(), blob()).prop_map(|(one, two)| encoded((one.as_slice(), two.as_slice()))),
        (any::<u32>(), any::<u32>(), cursor()).prop_map(encoded),
        (blob(), cursor()).prop_map(|(key, cursor)| encoded((key.as_slice(), cursor))),
        prop::collection::vec(blob(), 0..5)
            .prop_map(|blobs| encoded((blobs.iter().map(Vec::as_slice).collect::<Vec<_>>(),))),
        prop::collection::vec((blob(), blob()), 0..5).prop_map(|items| {
            let message = |(key_id, ciphertext): (Vec<u8>, Vec<u8>)| NewMessage {
                key_id: ByteBuf::from(key_id),
                ciphertext: ByteBuf::from(ciphertext),
            };
            encoded((items.into_iter().map(message).collect::<Vec<_>>(),))
        }),
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn arguments_are_read_the_same(bytes in argument()) {
        assert_same(&bytes)?;
    }

    /// One byte is changed, cut off or added anywhere.
    #[test]
    fn damaged_arguments_are_read_the_same(bytes in argument(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        prop_assume!(!bytes.is_empty());
        let at = at.index(bytes.len());
        let mut changed = bytes.clone();
        changed[at] = byte;
        assert_same(&changed)?;
        assert_same(&bytes[..at])?;
        let mut longer = bytes.clone();
        longer.insert(at, byte);
        assert_same(&longer)?;
        longer.push(byte);
        assert_same(&longer)?;
    }
}

/// Agents in JavaScript number the parts of a type before the type. The arguments, built by hand, are those of each
/// method that takes more than blobs and numbers.
#[test]
fn arguments_from_javascript_are_read_the_same() {
    let order = format!("6b02 {} 7f {} 7f", label("descending"), label("ascending"));
    let cursor = |order: &str| format!("6c03 {} 79 {} {order} {} 79", label("after"), label("order"), label("limit"));
    let new_message = format!("6c02 {} 00 {} 00", label("ciphertext"), label("key_id"));
    for (what, argument) in [
        ("span", format!("02 {order} {} 03 79 79 01 01000000 02000000 03000000 01 04000000", cursor("00"))),
        ("key", format!("03 6d7b {order} {} 02 00 02 02 6b6b 03000000 00 04000000", cursor("01"))),
        ("blobs", "02 6d7b 6d00 01 01 02 01 61 00".to_string()),
        ("batch", format!("03 6d7b {new_message} 6d01 01 02 01 01 63 01 6b")),
    ] {
        let digits: String = argument.split_whitespace().collect();
        let bytes: Vec<u8> =
            (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
        let bytes = [b"DIDL", bytes.as_slice()].concat();
        for (method, by_hand, by_library) in both_ways(&bytes) {
            assert_eq!(by_hand, by_library, "{method}");
            assert!(method != what || by_hand != "refused", "{method} is refused");
        }
    }
}

/// A name's hash as in a type table, in hexadecimal digits.
fn label(name: &str) -> String {
    let mut hash = candid::idl_hash(name);
    let mut digits = String::new();
    while hash > 0x7f {
        digits += &format!("{:02x}", hash as u8 | 0x80);
        hash >>= 7;
    }
    digits + &format!("{hash:02x}")
}

/// Other types are not taken for blobs, although their lengths and bytes look alike.
#[test]
fn other_types_are_no_blobs() {
    for argument in [encoded(("text",)), encoded((vec![1u64, 2],)), encoded((vec![1i8],)), encoded((vec!["text"],))] {
        assert_eq!(outcome(arguments::blob(&argument)), "refused");
    }
    assert_eq!(outcome(arguments::two_blobs(&encoded(("key", "text")))), "refused");
    let keys = encoded((vec!["key"],));
    assert_eq!(outcome(arguments::blobs::<_, 9>(&keys, |blobs| blobs.len())), "refused");
}

/// Lengths that are not encoded in the shortest way, or exceed any argument.
#[test]
fn strange_lengths_are_read_the_same() {
    for length in [
        &b"\x81\x00"[..],
        b"\x81\x80\x80\x00",
        b"\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00",
        b"\x81\x80\x80\x80\x80\x80\x80\x80\x80\x01",
        b"\x81\x80\x80\x80\x80\x80\x80\x80\x80\x02",
        b"\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00",
        b"\xff\xff\xff\xff\x0f",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x80",
    ] {
        for header in [&b"DIDL\x01\x6d\x7b\x01\x00"[..], b"DIDL\x02\x6d\x01\x6d\x7b\x01\x00"] {
            let bytes = [header, length, b"a"].concat();
            for (what, by_hand, by_library) in both_ways(&bytes) {
                assert_eq!(by_hand, by_library, "{what} of {bytes:02x?}");
            }
        }
    }
}

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
