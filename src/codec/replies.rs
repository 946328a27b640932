//! Replies to bytes.
//!
//! A reply's type need only name the cases that occur in it, for fewer cases are a subtype. So what is common has a short
//! header, known here, and its values are written by hand; what is rare goes through the candid library.

use super::general::encode;
use super::header::{BOOL, Header, NAT8, NAT32, NULL};
use crate::api::{AddError, Added, BatchError, GetError, KeyHead, LookupError, Message, Page, PageError, TooLong};
use crate::store::record::{KEY_HEAD_BYTES, Record};
use crate::store::{MessageStore, RecordPage};
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
const MESSAGE: Header = Header::new(3).vec(NAT8).record(MESSAGE_FIELDS).variant([("Ok", 1)]).values([2]);
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
/// The most bytes of a short reply.
const SHORT: usize = 96;
/// Bytes of a message in a page beside key id and ciphertext, at most.
const MESSAGE_BYTES: usize = 64;

/// The result of an add.
pub fn added(result: Result<Added, AddError>, send: impl FnOnce(&[u8])) {
    let short = Short::new();
    match result {
        Ok(added) => short.put(ADDED.as_bytes()).put(&[ONLY]).put(&added_bytes(added)).send(send),
        Err(AddError::KeyIdLength(TooLong { length, max })) => {
            short.put(KEY_ID_LENGTH.as_bytes()).put(&[ONLY, ONLY]).nat32(max).nat32(length).send(send)
        }
        Err(AddError::CiphertextTooLarge(TooLong { length, max })) => {
            short.put(CIPHERTEXT_TOO_LARGE.as_bytes()).put(&[ONLY, ONLY]).nat32(max).nat32(length).send(send)
        }
        Err(AddError::CiphertextEmpty) => short.put(CIPHERTEXT_EMPTY.as_bytes()).put(&[ONLY, ONLY]).send(send),
        result => send(&encode(result)),
    }
}

/// The result of a batch.
pub fn all_added(result: Result<Vec<Result<Added, AddError>>, BatchError>, send: impl FnOnce(&[u8])) {
    let short = result.as_ref().ok().and_then(|results| {
        let mut reply = Vec::with_capacity(SHORT + results.len() * 6);
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

/// A message of the store.
pub fn message<M: Memory + Clone>(store: &MessageStore<M>, result: Result<Record, GetError>, send: impl FnOnce(&[u8])) {
    match result {
        Ok(record) => {
            let mut reply = Vec::with_capacity(MESSAGE.as_bytes().len() + 1 + room_for(&record));
            reply.extend_from_slice(MESSAGE.as_bytes());
            reply.push(ONLY);
            push_message(&mut reply, store, &record);
            send(&reply);
        }
        Err(GetError::NotFound) => Short::new().put(NOT_FOUND.as_bytes()).put(&[ONLY, ONLY]).send(send),
        Err(error) => send(&encode(Err::<Message, _>(error))),
    }
}

/// A page of the store.
pub fn page<M: Memory + Clone>(
    store: &MessageStore<M>,
    result: Result<RecordPage, PageError>,
    send: impl FnOnce(&[u8]),
) {
    match result {
        Ok(page) => {
            let messages: usize = page.records.iter().map(room_for).sum();
            let mut reply = Vec::with_capacity(SHORT + PAGE.as_bytes().len() + messages);
            reply.extend_from_slice(PAGE.as_bytes());
            // In the order of their labels: gap, messages, next, first_id.
            reply.extend_from_slice(&[ONLY, u8::from(page.gap)]);
            push_length(&mut reply, page.records.len());
            for record in &page.records {
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
            let mut reply = Vec::with_capacity(SHORT + heads.len() * 13);
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

/// The bytes that [`push_message`] writes, at most.
fn room_for(record: &Record) -> usize {
    MESSAGE_BYTES + record.len as usize + usize::from(record.key_len) + record.tail_len()
}

/// A message: its extent goes from stable memory to where the ciphertext belongs, in one read; what the key tail
/// occupies behind it is then overwritten.
fn push_message<M: Memory + Clone>(reply: &mut Vec<u8>, store: &MessageStore<M>, record: &Record) {
    let (len, tail_len) = (record.len as usize, record.tail_len());
    // In the order of their labels: id, ciphertext, prev_id, key_id, hash, next_id, timestamp.
    reply.extend_from_slice(&record.id.to_le_bytes());
    push_length(reply, len);
    let end = reply.len() + len;
    store.append_extent(record, reply);
    let mut rest = [0; 4 + 1 + 64 + 1 + 32 + 8];
    rest[..4].copy_from_slice(&record.prev_id.to_le_bytes());
    rest[4] = record.key_len;
    rest[5..5 + KEY_HEAD_BYTES].copy_from_slice(&record.key_head);
    let key_end = 5 + usize::from(record.key_len);
    rest[5 + KEY_HEAD_BYTES.min(record.key_len.into())..key_end][..tail_len]
        .copy_from_slice(&reply[end..end + tail_len]);
    let fixed = &mut rest[key_end..];
    fixed[0] = 32;
    fixed[1..33].copy_from_slice(&record.hash);
    fixed[33..37].copy_from_slice(&record.next_id.to_le_bytes());
    fixed[37..41].copy_from_slice(&record.timestamp.to_le_bytes());
    reply.truncate(end);
    reply.extend_from_slice(&rest[..key_end + 41]);
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

/// A reply short enough for the stack.
struct Short {
    bytes: [u8; SHORT],
    len: usize,
}

impl Short {
    fn new() -> Self {
        Self { bytes: [0; SHORT], len: 0 }
    }

    fn put(mut self, bytes: &[u8]) -> Self {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
        self
    }

    fn nat32(self, number: u32) -> Self {
        self.put(&number.to_le_bytes())
    }

    fn send(self, send: impl FnOnce(&[u8])) {
        send(&self.bytes[..self.len]);
    }
}
