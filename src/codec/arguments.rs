//! Argument decoding.
//!
//! The arguments of common clients start with one of a few headers, listed here. Their values are decoded by hand. The
//! candid library decodes every other legal encoding of the same types.

use super::general::{self, Malformed, OfElements};
use super::values::{cursor as read_cursor, key_cursor as read_key_cursor};
use crate::api::{Acknowledgement, Cursor, Id, KeyCursor, NewMessage};
use crate::store::{AcknowledgementRef, NewMessageRef};
use canister_base::header::{BOOL, Header, NAT8, NAT32, NULL};
use canister_base::values::{Blob, Values};
use serde_bytes::ByteBuf;
use std::borrow::Cow;

const ID: Header = Header::new(0).values([NAT32]);
const ID_WITH_FLAG: Header = Header::new(1).opt(BOOL).values([NAT32, 0]);
const BLOB: Header = Header::new(1).vec(NAT8).values([0]);
const ADD: Header = Header::new(1).vec(NAT8).values([0, 0]);

type CursorFields = [(&'static str, i8); 3];
type KeyCursorFields = [(&'static str, i8); 4];
const ORDER: [(&str, i8); 2] = [("ascending", NULL), ("descending", NULL)];
const START: [(&str, i8); 4] = [("beginning", NULL), ("after", NAT32), ("time", NAT32), ("rank", NAT32)];
const fn cursor(order: i8) -> CursorFields {
    [("after", NAT32), ("order", order), ("limit", NAT32)]
}
const fn key_cursor(order: i8, start: i8) -> KeyCursorFields {
    [("start", start), ("order", order), ("limit", NAT32), ("prove", BOOL)]
}
// Agents in Rust number a type before its parts, agents in JavaScript after them.
const SPANS: [Header; 2] = [
    Header::new(2).record(cursor(1)).variant(ORDER).values([NAT32, NAT32, 0]),
    Header::new(2).variant(ORDER).record(cursor(0)).values([NAT32, NAT32, 1]),
];
const KEYS: [Header; 2] = [
    Header::new(4).vec(NAT8).record(key_cursor(2, 3)).variant(ORDER).variant(START).values([0, 1]),
    Header::new(4).vec(NAT8).variant(ORDER).variant(START).record(key_cursor(1, 2)).values([0, 3]),
];
const BLOBS: [Header; 2] = [Header::new(2).vec(1).vec(NAT8).values([0]), Header::new(2).vec(NAT8).vec(0).values([1])];
const BLOBS_WITH_FLAG: [Header; 2] = [
    Header::new(3).vec(1).vec(NAT8).opt(BOOL).values([0, 2]),
    Header::new(3).vec(NAT8).vec(0).opt(BOOL).values([1, 2]),
];
const fn new_message(blob: i8) -> [(&'static str, i8); 2] {
    [("key_id", blob), ("ciphertext", blob)]
}
const fn with_send_key(blob: i8, optional: i8) -> [(&'static str, i8); 3] {
    [("key_id", blob), ("ciphertext", blob), ("send_key", optional)]
}
const BATCH: [Header; 2] = [
    Header::new(3).vec(1).record(new_message(2)).vec(NAT8).values([0]),
    Header::new(3).vec(NAT8).record(new_message(0)).vec(1).values([2]),
];
const BATCH_WITH_SEND_KEYS: [Header; 2] = [
    Header::new(4).vec(1).record(with_send_key(2, 3)).vec(NAT8).opt(2).values([0]),
    Header::new(4).vec(NAT8).opt(0).record(with_send_key(0, 1)).vec(2).values([3]),
];
const fn acknowledgement(blob: i8) -> [(&'static str, i8); 2] {
    [("key_id", blob), ("through", NAT32)]
}
const ACKNOWLEDGEMENTS: [Header; 2] = [
    Header::new(3).vec(1).record(acknowledgement(2)).vec(NAT8).values([0]),
    Header::new(3).vec(NAT8).record(acknowledgement(0)).vec(1).values([2]),
];

/// An id, and whether a proof is asked for.
pub fn id(bytes: &[u8]) -> Result<(Id, bool), Malformed> {
    let (id, prove) = match Values::behind_either(bytes, &[ID], &[ID_WITH_FLAG]) {
        Some((values, more)) => {
            values.read(|values| Some((values.nat32()?, values.optional_if(more, Values::flag)?)))?
        }
        None => general::decode(bytes)?,
    };
    Ok((id, prove.unwrap_or(false)))
}

/// A blob.
pub fn blob(bytes: &[u8]) -> Result<Blob<'_>, Malformed> {
    match Values::behind(bytes, &[BLOB]) {
        Some(values) => values.read(Values::blob),
        None => general::decode(bytes).map(|(blob,)| owned(blob)),
    }
}

/// The message to add: key id and ciphertext.
pub fn message(bytes: &[u8]) -> Result<(Blob<'_>, Blob<'_>), Malformed> {
    match Values::behind(bytes, &[ADD]) {
        Some(values) => values.read(|values| Some((values.blob()?, values.blob()?))),
        None => general::decode(bytes).map(|(key_id, ciphertext)| (owned(key_id), owned(ciphertext))),
    }
}

/// The lengths of the key id and the ciphertext to add, read from the first bytes of an argument; `None` if those do
/// not contain them.
pub fn lengths_of_message(head: &[u8]) -> Option<(usize, usize)> {
    let mut values = Values::behind(head, &[ADD])?;
    let key_id = values.bytes()?.len();
    Some((key_id, values.length()?))
}

/// Two numbers and a cursor.
pub fn span(bytes: &[u8]) -> Result<(u32, u32, Cursor), Malformed> {
    match Values::behind(bytes, &SPANS) {
        Some(values) => values.read(|values| Some((values.nat32()?, values.nat32()?, read_cursor(values)?))),
        None => general::decode(bytes),
    }
}

/// A key id and a cursor.
pub fn key(bytes: &[u8]) -> Result<(Blob<'_>, KeyCursor), Malformed> {
    match Values::behind(bytes, &KEYS) {
        Some(values) => values.read(|values| Some((values.blob()?, read_key_cursor(values)?))),
        None => general::decode(bytes).map(|(blob, cursor)| (owned(blob), cursor)),
    }
}

/// Decodes at most `MAX` key ids and whether a proof is asked for, and passes them to `then`.
pub fn keys<T, const MAX: usize>(bytes: &[u8], then: impl FnOnce(&[&[u8]], bool) -> T) -> OfElements<T> {
    match Values::behind_either(bytes, &BLOBS, &BLOBS_WITH_FLAG) {
        Some((values, more)) => {
            let given = values.elements(MAX, Values::bytes, |values| values.optional_if(more, Values::flag))?;
            Ok(given.map(|(keys, prove)| then(&keys, prove.unwrap_or(false))))
        }
        None => {
            let given = general::decode_elements_then::<ByteBuf, Option<bool>, MAX>(bytes)?;
            Ok(given.map(|(keys, prove)| {
                then(&keys.iter().map(|key| key.as_slice()).collect::<Vec<_>>(), prove.unwrap_or(false))
            }))
        }
    }
}

/// Decodes at most `MAX` acknowledgements and passes them to `then`.
pub fn acknowledgements<T, const MAX: usize>(
    bytes: &[u8],
    then: impl FnOnce(&[AcknowledgementRef<'_>]) -> T,
) -> OfElements<T> {
    match Values::behind(bytes, &ACKNOWLEDGEMENTS) {
        Some(values) => {
            let given = values.elements(MAX, acknowledgement_ref, |_| Some(()))?;
            Ok(given.map(|(items, ())| then(&items)))
        }
        None => {
            let items = general::decode_elements::<Acknowledgement, MAX>(bytes)?;
            Ok(items.map(|items| then(&items.iter().map(AcknowledgementRef::from).collect::<Vec<_>>())))
        }
    }
}

/// Decodes at most `MAX` messages and passes them to `then`.
pub fn batch<T, const MAX: usize>(bytes: &[u8], then: impl FnOnce(&[NewMessageRef<'_>]) -> T) -> OfElements<T> {
    match Values::behind_either(bytes, &BATCH, &BATCH_WITH_SEND_KEYS) {
        Some((values, more)) => {
            let given = values.elements(MAX, |values| new_message_ref(values, more), |_| Some(()))?;
            Ok(given.map(|(messages, ())| then(&messages)))
        }
        None => {
            let messages = general::decode_elements::<NewMessage, MAX>(bytes)?;
            Ok(messages.map(|messages| then(&messages.iter().map(NewMessageRef::from).collect::<Vec<_>>())))
        }
    }
}

#[inline(always)]
fn new_message_ref<'a>(values: &mut Values<'a>, has_send_key: bool) -> Option<NewMessageRef<'a>> {
    // In the order of their labels.
    let (ciphertext, key_id) = (values.bytes()?, values.bytes()?);
    Some(NewMessageRef { key_id, ciphertext, send_key: values.optional_if(has_send_key, Values::bytes)? })
}

fn acknowledgement_ref<'a>(values: &mut Values<'a>) -> Option<AcknowledgementRef<'a>> {
    // In the order of their labels.
    Some(AcknowledgementRef { key_id: values.bytes()?, through: values.nat32()? })
}

fn owned<'a>(blob: ByteBuf) -> Blob<'a> {
    Cow::Owned(blob.into_vec())
}
