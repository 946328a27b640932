//! The candid library under limits: for arguments that are encoded in an unusual way, and for what is seldom asked for.
//!
//! Decoding is bounded: its cost is limited in proportion to the argument's length, values that no method asks for are
//! skipped only up to a small quota, and a vector's length is looked at before its elements.

use candid::de::IDLDeserialize;
use candid::types::{Serializer, Type};
use candid::utils::ArgumentDecoder;
use candid::{CandidType, DecoderConfig, Reserved};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use std::borrow::Cow;
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

const MAGIC: &[u8] = b"DIDL";
const NO_VALUES: &[u8] = b"DIDL\0\0";

/// Why an argument is no legal one.
#[derive(Debug)]
pub enum Malformed {
    /// It does not start with candid's magic.
    Magic,
    /// Its values are not those that its header announces.
    Values,
    /// Bytes follow the last value.
    TrailingBytes,
    /// An optional value is there, but of another type.
    Optional,
    /// What the candid library says.
    Candid(candid::Error),
}

impl Malformed {
    /// What is wrong, for people. Put together beforehand wherever that is possible: refusing is to cost little.
    pub fn message(&self) -> Cow<'static, str> {
        match self {
            Self::Magic => "malformed argument: it does not start with DIDL".into(),
            Self::Values => "malformed argument: the values are not those of its types".into(),
            Self::Optional => "malformed argument: it is not of the type that canister.did names".into(),
            Self::TrailingBytes => "malformed argument: bytes follow the last value".into(),
            Self::Candid(error) => format!("malformed argument: {error}").into(),
        }
    }
}

impl From<candid::Error> for Malformed {
    fn from(error: candid::Error) -> Self {
        Self::Candid(error)
    }
}

/// Decodes the arguments of a method.
pub fn decode<'a, A: ArgumentDecoder<'a>>(bytes: &'a [u8]) -> Result<A, Malformed> {
    let mut arguments = open(bytes, 0)?;
    let decoded = A::decode(&mut arguments)?;
    arguments.done()?;
    Ok(decoded)
}

/// Decodes the only argument of an installation or upgrade, which may be missing or `null`.
///
/// Candid reads an `opt` whose content is of another type as `null`; an operator who mistypes a setting would get the
/// defaults. Here that is malformed.
pub fn decode_optional<T>(bytes: &[u8]) -> Result<Option<T>, Malformed>
where
    T: CandidType + for<'a> Deserialize<'a>,
{
    let (value,) = decode::<(Option<T>,)>(bytes)?;
    let (given,) = decode::<(Option<Reserved>,)>(bytes)?;
    if value.is_none() && given.is_some() { Err(Malformed::Optional) } else { Ok(value) }
}

/// Decodes the only argument of a method, a vector. One of more than `MAX` elements is left alone and its length given
/// instead.
pub fn decode_elements<'a, T, const MAX: usize>(bytes: &'a [u8]) -> Result<Result<Vec<T>, usize>, Malformed>
where
    T: CandidType + Deserialize<'a>,
{
    let mut arguments = open(bytes, MAX * ELEMENT_QUOTA)?;
    let Bounded(elements): Bounded<T, MAX> = arguments.get_value()?;
    if elements.is_ok() {
        arguments.done()?;
    }
    Ok(elements)
}

/// Encodes a result.
pub fn encode<T: CandidType>(result: T) -> Vec<u8> {
    candid::encode_one(result).expect("our own types can be encoded")
}

/// An argument to take values from. No bytes at all stand for no values.
fn open(bytes: &[u8], extra_quota: usize) -> Result<IDLDeserialize<'_>, Malformed> {
    let bytes = if bytes.is_empty() { NO_VALUES } else { bytes };
    if !bytes.starts_with(MAGIC) {
        return Err(Malformed::Magic);
    }
    let mut config = DecoderConfig::new();
    config
        .set_decoding_quota(bytes.len() + DECODING_QUOTA + extra_quota)
        .set_skipping_quota(SKIPPING_QUOTA)
        .set_max_type_len(MAX_TYPES)
        .set_max_header_len(MAX_HEADER_BYTES)
        .set_full_error_message(false);
    Ok(IDLDeserialize::new_with_config(bytes, &config)?)
}

/// A vector of at most `MAX` elements, or the length of one that has more.
struct Bounded<T, const MAX: usize>(Result<Vec<T>, usize>);

impl<T: CandidType, const MAX: usize> CandidType for Bounded<T, MAX> {
    fn _ty() -> Type {
        Vec::<T>::ty()
    }

    fn idl_serialize<S: Serializer>(&self, serializer: S) -> Result<(), S::Error> {
        self.0.as_deref().unwrap_or_default().idl_serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Bounded<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(BoundedVisitor::<T, MAX>(PhantomData)).map(Self)
    }
}

struct BoundedVisitor<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for BoundedVisitor<T, MAX> {
    type Value = Result<Vec<T>, usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a vector")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let length = sequence.size_hint().unwrap_or(0);
        if length > MAX {
            return Ok(Err(length));
        }
        let mut items = Vec::with_capacity(length);
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Ok(items))
    }
}
