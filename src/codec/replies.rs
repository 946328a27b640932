//! Reply encoding.
//!
//! A variant with fewer cases is a subtype, so a reply's type need only name the cases that occur in it. Common replies
//! therefore have a short constant header, and their values are encoded by hand. The candid library encodes the rest.

use super::general::encode;
use super::header::{BOOL, Header, NAT8, NAT32, NULL};
use crate::api::{AddError, Added, BatchError, Found, GetError, KeyHead, LookupError, Page, PageError, TooLong};
use crate::store::record::Record;
use crate::store::{RecordPage, View, bytes_in_page};
use ic_stable_structures::Memory;

const ADDED_FIELDS: [(&str, i8); 2] = [("id", NAT32), ("duplicate", BOOL)];
const ADDED: Header = Header::new(2).record(ADDED_FIELDS).variant([("Ok", 0)]).values([1]);
const ALL_ADDED: Header =
    Header::new(4).record(ADDED_FIELDS).variant([("Ok", 0)]).vec(1).variant([("Ok", 2)]).values([3]);
const MESSAGE_FIELDS: [(&str, i8); 7] = [
    ("id", NAT32),
    ("timestamp", NAT32),
    ("key_id", 0),
    ("next_id", NAT32),
    ("prev_id", NAT32),
    ("hash", 0),
    ("ciphertext", 0),
];
const FOUND: Header = Header::new(4)
    .vec(NAT8)
    .record(MESSAGE_FIELDS)
    .record([("message", 1), ("first_id", NAT32)])
    .variant([("Ok", 2)])
    .values([3]);
const PAGE: Header = Header::new(5)
    .vec(NAT8)
    .record(MESSAGE_FIELDS)
    .vec(1)
    .record([("messages", 2), ("next", NAT32), ("first_id", NAT32), ("gap", BOOL)])
    .variant([("Ok", 3)])
    .values([4]);
const HEADS: Header = Header::new(4)
    .record([("min_id", NAT32), ("max_id", NAT32), ("count", NAT32)])
    .opt(0)
    .vec(1)
    .variant([("Ok", 2)])
    .values([3]);
const NOT_FOUND: Header = Header::new(2).variant([("NotFound", NULL)]).variant([("Err", 0)]).values([1]);
const CIPHERTEXT_EMPTY: Header = Header::new(2).variant([("CiphertextEmpty", NULL)]).variant([("Err", 0)]).values([1]);
const KEY_ID_LENGTH: Header = too_long("KeyIdLength");
const CIPHERTEXT_TOO_LARGE: Header = too_long("CiphertextTooLarge");

const fn too_long(case: &str) -> Header {
    Header::new(3).record([("length", NAT32), ("max", NAT32)]).variant([(case, 0)]).variant([("Err", 1)]).values([2])
}

/// The index of a variant's only case.
const ONLY: u8 = 0;
/// Maximum bytes of a reply besides its messages or elements.
const FRAME: usize = 128;

/// The result of an add.
pub fn added(result: Result<Added, AddError>, send: impl FnOnce(&[u8])) {
    match result {
        Ok(added) => Short::OF_ADDED.put(added_bytes(added)).send(send),
        Err(AddError::KeyIdLength(error)) => Short::OF_KEY_ID_LENGTH.too_long(error).send(send),
        Err(AddError::CiphertextTooLarge(error)) => Short::OF_CIPHERTEXT_TOO_LARGE.too_long(error).send(send),
        Err(AddError::CiphertextEmpty) => Short::OF_CIPHERTEXT_EMPTY.send(send),
        result => send(&encode(result)),
    }
}

/// The result of a batch.
pub fn all_added(result: Result<Vec<Result<Added, AddError>>, BatchError>, send: impl FnOnce(&[u8])) {
    let short = result.as_ref().ok().and_then(|results| {
        let mut reply = Vec::with_capacity(FRAME + results.len() * 6);
        reply.extend_from_slice(ALL_ADDED.as_bytes());
        reply.push(ONLY);
        push_length(&mut reply, results.len());
        for result in results {
            let [a, b, c, d, e] = added_bytes(*result.as_ref().ok()?);
            reply.extend_from_slice(&[ONLY, a, b, c, d, e]);
        }
        Some(reply)
    });
    match short {
        Some(reply) => send(&reply),
        None => send(&encode(result)),
    }
}

/// One message of the store.
pub fn message<M: Memory + Clone>(store: &View<'_, M>, result: Result<Record, GetError>, send: impl FnOnce(&[u8])) {
    match result {
        Ok(record) => {
            let mut reply = Vec::with_capacity(FRAME + bytes_in_page(&record));
            reply.extend_from_slice(FOUND.as_bytes());
            reply.push(ONLY);
            // In the order of their labels: message, first_id.
            push_message(&mut reply, store, &record);
            reply.extend_from_slice(&store.first_id().to_le_bytes());
            send(&reply);
        }
        Err(GetError::NotFound) => Short::OF_NOT_FOUND.send(send),
        Err(error) => send(&encode(Err::<Found, _>(error))),
    }
}

/// A page of the store.
pub fn page<M: Memory + Clone>(store: &View<'_, M>, result: Result<RecordPage, PageError>, send: impl FnOnce(&[u8])) {
    match result {
        Ok(page) => {
            let mut reply = Vec::with_capacity(FRAME + page.bytes);
            reply.extend_from_slice(PAGE.as_bytes());
            // In the order of their labels: gap, messages, next, first_id.
            reply.extend_from_slice(&[ONLY, u8::from(page.gap)]);
            push_length(&mut reply, page.records().len());
            for record in page.records() {
                push_message(&mut reply, store, record);
            }
            reply.extend_from_slice(&page.next.to_le_bytes());
            reply.extend_from_slice(&page.first_id.to_le_bytes());
            send(&reply);
        }
        Err(error) => send(&encode(Err::<Page, _>(error))),
    }
}

/// Heads of keys.
pub fn heads(result: Result<Vec<Option<KeyHead>>, LookupError>, send: impl FnOnce(&[u8])) {
    match result {
        Ok(heads) => {
            let mut reply = Vec::with_capacity(FRAME + heads.len() * 13);
            reply.extend_from_slice(HEADS.as_bytes());
            reply.push(ONLY);
            push_length(&mut reply, heads.len());
            for head in heads {
                match head {
                    None => reply.push(0),
                    Some(head) => {
                        let mut bytes = [1; 13];
                        // In the order of their labels: count, min_id, max_id.
                        bytes[1..5].copy_from_slice(&head.count.to_le_bytes());
                        bytes[5..9].copy_from_slice(&head.min_id.to_le_bytes());
                        bytes[9..].copy_from_slice(&head.max_id.to_le_bytes());
                        reply.extend_from_slice(&bytes);
                    }
                }
            }
            send(&reply);
        }
        Err(error) => send(&encode(Err::<Vec<Option<KeyHead>>, _>(error))),
    }
}

/// Appends a message, in fewer bytes than [`bytes_in_page`]. Its ciphertext and its key's tail are read from stable
/// memory directly into the reply.
fn push_message<M: Memory + Clone>(reply: &mut Vec<u8>, store: &View<'_, M>, record: &Record) {
    // In the order of their labels: id, ciphertext, prev_id, key_id, hash, next_id, timestamp.
    reply.extend_from_slice(&record.id().to_le_bytes());
    push_length(reply, record.ciphertext_len());
    store.append_ciphertext(record, reply);
    reply.extend_from_slice(&record.prev_id().to_le_bytes());
    reply.push(record.key_len() as u8);
    store.append_key_id(record, reply);
    reply.push(32);
    reply.extend_from_slice(record.hash());
    reply.extend_from_slice(&record.next_id().to_le_bytes());
    reply.extend_from_slice(&record.timestamp().to_le_bytes());
}

fn added_bytes(added: Added) -> [u8; 5] {
    let [a, b, c, d] = added.id.to_le_bytes();
    [a, b, c, d, u8::from(added.duplicate)]
}

/// An unsigned LEB128 number.
fn push_length(reply: &mut Vec<u8>, length: usize) {
    let mut rest = length;
    while rest > 0x7f {
        reply.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    reply.push(rest as u8);
}

/// A reply on the stack. Its header is built at compile time.
struct Short {
    bytes: [u8; Self::CAPACITY],
    len: usize,
}

impl Short {
    const CAPACITY: usize = 60;

    const OF_ADDED: Self = Self::new(&ADDED, 1);
    const OF_NOT_FOUND: Self = Self::new(&NOT_FOUND, 2);
    const OF_CIPHERTEXT_EMPTY: Self = Self::new(&CIPHERTEXT_EMPTY, 2);
    const OF_KEY_ID_LENGTH: Self = Self::new(&KEY_ID_LENGTH, 2);
    const OF_CIPHERTEXT_TOO_LARGE: Self = Self::new(&CIPHERTEXT_TOO_LARGE, 2);

    /// A header, followed by the [`ONLY`] case of each of `variants` nested variants.
    const fn new(header: &Header, variants: usize) -> Self {
        let mut bytes = [ONLY; Self::CAPACITY];
        let header = header.as_bytes();
        let mut at = 0;
        while at < header.len() {
            bytes[at] = header[at];
            at += 1;
        }
        Self { bytes, len: header.len() + variants }
    }

    #[inline(always)]
    fn put<const N: usize>(mut self, bytes: [u8; N]) -> Self {
        self.bytes[self.len..][..N].copy_from_slice(&bytes);
        self.len += N;
        self
    }

    #[inline(always)]
    fn too_long(self, TooLong { length, max }: TooLong) -> Self {
        // In the order of their labels.
        self.put(max.to_le_bytes()).put(length.to_le_bytes())
    }

    #[inline(always)]
    fn send(self, send: impl FnOnce(&[u8])) {
        send(&self.bytes[..self.len]);
    }
}
