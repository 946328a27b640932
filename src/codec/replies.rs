//! Reply encoding.
//!
//! A variant with fewer cases is a subtype, so a reply's type need only name the cases that occur in it. So common
//! replies have a short constant header, and their values are encoded by hand. For the same reason a reply without a
//! proof omits the field. The candid library encodes the other replies.

#![allow(
    clippy::indexing_slicing,
    reason = "headers are made at compile time, and a reply's buffer is as long as its longest header"
)]

use super::general::encode;
use crate::api::{
    AckError, Acknowledged, AcksError, AddError, Added, BatchError, Bound, Found, GetError, Heads, Limited,
    LookupError, Page, PageError, Proof, TooLong,
};
use crate::store::record::Record;
use crate::store::{RecordPage, View, bytes_in_page};
use canister_base::header::{BOOL, Header, NAT8, NAT32, NAT64, NULL};
use canister_base::values::push_length;
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
const PROOF_FIELDS: [(&str, i8); 2] = [("certificate", 0), ("bytes", 0)];
const FOUND: Header = Header::new(4)
    .vec(NAT8)
    .record(MESSAGE_FIELDS)
    .record([("message", 1), ("first_id", NAT32)])
    .variant([("Ok", 2)])
    .values([3]);
const PROVED_FOUND: Header = Header::new(6)
    .vec(NAT8)
    .record(MESSAGE_FIELDS)
    .record(PROOF_FIELDS)
    .opt(2)
    .record([("message", 1), ("first_id", NAT32), ("proof", 3)])
    .variant([("Ok", 4)])
    .values([5]);
const PAGE: Header = Header::new(5)
    .vec(NAT8)
    .record(MESSAGE_FIELDS)
    .vec(1)
    .record([("messages", 2), ("next", NAT32), ("first_id", NAT32), ("gap", BOOL)])
    .variant([("Ok", 3)])
    .values([4]);
const PROVED_PAGE: Header = Header::new(7)
    .vec(NAT8)
    .record(MESSAGE_FIELDS)
    .record(PROOF_FIELDS)
    .opt(2)
    .vec(1)
    .record([("messages", 4), ("next", NAT32), ("first_id", NAT32), ("gap", BOOL), ("proof", 3)])
    .variant([("Ok", 5)])
    .values([6]);
const HEAD_FIELDS: [(&str, i8); 8] = [
    ("min_id", NAT32),
    ("max_id", NAT32),
    ("count", NAT32),
    ("bytes", NAT64),
    ("rank", NAT32),
    ("acknowledged_id", NAT32),
    ("quota", 2),
    ("full_since", NAT32),
];
const HEADS: Header = heads_of(8).record([("heads", 5), ("first_id", NAT32)]).variant([("Ok", 6)]).values([7]);
const PROVED_HEADS: Header = heads_of(11)
    .vec(NAT8)
    .record([("certificate", 6), ("bytes", 6)])
    .opt(7)
    .record([("heads", 5), ("first_id", NAT32), ("proof", 8)])
    .variant([("Ok", 9)])
    .values([10]);
const ACKNOWLEDGED: [(&str, i8); 1] = [("messages", NAT32)];
const ALL_ACKNOWLEDGED: Header =
    Header::new(4).record(ACKNOWLEDGED).variant([("Ok", 0)]).vec(1).variant([("Ok", 2)]).values([3]);
/// As [`ALL_ACKNOWLEDGED`], for one key that the caller does not own. It is short, because the
/// canister pays the platform for each byte of a reply, even to a caller who is refused.
const NONE_ACKNOWLEDGED: Header =
    Header::new(4).variant([("NotOwner", NULL)]).variant([("Err", 0)]).vec(1).variant([("Ok", 2)]).values([3]);
/// As [`ALL_ACKNOWLEDGED`], with the refusals that are written by hand.
const SOME_ACKNOWLEDGED: Header = Header::new(7)
    .record(ACKNOWLEDGED)
    .record([("acknowledged_id", NAT32)])
    .record([("through", NAT32), ("max_id", NAT32)])
    .variant([("NotNewer", 1), ("NotStored", 2), ("NotOwner", NULL)])
    .variant([("Ok", 0), ("Err", 3)])
    .vec(4)
    .variant([("Ok", 5)])
    .values([6]);
/// A header of `types` types, with the first six of them: two bounds, the quota, the head, the head's `opt`, and the `vec`
/// of these.
const fn heads_of(types: u8) -> Header {
    Header::new(types)
        .variant([("unlimited", NULL), ("at_most", NAT32)])
        .variant([("unlimited", NULL), ("at_most", NAT64)])
        .record([("messages", 0), ("bytes", 1)])
        .record(HEAD_FIELDS)
        .opt(3)
        .vec(4)
}

/// An error without content.
const fn refused(case: &str) -> Header {
    Header::new(2).variant([(case, NULL)]).variant([("Err", 0)]).values([1])
}

/// An error of one `nat32`.
const fn refused_by(case: &str, field: &str) -> Header {
    Header::new(3).record([(field, NAT32)]).variant([(case, 0)]).variant([("Err", 1)]).values([2])
}

/// The error `Limited`, with a case that has the field `retry_after`.
const fn limited(case: &str) -> Header {
    Header::new(4)
        .record([("retry_after", NAT32)])
        .variant([(case, 0)])
        .variant([("Limited", 1)])
        .variant([("Err", 2)])
        .values([3])
}

const LOW_CYCLES: Header =
    Header::new(3).variant([("low_cycles", NULL)]).variant([("Limited", 0)]).variant([("Err", 1)]).values([2]);
const KEY_ID_LENGTH: Header = too_long("KeyIdLength");
const CIPHERTEXT_TOO_LARGE: Header = too_long("CiphertextTooLarge");

const fn too_long(case: &str) -> Header {
    Header::new(3).record([("length", NAT32), ("max", NAT32)]).variant([(case, 0)]).variant([("Err", 1)]).values([2])
}

/// The index of a variant's only case.
const ONLY: u8 = 0;
/// Maximum bytes of a reply besides its messages or elements and its proof.
const FRAME: usize = 192;
/// Maximum bytes of a key's result in the reply to an acknowledgement: two cases and two `nat32`.
const MAX_ACKNOWLEDGED_BYTES: usize = 2 + 2 * 4;
/// The case `at_most` of a bound, before `unlimited` in the order of their labels.
const AT_MOST: u8 = 0;
/// The case `unlimited` of a bound.
const UNLIMITED: u8 = 1;
/// Maximum bytes of a key's head: six `nat32`, a `nat64`, two bounds with their cases, and the byte of its `opt`.
const MAX_HEAD_BYTES: usize = 6 * 4 + 8 + (1 + 4) + (1 + 8) + 1;

/// The result of an add.
pub fn added(result: Result<Added, AddError>, send: impl FnOnce(&[u8])) {
    match result {
        Ok(added) => Short::OF_ADDED.put(added_bytes(added)).send(send),
        Err(AddError::KeyIdLength(error)) => Short::OF_KEY_ID_LENGTH.too_long(error).send(send),
        Err(AddError::CiphertextTooLarge(error)) => Short::OF_CIPHERTEXT_TOO_LARGE.too_long(error).send(send),
        Err(AddError::CiphertextEmpty) => Short::OF_CIPHERTEXT_EMPTY.send(send),
        Err(AddError::NotAllowed) => Short::OF_NOT_ALLOWED.send(send),
        Err(AddError::Sealed) => Short::OF_SEALED.send(send),
        Err(AddError::Limited(limited)) => Short::limited(limited).send(send),
        Err(AddError::KeyFull { since }) => Short::OF_KEY_FULL.put(since.to_le_bytes()).send(send),
        Err(AddError::StoreFull { retry_after }) => Short::OF_STORE_FULL.put(retry_after.to_le_bytes()).send(send),
        Err(AddError::KeysFull { max }) => Short::OF_KEYS_FULL.put(max.to_le_bytes()).send(send),
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
    match (short, result) {
        (Some(reply), _) => send(&reply),
        (None, Err(BatchError::Sealed)) => Short::OF_SEALED.send(send),
        (None, Err(BatchError::Limited(limited))) => Short::limited(limited).send(send),
        (None, result) => send(&encode(result)),
    }
}

/// The result of an acknowledgement.
pub fn all_acknowledged(result: Result<Vec<Result<Acknowledged, AckError>>, AcksError>, send: impl FnOnce(&[u8])) {
    if let Ok([Err(AckError::NotOwner)]) = result.as_deref() {
        return Short::OF_NONE_ACKNOWLEDGED.put([1, ONLY, ONLY]).send(send);
    }
    let short = result.as_ref().ok().and_then(|results| {
        let header = if results.iter().all(Result::is_ok) { &ALL_ACKNOWLEDGED } else { &SOME_ACKNOWLEDGED };
        let mut reply = Vec::with_capacity(FRAME + results.len() * MAX_ACKNOWLEDGED_BYTES);
        reply.extend_from_slice(header.as_bytes());
        reply.push(ONLY);
        push_length(&mut reply, results.len());
        results.iter().all(|result| push_acknowledged(&mut reply, result)).then_some(reply)
    });
    match (short, result) {
        (Some(reply), _) => send(&reply),
        (None, Err(AcksError::Limited(limited))) => Short::limited(limited).send(send),
        (None, result) => send(&encode(result)),
    }
}

/// Appends a key's result. False: the library must encode this result.
fn push_acknowledged(reply: &mut Vec<u8>, result: &Result<Acknowledged, AckError>) -> bool {
    // Cases and fields in the order of their labels.
    match result {
        Ok(Acknowledged { messages }) => {
            reply.push(0);
            reply.extend_from_slice(&messages.to_le_bytes());
        }
        Err(AckError::NotNewer { acknowledged_id }) => {
            reply.extend_from_slice(&[1, 0]);
            reply.extend_from_slice(&acknowledged_id.to_le_bytes());
        }
        Err(AckError::NotStored { through, max_id }) => {
            reply.extend_from_slice(&[1, 1]);
            reply.extend_from_slice(&through.to_le_bytes());
            reply.extend_from_slice(&max_id.to_le_bytes());
        }
        Err(AckError::NotOwner) => reply.extend_from_slice(&[1, 2]),
        Err(_) => return false,
    }
    true
}

/// One message of the store.
pub fn message<M: Memory + Clone>(
    store: &View<'_, M>,
    result: Result<Record, GetError>,
    proof: Option<&Proof>,
    send: impl FnOnce(&[u8]),
) {
    match result {
        Ok(record) => {
            let mut reply = begin(proof, &FOUND, &PROVED_FOUND, bytes_in_page(&record));
            // In the order of their labels: message, proof, first_id.
            push_message(&mut reply, store, &record);
            push_proof(&mut reply, proof);
            reply.extend_from_slice(&store.first_id().to_le_bytes());
            send(&reply);
        }
        Err(GetError::NotFound) => Short::OF_NOT_FOUND.send(send),
        Err(error) => send(&encode(Err::<Found, _>(error))),
    }
}

/// A page of the store.
pub fn page<M: Memory + Clone>(
    store: &View<'_, M>,
    result: Result<RecordPage, PageError>,
    proof: Option<&Proof>,
    send: impl FnOnce(&[u8]),
) {
    match result {
        Ok(page) => {
            let mut reply = begin(proof, &PAGE, &PROVED_PAGE, page.bytes);
            // In the order of their labels: gap, messages, next, proof, first_id.
            reply.push(u8::from(page.gap));
            push_length(&mut reply, page.records().len());
            for record in page.records() {
                push_message(&mut reply, store, record);
            }
            reply.extend_from_slice(&page.next.to_le_bytes());
            push_proof(&mut reply, proof);
            reply.extend_from_slice(&page.first_id.to_le_bytes());
            send(&reply);
        }
        Err(error) => send(&encode(Err::<Page, _>(error))),
    }
}

/// Heads of keys.
pub fn heads(result: Result<Heads, LookupError>, send: impl FnOnce(&[u8])) {
    match result {
        Ok(Heads { heads, first_id, proof }) => {
            let mut reply = begin(proof.as_ref(), &HEADS, &PROVED_HEADS, heads.len() * MAX_HEAD_BYTES);
            // In the order of their labels: heads, proof, first_id.
            push_length(&mut reply, heads.len());
            for head in heads {
                match head {
                    None => reply.push(0),
                    Some(head) => {
                        // In the order of their labels.
                        reply.push(1);
                        reply.extend_from_slice(&head.full_since.to_le_bytes());
                        reply.extend_from_slice(&head.count.to_le_bytes());
                        reply.extend_from_slice(&head.rank.to_le_bytes());
                        reply.extend_from_slice(&head.min_id.to_le_bytes());
                        push_bound(&mut reply, head.quota.messages, u32::to_le_bytes);
                        push_bound(&mut reply, head.quota.bytes, u64::to_le_bytes);
                        reply.extend_from_slice(&head.bytes.to_le_bytes());
                        reply.extend_from_slice(&head.max_id.to_le_bytes());
                        reply.extend_from_slice(&head.acknowledged_id.to_le_bytes());
                    }
                }
            }
            push_proof(&mut reply, proof.as_ref());
            reply.extend_from_slice(&first_id.to_le_bytes());
            send(&reply);
        }
        Err(error) => send(&encode(Err::<Heads, _>(error))),
    }
}

/// Appends a bound of a quota.
fn push_bound<T, const N: usize>(reply: &mut Vec<u8>, bound: Bound<T>, to_bytes: impl FnOnce(T) -> [u8; N]) {
    match bound {
        Bound::AtMost(limit) => {
            reply.push(AT_MOST);
            reply.extend_from_slice(&to_bytes(limit));
        }
        Bound::Unlimited => reply.push(UNLIMITED),
    }
}

/// Begins the reply `Ok`, with room for `bytes` of its content and for the proof.
fn begin(proof: Option<&Proof>, without: &Header, proved: &Header, bytes: usize) -> Vec<u8> {
    let (header, proof_bytes) = match proof {
        None => (without, 0),
        Some(proof) => (proved, proof.certificate.len() + proof.bytes.len()),
    };
    let mut reply = Vec::with_capacity(FRAME + bytes + proof_bytes);
    reply.extend_from_slice(header.as_bytes());
    reply.push(ONLY);
    reply
}

/// Appends a proof, if the header declares one.
fn push_proof(reply: &mut Vec<u8>, proof: Option<&Proof>) {
    if let Some(proof) = proof {
        reply.push(1);
        // In the order of their labels.
        for part in [&proof.certificate, &proof.bytes] {
            push_length(reply, part.len());
            reply.extend_from_slice(part);
        }
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

/// A reply on the stack. Its header is built at compile time.
struct Short {
    bytes: [u8; Self::CAPACITY],
    len: usize,
}

impl Short {
    const CAPACITY: usize = 60;

    const OF_ADDED: Self = Self::new(&ADDED, 1);
    const OF_NONE_ACKNOWLEDGED: Self = Self::new(&NONE_ACKNOWLEDGED, 1);
    const OF_NOT_FOUND: Self = Self::new(&refused("NotFound"), 2);
    const OF_CIPHERTEXT_EMPTY: Self = Self::new(&refused("CiphertextEmpty"), 2);
    const OF_NOT_ALLOWED: Self = Self::new(&refused("NotAllowed"), 2);
    const OF_SEALED: Self = Self::new(&refused("Sealed"), 2);
    const OF_KEY_FULL: Self = Self::new(&refused_by("KeyFull", "since"), 2);
    const OF_STORE_FULL: Self = Self::new(&refused_by("StoreFull", "retry_after"), 2);
    const OF_KEYS_FULL: Self = Self::new(&refused_by("KeysFull", "max"), 2);
    const OF_BUDGET: Self = Self::new(&limited("budget"), 3);
    const OF_RATE: Self = Self::new(&limited("rate"), 3);
    const OF_LOW_CYCLES: Self = Self::new(&LOW_CYCLES, 3);
    const OF_KEY_ID_LENGTH: Self = Self::new(&KEY_ID_LENGTH, 2);
    const OF_CIPHERTEXT_TOO_LARGE: Self = Self::new(&CIPHERTEXT_TOO_LARGE, 2);

    /// A header, followed by the index of the only case ([`ONLY`]) of each of `variants` nested variants.
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

    fn limited(limited: Limited) -> Self {
        match limited {
            Limited::budget { retry_after } => Self::OF_BUDGET.put(retry_after.to_le_bytes()),
            Limited::rate { retry_after } => Self::OF_RATE.put(retry_after.to_le_bytes()),
            Limited::low_cycles => Self::OF_LOW_CYCLES,
        }
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
