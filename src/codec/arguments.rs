//! Argument decoding.
//!
//! The arguments of common clients start with one of a few headers, listed here. Their values are decoded by hand. The
//! candid library decodes every other legal encoding of the same types.

use super::general::{self, Malformed};
use super::header::{Header, NAT8, NAT32, NULL};
use crate::api::{Cursor, Id, NewMessage, Order};
use crate::store::NewMessageRef;
use serde_bytes::ByteBuf;
use std::borrow::Cow;

const ONE_ID: Header = Header::new(0).values([NAT32]);
const ONE_BLOB: Header = Header::new(1).vec(NAT8).values([0]);
const TWO_BLOBS: Header = Header::new(1).vec(NAT8).values([0, 0]);

type CursorFields = [(&'static str, i8); 3];
const ORDER: [(&str, i8); 2] = [("ascending", NULL), ("descending", NULL)];
const fn cursor(order: i8) -> CursorFields {
    [("after", NAT32), ("order", order), ("limit", NAT32)]
}
// Agents in Rust number a type before its parts, agents in JavaScript after them.
const SPANS: [Header; 2] = [
    Header::new(2).record(cursor(1)).variant(ORDER).values([NAT32, NAT32, 0]),
    Header::new(2).variant(ORDER).record(cursor(0)).values([NAT32, NAT32, 1]),
];
const KEYS: [Header; 2] = [
    Header::new(3).vec(NAT8).record(cursor(2)).variant(ORDER).values([0, 1]),
    Header::new(3).vec(NAT8).variant(ORDER).record(cursor(1)).values([0, 2]),
];
const BLOBS: [Header; 2] = [Header::new(2).vec(1).vec(NAT8).values([0]), Header::new(2).vec(NAT8).vec(0).values([1])];
const fn new_message(blob: i8) -> [(&'static str, i8); 2] {
    [("key_id", blob), ("ciphertext", blob)]
}
const BATCH: [Header; 2] = [
    Header::new(3).vec(1).record(new_message(2)).vec(NAT8).values([0]),
    Header::new(3).vec(NAT8).record(new_message(0)).vec(1).values([2]),
];

/// A blob. It borrows from the argument if it was decoded by hand. (The library's own borrowed blobs are unsuitable: it
/// does not check the type that the argument declares for them.)
pub type Blob<'a> = Cow<'a, [u8]>;

/// The result computed from a vector's elements. If the vector has more elements than the method takes, its length
/// instead; then no element was decoded.
pub type OfElements<T> = Result<Result<T, usize>, Malformed>;

/// An id.
pub fn id(bytes: &[u8]) -> Result<Id, Malformed> {
    match Values::behind(bytes, &[ONE_ID]) {
        Some(values) => values.read(Values::nat32),
        None => general::decode(bytes).map(|(id,)| id),
    }
}

/// A blob.
pub fn blob(bytes: &[u8]) -> Result<Blob<'_>, Malformed> {
    match Values::behind(bytes, &[ONE_BLOB]) {
        Some(values) => values.read(Values::blob),
        None => general::decode(bytes).map(|(blob,)| owned(blob)),
    }
}

/// A key id and a ciphertext.
pub fn two_blobs(bytes: &[u8]) -> Result<(Blob<'_>, Blob<'_>), Malformed> {
    match Values::behind(bytes, &[TWO_BLOBS]) {
        Some(values) => values.read(|values| Some((values.blob()?, values.blob()?))),
        None => general::decode(bytes).map(|(one, two)| (owned(one), owned(two))),
    }
}

/// The lengths of two blobs, read from the first bytes of an argument; `None` if those do not contain them.
pub fn lengths_of_two_blobs(head: &[u8]) -> Option<(usize, usize)> {
    let mut values = Values::behind(head, &[TWO_BLOBS])?;
    let first = values.blob()?.len();
    Some((first, values.length()?))
}

/// Two numbers and a cursor.
pub fn span(bytes: &[u8]) -> Result<(u32, u32, Cursor), Malformed> {
    match Values::behind(bytes, &SPANS) {
        Some(values) => values.read(|values| Some((values.nat32()?, values.nat32()?, values.cursor()?))),
        None => general::decode(bytes),
    }
}

/// A key id and a cursor.
pub fn key(bytes: &[u8]) -> Result<(Blob<'_>, Cursor), Malformed> {
    match Values::behind(bytes, &KEYS) {
        Some(values) => values.read(|values| Some((values.blob()?, values.cursor()?))),
        None => general::decode(bytes).map(|(blob, cursor)| (owned(blob), cursor)),
    }
}

/// Decodes at most `MAX` blobs and passes them to `then`.
pub fn blobs<T, const MAX: usize>(bytes: &[u8], then: impl FnOnce(&[&[u8]]) -> T) -> OfElements<T> {
    match Values::behind(bytes, &BLOBS) {
        Some(values) => Ok(values.elements(MAX, Values::bytes)?.map(|blobs| then(&blobs))),
        None => {
            let blobs = general::decode_elements::<ByteBuf, MAX>(bytes)?;
            Ok(blobs.map(|blobs| then(&blobs.iter().map(|blob| blob.as_slice()).collect::<Vec<_>>())))
        }
    }
}

/// Decodes at most `MAX` messages and passes them to `then`.
pub fn batch<T, const MAX: usize>(bytes: &[u8], then: impl FnOnce(&[NewMessageRef<'_>]) -> T) -> OfElements<T> {
    match Values::behind(bytes, &BATCH) {
        Some(values) => {
            let messages = values.elements(MAX, |values| {
                // In the order of their labels.
                let ciphertext = values.bytes()?;
                Some(NewMessageRef { key_id: values.bytes()?, ciphertext })
            });
            Ok(messages?.map(|messages| then(&messages)))
        }
        None => {
            let messages = general::decode_elements::<NewMessage, MAX>(bytes)?;
            Ok(messages.map(|messages| then(&messages.iter().map(NewMessageRef::from).collect::<Vec<_>>())))
        }
    }
}

fn owned<'a>(blob: ByteBuf) -> Blob<'a> {
    Cow::Owned(blob.into_vec())
}

/// Values that have not been read yet. Each reader returns `None` if the bytes do not hold such a value.
struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Values<'a> {
    /// The values of an argument that starts with one of these headers.
    fn behind(bytes: &'a [u8], headers: &[Header]) -> Option<Self> {
        headers.iter().find_map(|header| bytes.strip_prefix(header.as_bytes())).map(|rest| Self { rest })
    }

    /// Reads all values; further bytes are an error.
    fn read<T>(mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Result<T, Malformed> {
        match read(&mut self) {
            Some(value) if self.rest.is_empty() => Ok(value),
            Some(_) => Err(Malformed::TrailingBytes),
            None => Err(Malformed::Values),
        }
    }

    /// Reads a vector of at most `max` elements, or returns the length of a longer one.
    fn elements<T>(mut self, max: usize, element: impl Fn(&mut Self) -> Option<T>) -> OfElements<Vec<T>> {
        let length = self.length().ok_or(Malformed::Values)?;
        if length > max {
            return Ok(Err(length));
        }
        let elements = self.read(|values| {
            let mut elements = Vec::with_capacity(length);
            for _ in 0..length {
                elements.push(element(values)?);
            }
            Some(elements)
        });
        elements.map(Ok)
    }

    fn nat32(&mut self) -> Option<u32> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u32::from_le_bytes(*bytes))
    }

    fn blob(&mut self) -> Option<Blob<'a>> {
        self.bytes().map(Cow::Borrowed)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn cursor(&mut self) -> Option<Cursor> {
        // In the order of their labels, like the cases.
        let after = self.nat32()?;
        let order = match self.length()? {
            0 => Order::descending,
            1 => Order::ascending,
            _ => return None,
        };
        Some(Cursor { after, order, limit: self.nat32()? })
    }

    /// An unsigned LEB128 number of at most 9 bytes, as in the library.
    fn length(&mut self) -> Option<usize> {
        let mut value = 0u64;
        for shift in (0..63).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return usize::try_from(value).ok();
            }
        }
        None
    }
}
