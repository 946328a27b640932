//! Arguments.

use crate::api::*;
use crate::codec::{arguments, general};
use crate::limits::{MAX_BATCH_MESSAGES, MAX_LOOKUP_ITEMS};
use crate::store::{AcknowledgementRef, NewMessageRef};
use candid::CandidType;
use candid::utils::ArgumentEncoder;
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
        (
            "id",
            outcome(arguments::id(bytes)),
            outcome(general::decode::<(Id, Option<bool>)>(bytes).map(|(id, prove)| (id, prove.unwrap_or_default()))),
        ),
        (
            "blob",
            outcome(arguments::blob(bytes)),
            outcome(general::decode::<(ByteBuf,)>(bytes).map(|(blob,)| blob.into_vec())),
        ),
        (
            "message",
            outcome(arguments::message(bytes)),
            outcome(
                general::decode::<(ByteBuf, ByteBuf)>(bytes)
                    .map(|(key_id, ciphertext)| (key_id.into_vec(), ciphertext.into_vec())),
            ),
        ),
        ("span", outcome(arguments::span(bytes)), outcome(general::decode::<(u32, u32, Cursor)>(bytes))),
        (
            "key",
            outcome(arguments::key(bytes)),
            outcome(general::decode::<(ByteBuf, KeyCursor)>(bytes).map(|(key, cursor)| (key.into_vec(), cursor))),
        ),
        (
            "keys",
            outcome(arguments::keys::<_, MAX_LOOKUP_ITEMS>(bytes, |keys, prove| {
                (keys.iter().map(|key| key.to_vec()).collect::<Vec<_>>(), prove)
            })),
            outcome(general::decode_elements_then::<ByteBuf, Option<bool>, MAX_LOOKUP_ITEMS>(bytes).map(|given| {
                given.map(|(keys, prove)| {
                    (keys.into_iter().map(ByteBuf::into_vec).collect::<Vec<_>>(), prove.unwrap_or_default())
                })
            })),
        ),
        (
            "acknowledgements",
            outcome(arguments::acknowledgements::<_, MAX_LOOKUP_ITEMS>(bytes, |items| {
                let parts = |item: &AcknowledgementRef<'_>| (item.key_id.to_vec(), item.through);
                items.iter().map(parts).collect::<Vec<_>>()
            })),
            outcome(general::decode_elements::<Acknowledgement, MAX_LOOKUP_ITEMS>(bytes).map(|items| {
                let parts = |item: Acknowledgement| (item.key_id.into_vec(), item.through);
                items.map(|items| items.into_iter().map(parts).collect::<Vec<_>>())
            })),
        ),
        (
            "batch",
            outcome(arguments::batch::<_, MAX_BATCH_MESSAGES>(bytes, |batch| {
                let parts = |item: &NewMessageRef<'_>| {
                    (item.key_id.to_vec(), item.ciphertext.to_vec(), item.send_key.map(<[u8]>::to_vec))
                };
                batch.iter().map(parts).collect::<Vec<_>>()
            })),
            outcome(general::decode_elements::<NewMessage, MAX_BATCH_MESSAGES>(bytes).map(|messages| {
                let parts = |message: NewMessage| {
                    let send_key = message.send_key.map(ByteBuf::into_vec);
                    (message.key_id.into_vec(), message.ciphertext.into_vec(), send_key)
                };
                messages.map(|messages| messages.into_iter().map(parts).collect::<Vec<_>>())
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

fn key_cursor() -> impl Strategy<Value = KeyCursor> {
    let start = prop_oneof![
        Just(Start::beginning),
        any::<Id>().prop_map(Start::after),
        any::<u32>().prop_map(Start::time),
        any::<u32>().prop_map(Start::rank),
    ];
    (start, cursor(), any::<bool>()).prop_map(|(start, cursor, prove)| KeyCursor {
        start,
        order: cursor.order,
        limit: cursor.limit,
        prove,
    })
}

/// A message of a batch as encoded by clients that know no send keys.
#[derive(CandidType)]
struct EarlierNewMessage {
    key_id: ByteBuf,
    ciphertext: ByteBuf,
}

/// Legal arguments of every shape, as agents in Rust encode them.
fn argument() -> impl Strategy<Value = Vec<u8>> {
    let messages = || prop::collection::vec((blob(), blob(), prop::option::of(blob())), 0..5);
    prop_oneof![
        any::<u32>().prop_map(|id| encoded((id,))),
        (any::<u32>(), any::<Option<bool>>()).prop_map(encoded),
        blob().prop_map(|blob| encoded((blob.as_slice(),))),
        (blob(), blob()).prop_map(|(one, two)| encoded((one.as_slice(), two.as_slice()))),
        (blob(), blob(), prop::option::of(blob())).prop_map(|(one, two, three)| encoded((
            one.as_slice(),
            two.as_slice(),
            three.map(ByteBuf::from)
        ))),
        (any::<u32>(), any::<u32>(), cursor()).prop_map(encoded),
        (blob(), key_cursor()).prop_map(|(key, cursor)| encoded((key.as_slice(), cursor))),
        prop::collection::vec(blob(), 0..5)
            .prop_map(|blobs| encoded((blobs.iter().map(Vec::as_slice).collect::<Vec<_>>(),))),
        (prop::collection::vec(blob(), 0..5), any::<Option<bool>>())
            .prop_map(|(blobs, prove)| encoded((blobs.iter().map(Vec::as_slice).collect::<Vec<_>>(), prove))),
        messages().prop_map(|items| {
            let message = |(key_id, ciphertext, _): (Vec<u8>, Vec<u8>, _)| EarlierNewMessage {
                key_id: ByteBuf::from(key_id),
                ciphertext: ByteBuf::from(ciphertext),
            };
            encoded((items.into_iter().map(message).collect::<Vec<_>>(),))
        }),
        messages().prop_map(|items| {
            let message = |(key_id, ciphertext, send_key): (Vec<u8>, Vec<u8>, Option<Vec<u8>>)| NewMessage {
                key_id: ByteBuf::from(key_id),
                ciphertext: ByteBuf::from(ciphertext),
                send_key: send_key.map(ByteBuf::from),
            };
            encoded((items.into_iter().map(message).collect::<Vec<_>>(),))
        }),
        prop::collection::vec((blob(), any::<Id>()), 0..5).prop_map(|items| {
            let item = |(key_id, through)| Acknowledgement { key_id: ByteBuf::from(key_id), through };
            encoded((items.into_iter().map(item).collect::<Vec<_>>(),))
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

    /// One byte is changed, removed or added at every place.
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

/// Agents in JavaScript number the parts of a type before the type. The arguments are built by hand, for each method
/// that takes more than blobs and numbers.
#[test]
fn arguments_from_javascript_are_read_the_same() {
    let order = format!("6b02 {} 7f {} 7f", label("descending"), label("ascending"));
    let start =
        format!("6b04 {} 79 {} 79 {} 79 {} 7f", label("after"), label("rank"), label("time"), label("beginning"));
    let cursor = |order: &str| format!("6c03 {} 79 {} {order} {} 79", label("after"), label("order"), label("limit"));
    let key_cursor =
        format!("6c04 {} 01 {} 79 {} 02 {} 7e", label("order"), label("limit"), label("start"), label("prove"));
    let earlier_message = format!("6c02 {} 00 {} 00", label("ciphertext"), label("key_id"));
    let new_message = format!("6c03 {} 00 {} 00 {} 01", label("ciphertext"), label("key_id"), label("send_key"));
    let acknowledgement = format!("6c02 {} 00 {} 79", label("key_id"), label("through"));
    for (what, argument) in [
        ("acknowledgements", format!("03 6d7b {acknowledgement} 6d01 01 02 01 01 6b 05000000")),
        ("span", format!("02 {order} {} 03 79 79 01 01000000 02000000 03000000 01 04000000", cursor("00"))),
        ("key", format!("04 6d7b {order} {start} {key_cursor} 02 00 03 02 6b6b 00 04000000 01 05000000 01")),
        ("keys", "02 6d7b 6d00 01 01 02 01 61 00".to_string()),
        ("keys", "03 6d7b 6d00 6e7e 02 01 02 02 01 61 00 01 01".to_string()),
        ("batch", format!("03 6d7b {earlier_message} 6d01 01 02 01 01 63 01 6b")),
        ("batch", format!("04 6d7b 6e00 {new_message} 6d02 01 03 02 01 63 01 6b 01 01 73 01 63 01 6b 00")),
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

/// Other types are not accepted as blobs, although their lengths and bytes look alike.
#[test]
fn other_types_are_no_blobs() {
    for argument in [encoded(("text",)), encoded((vec![1u64, 2],)), encoded((vec![1i8],)), encoded((vec!["text"],))] {
        assert_eq!(outcome(arguments::blob(&argument)), "refused");
    }
    assert_eq!(outcome(arguments::message(&encoded(("key", "text")))), "refused");
    let keys = encoded((vec!["key"],));
    assert_eq!(outcome(arguments::keys::<_, 9>(&keys, |keys, _| keys.len())), "refused");
}

/// Values that a later client adds to an argument are skipped. A value that is missing or of another type counts as
/// `null`.
#[test]
fn optional_values_are_read_as_candid_says() {
    let message = |bytes: &[u8]| outcome(arguments::message(bytes));
    let (key, ciphertext) = (ByteBuf::from(*b"k"), ByteBuf::from(*b"c"));
    let expected = format!("{:?}", (&b"k"[..], &b"c"[..]));
    assert_eq!(message(&encoded((&key, &ciphertext))), expected);
    assert_eq!(message(&encoded((&key, &ciphertext, "later", 7u64))), expected);
    assert_eq!(outcome(arguments::id(&encoded((7u32, Some(true), "later")))), "(7, true)");
    assert_eq!(outcome(arguments::id(&encoded((7u32, None::<bool>)))), "(7, false)");
    let keys = |bytes: &[u8]| outcome(arguments::keys::<_, 9>(bytes, |keys, prove| (keys.len(), prove)));
    assert_eq!(keys(&encoded((vec![&key], Some(true), "later"))), "Ok((1, true))");
    assert_eq!(keys(&encoded((vec![&key; 10], Some(true)))), "Err(10)");
}

/// The longest batch is decoded with and without send keys, also behind headers that are not decoded by hand.
#[test]
fn a_batch_of_the_greatest_length_is_within_the_librarys_limits() {
    #[derive(CandidType, Clone)]
    struct Later {
        key_id: ByteBuf,
        ciphertext: ByteBuf,
        send_key: Option<ByteBuf>,
        later: Option<u32>,
    }
    let item = Later {
        key_id: ByteBuf::from([1; 64]),
        ciphertext: ByteBuf::from([2; 64]),
        send_key: Some(ByteBuf::from([3; 32])),
        later: Some(4),
    };
    let bytes = encoded((vec![item; MAX_BATCH_MESSAGES],));
    let with_keys = |batch: &[NewMessageRef<'_>]| batch.iter().filter(|item| item.send_key == Some(&[3; 32])).count();
    assert_eq!(outcome(arguments::batch::<_, MAX_BATCH_MESSAGES>(&bytes, with_keys)), "Ok(1000)");
}

/// Lengths that are not encoded in the shortest way, or that exceed any argument.
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
