//! The measured cases.

use std::fmt::Debug;

use client::request::{self, Request};
use message_canister::api::{
    AddError, Added, BatchError, Cursor, Found, GetError, Id, NewMessage, Order, Page, PageError,
};

use crate::draft::{Draft, SHARED_KEYS, key_id};

/// Length of a ciphertext in bytes, as in `docs/performance.md`.
pub const CIPHERTEXT_BYTES: usize = 180;
/// Messages in a batch, and messages stored before queries are measured.
pub const BATCH: u64 = 1_000;
/// Messages in a page.
const PAGE: u32 = 100;

/// A kind of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `add_message`.
    Add,
    /// `add_messages` of 1,000.
    AddBatch,
    /// `get_message_by_id`.
    GetById,
    /// `get_messages_by_range` of 100.
    GetPage,
}

/// A kind of calls, and the number of clients that make them.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// The kind.
    pub kind: Kind,
    /// Number of clients at once.
    pub clients: usize,
    /// Number of calls of all clients together.
    pub calls: usize,
}

const fn case(name: &'static str, kind: Kind, clients: usize, calls: usize) -> Case {
    Case { name, kind, clients, calls }
}

/// All cases.
pub const CASES: [Case; 8] = [
    case("single adds, 1 client", Kind::Add, 1, 200),
    case("single adds, 8 clients", Kind::Add, 8, 800),
    case("single adds, 32 clients", Kind::Add, 32, 1_600),
    case("batches of 1,000, 1 client", Kind::AddBatch, 1, 30),
    case("get_message_by_id, 1 client", Kind::GetById, 1, 600),
    case("get_message_by_id, 8 clients", Kind::GetById, 8, 2_400),
    case("pages of 100, 1 client", Kind::GetPage, 1, 400),
    case("pages of 100, 8 clients", Kind::GetPage, 8, 1_600),
];

impl Kind {
    /// Whether the call is an update.
    pub fn is_update(self) -> bool {
        matches!(self, Self::Add | Self::AddBatch)
    }

    /// The method.
    pub fn method(self) -> &'static str {
        match self {
            Self::Add => "add_message",
            Self::AddBatch => "add_messages",
            Self::GetById => "get_message_by_id",
            Self::GetPage => "get_messages_by_range",
        }
    }

    /// The argument of the call with this number.
    pub fn argument(self, number: u64) -> Vec<u8> {
        match self {
            Self::Add => add(number).arg,
            Self::AddBatch => batch(number).arg,
            Self::GetById => get(number).arg,
            Self::GetPage => page(number).arg,
        }
    }

    /// Checks the reply to the call with this number.
    ///
    /// # Errors
    ///
    /// If the reply is not the expected one.
    pub fn check(self, number: u64, reply: &[u8]) -> Result<(), String> {
        let done = match self {
            Self::Add => decoded(&add(number), reply).map(|added| !added.duplicate),
            Self::AddBatch => decoded(&batch(number), reply).map(|added| {
                added.len() as u64 == BATCH && added.iter().all(|one| one.as_ref().is_ok_and(|one| !one.duplicate))
            }),
            Self::GetById => decoded(&get(number), reply).map(|found| found.message.id == id_of(number)),
            Self::GetPage => decoded(&page(number), reply).map(|page| page.messages.len() == PAGE as usize),
        }?;
        if done { Ok(()) } else { Err(format!("{} {number} did not succeed", self.method())) }
    }

    /// Number of messages stored after this many calls.
    pub fn stored(self, calls: u64) -> u64 {
        match self {
            Self::Add => calls,
            Self::AddBatch => calls * BATCH,
            // The messages that were stored before.
            Self::GetById | Self::GetPage => BATCH,
        }
    }
}

/// The reply to a call.
fn decoded<T, E: Debug>(request: &Request<T, E>, reply: &[u8]) -> Result<T, String> {
    request.decode(reply).map_err(|error| format!("{} has another reply: {error}", request.method))
}

/// The add with this number.
pub fn add(number: u64) -> Request<Added, AddError> {
    let message = message(number);
    request::add_message(&message.key_id, &message.ciphertext)
}

/// The batch with this number.
pub fn batch(number: u64) -> Request<Vec<Result<Added, AddError>>, BatchError> {
    let messages: Vec<NewMessage> = (0..BATCH).map(|at| message(number * BATCH + at)).collect();
    request::add_messages(&messages)
}

fn get(number: u64) -> Request<Found, GetError> {
    request::get_message_by_id(id_of(number), false)
}

fn page(number: u64) -> Request<Page, PageError> {
    let first = (number % (BATCH - u64::from(PAGE))) as Id + 1;
    let cursor = Cursor { after: 0, order: Order::ascending, limit: PAGE };
    request::get_messages_by_range(first, first + PAGE - 1, cursor)
}

/// The id that the get with this number asks for.
fn id_of(number: u64) -> Id {
    (number % BATCH) as Id + 1
}

fn message(number: u64) -> NewMessage {
    let key = (number % u64::from(SHARED_KEYS)) as u16;
    let ciphertext = Draft { key, number, length: CIPHERTEXT_BYTES }.ciphertext();
    NewMessage { key_id: key_id(key), ciphertext: ciphertext.into(), send_key: None }
}

#[cfg(test)]
mod tests {
    use candid::encode_args;
    use serde_bytes::ByteBuf;

    use super::*;
    use message_canister::api::Message;

    /// A rejection comes with the status 200 too, and so does an answer that says no.
    #[test]
    fn a_reply_that_did_nothing_is_no_measurement() {
        let encoded = |result: Result<Added, AddError>| encode_args((result,)).expect("it can be encoded");
        let added = |duplicate| encoded(Ok(Added { id: 1, duplicate }));
        assert_eq!(Kind::Add.check(0, &added(false)), Ok(()));
        assert!(Kind::Add.check(0, &added(true)).is_err());
        assert!(Kind::Add.check(0, &encoded(Err(AddError::StorageFull))).is_err());
        assert!(Kind::AddBatch.check(0, &added(false)).is_err());

        let empty = ByteBuf::new;
        let message = Message {
            id: 8,
            timestamp: 0,
            key_id: empty(),
            next_id: 0,
            prev_id: 0,
            hash: empty(),
            ciphertext: empty(),
        };
        let found = Found { message: message.clone(), first_id: 1, proof: None };
        let shown = encode_args((Ok::<_, GetError>(found),)).expect("it can be encoded");
        assert_eq!(Kind::GetById.check(7, &shown), Ok(()));
        assert!(Kind::GetById.check(8, &shown).is_err());
        let page = Page { messages: vec![message], next: 0, first_id: 1, gap: false, proof: None };
        let page = encode_args((Ok::<_, PageError>(page),)).expect("it can be encoded");
        assert!(Kind::GetPage.check(0, &page).is_err());
        assert!(Kind::GetPage.check(0, b"no candid").is_err());
    }
}
