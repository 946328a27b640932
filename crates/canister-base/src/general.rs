//! The candid library under limits, for unusual encodings of arguments and for rare methods and replies.
//!
//! The cost of decoding is limited in proportion to the argument's length and to the number of elements of its vector.
//! Unknown values have their own limit, because later clients may send more than this release knows. A vector's length
//! is checked before its elements are decoded.

use candid::de::IDLDeserialize;
use candid::types::{Serializer, Type};
use candid::utils::ArgumentDecoder;
use candid::{CandidType, DecoderConfig, Reserved};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Units of candid's decoding cost, in addition to one for each byte of the argument.
const DECODING_QUOTA: usize = 20_000;
/// Units of decoding cost for each element that a vector may have.
const ELEMENT_QUOTA: usize = 100;
/// Units of candid's cost for skipped values (extra arguments and fields), in addition to one for each byte of the
/// argument.
const SKIPPING_QUOTA: usize = 2_000;
/// Units of skipping cost for each element that a vector may have.
const ELEMENT_SKIPPING_QUOTA: usize = 6;
/// Maximum units of skipping cost. Deeply nested vectors cost most: 1,350 to 1,750 instructions a unit, 13 M in all.
const MAX_SKIPPING_QUOTA: usize = 7_200;
/// Units of decoding cost that the library charges for each unit of skipping cost.
const SKIPPING_PENALTY: usize = 50;
/// Maximum entries of a type table, and bytes of the header that holds it. Our own types need less than a tenth.
const MAX_TYPES: usize = 200;
const MAX_HEADER_BYTES: usize = 4_096;

const MAGIC: &[u8] = b"DIDL";
const NO_VALUES: &[u8] = b"DIDL\0\0";

/// The reason why an argument is malformed.
#[derive(Debug)]
pub enum Malformed {
    /// It does not start with candid's magic.
    Magic,
    /// Its values do not match the types in its header.
    Values,
    /// Bytes follow the last value.
    TrailingBytes,
    /// An optional value has another type.
    Optional,
    /// The candid library's error.
    Candid(candid::Error),
}

impl Malformed {
    /// An explanation for people. Most are constant texts, so that a refusal costs little.
    pub fn message(&self) -> Cow<'static, str> {
        match self {
            Self::Magic => "malformed argument: it does not start with DIDL".into(),
            Self::Values => "malformed argument: the values do not match its types".into(),
            Self::Optional => {
                "malformed argument: the optional value is not of the type in the canister's interface".into()
            }
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

/// The result computed from a vector's elements. If the vector has more elements than the method takes, its length;
/// then no element was decoded.
pub type OfElements<T> = Result<Result<T, usize>, Malformed>;

/// Decodes the arguments of a method.
pub fn decode<'a, A: ArgumentDecoder<'a>>(bytes: &'a [u8]) -> Result<A, Malformed> {
    let mut arguments = open(bytes, 0)?;
    let decoded = A::decode(&mut arguments)?;
    arguments.done()?;
    Ok(decoded)
}

/// Decodes the only argument of an installation or upgrade, which may be missing or `null`.
///
/// Candid reads an `opt` whose content is of another type as `null`, so an operator who mistypes a setting would get
/// the defaults. This function returns [`Malformed::Optional`] instead.
pub fn decode_optional<T>(bytes: &[u8]) -> Result<Option<T>, Malformed>
where
    T: CandidType + for<'a> Deserialize<'a>,
{
    let (value,) = decode::<(Option<T>,)>(bytes)?;
    let (given,) = decode::<(Option<Reserved>,)>(bytes)?;
    if value.is_none() && given.is_some() { Err(Malformed::Optional) } else { Ok(value) }
}

/// Decodes two arguments, the second of which may be missing or `null`. A second argument of another type is an error,
/// as in [`decode_optional`].
pub fn decode_then_optional<F, T>(bytes: &[u8]) -> Result<(F, Option<T>), Malformed>
where
    F: CandidType + for<'a> Deserialize<'a>,
    T: CandidType + for<'a> Deserialize<'a>,
{
    let (first, value) = decode::<(F, Option<T>)>(bytes)?;
    let (_, given) = decode::<(F, Option<Reserved>)>(bytes)?;
    if value.is_none() && given.is_some() { Err(Malformed::Optional) } else { Ok((first, value)) }
}

/// Decodes a method's only argument, a vector. If it has more than `MAX` elements, returns its length instead, without
/// decoding them.
pub fn decode_elements<'a, T, const MAX: usize>(bytes: &'a [u8]) -> OfElements<Vec<T>>
where
    T: CandidType + Deserialize<'a>,
{
    elements::<T, (), MAX>(bytes, |_| Ok(())).map(|given| given.map(|(elements, ())| elements))
}

/// Decodes a vector as [`decode_elements`] does, and the argument that follows it.
pub fn decode_elements_then<'a, T, R, const MAX: usize>(bytes: &'a [u8]) -> OfElements<(Vec<T>, R)>
where
    T: CandidType + Deserialize<'a>,
    R: CandidType + Deserialize<'a>,
{
    elements::<T, R, MAX>(bytes, IDLDeserialize::get_value)
}

fn elements<'a, T, R, const MAX: usize>(
    bytes: &'a [u8],
    rest: impl FnOnce(&mut IDLDeserialize<'a>) -> Result<R, candid::Error>,
) -> OfElements<(Vec<T>, R)>
where
    T: CandidType + Deserialize<'a>,
{
    let mut arguments = open(bytes, MAX)?;
    let Bounded(elements): Bounded<T, MAX> = arguments.get_value()?;
    let elements = match elements {
        Ok(elements) => elements,
        Err(length) => return Ok(Err(length)),
    };
    let rest = rest(&mut arguments)?;
    arguments.done()?;
    Ok(Ok((elements, rest)))
}

/// Encodes a result.
pub fn encode<T: CandidType>(result: T) -> Vec<u8> {
    candid::encode_one(result).expect("our own types can be encoded")
}

/// Opens an argument for decoding. `elements` is the most that its vector may have. No bytes mean no values.
fn open(bytes: &[u8], elements: usize) -> Result<IDLDeserialize<'_>, Malformed> {
    let bytes = if bytes.is_empty() { NO_VALUES } else { bytes };
    if !bytes.starts_with(MAGIC) {
        return Err(Malformed::Magic);
    }
    let skipping_quota = (SKIPPING_QUOTA + bytes.len() + elements * ELEMENT_SKIPPING_QUOTA).min(MAX_SKIPPING_QUOTA);
    let mut config = DecoderConfig::new();
    config
        .set_decoding_quota(bytes.len() + DECODING_QUOTA + elements * ELEMENT_QUOTA + skipping_quota * SKIPPING_PENALTY)
        .set_skipping_quota(skipping_quota)
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
