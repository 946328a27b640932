//! Arguments from bytes and bytes from results.
//!
//! Decoding is bounded: its cost is limited in proportion to the argument's length, values that no method asks for are
//! skipped only up to a small quota, and a vector's length is looked at before its elements. What is not a legal
//! argument is refused with a trap, which the caller sees as a reject and which undoes everything.

use crate::limits::{MAX_BATCH_MESSAGES, MAX_LOOKUP_ITEMS};
use candid::de::IDLDeserialize;
use candid::types::{Serializer, Type};
use candid::utils::ArgumentDecoder;
use candid::{CandidType, DecoderConfig};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Units of candid's decoding cost beyond one for each byte of the argument.
const DECODING_QUOTA: usize = 20_000;
/// The same for each element of a vector that may have many.
const ELEMENT_QUOTA: usize = 100;
/// Units of candid's cost for values that are skipped: extra arguments and fields.
const SKIPPING_QUOTA: usize = 4_000;
/// Entries of a type table, and bytes of the header that holds it: our own types need less than a tenth.
const MAX_TYPES: usize = 200;
const MAX_HEADER_BYTES: usize = 4_096;

/// A vector of at most `MAX` elements, or the length of one that has more; then its elements are not decoded.
pub enum Bounded<T, const MAX: usize> {
    /// All elements.
    Items(Vec<T>),
    /// Too many to decode.
    TooLong(usize),
}

/// The argument of `add_messages`.
pub type Batch<T> = Bounded<T, MAX_BATCH_MESSAGES>;
/// The argument of `get_key_heads` and `has_messages`.
pub type Lookups<T> = Bounded<T, MAX_LOOKUP_ITEMS>;

impl<T: CandidType, const MAX: usize> CandidType for Bounded<T, MAX> {
    fn _ty() -> Type {
        Vec::<T>::ty()
    }

    fn idl_serialize<S: Serializer>(&self, serializer: S) -> Result<(), S::Error> {
        match self {
            Self::Items(items) => items.idl_serialize(serializer),
            Self::TooLong(_) => Vec::<T>::new().idl_serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Bounded<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(BoundedVisitor(PhantomData))
    }
}

struct BoundedVisitor<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for BoundedVisitor<T, MAX> {
    type Value = Bounded<T, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a vector")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let length = sequence.size_hint().unwrap_or(0);
        if length > MAX {
            return Ok(Bounded::TooLong(length));
        }
        let mut items = Vec::with_capacity(length);
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Bounded::Items(items))
    }
}

/// Decodes the arguments of a method, or traps.
pub fn decode<A: for<'a> ArgumentDecoder<'a>>(bytes: Vec<u8>) -> A {
    let mut arguments = open(&bytes, 0);
    let decoded = or_trap(A::decode(&mut arguments));
    or_trap(arguments.done());
    decoded
}

/// Decodes the only argument of a method, or traps.
pub fn decode_one<T: CandidType + for<'a> Deserialize<'a>>(bytes: Vec<u8>) -> T {
    let (argument,) = decode(bytes);
    argument
}

/// Decodes the only argument of a method, a vector, or traps.
pub fn decode_bounded<T, const MAX: usize>(bytes: Vec<u8>) -> Bounded<T, MAX>
where
    T: CandidType + for<'a> Deserialize<'a>,
{
    let mut arguments = open(&bytes, MAX * ELEMENT_QUOTA);
    let decoded = or_trap(arguments.get_value());
    if let Bounded::Items(_) = decoded {
        or_trap(arguments.done());
    }
    decoded
}

/// Encodes a result.
pub fn encode<T: CandidType>(result: T) -> Vec<u8> {
    or_trap(candid::encode_one(result))
}

/// An argument to take values from. No bytes at all stand for no values.
fn open(bytes: &[u8], extra_quota: usize) -> IDLDeserialize<'_> {
    let bytes = if bytes.is_empty() { b"DIDL\0\0" } else { bytes };
    let mut config = DecoderConfig::new();
    config
        .set_decoding_quota(bytes.len() + DECODING_QUOTA + extra_quota)
        .set_skipping_quota(SKIPPING_QUOTA)
        .set_max_type_len(MAX_TYPES)
        .set_max_header_len(MAX_HEADER_BYTES)
        .set_full_error_message(false);
    or_trap(IDLDeserialize::new_with_config(bytes, &config))
}

fn or_trap<T>(result: candid::Result<T>) -> T {
    result.unwrap_or_else(|error| ic_cdk::trap(format!("malformed argument: {error}")))
}
