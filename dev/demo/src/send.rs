//! Adding: one by one, in batches, and everything once more.

use client::{batches, request};
use message_canister::api::{Added, Limits};
use sealing::Key;

use crate::error::{Error, ensure};
use crate::inbox::Inbox;
use crate::parcel::Parcel;
use crate::progress::Progress;

/// Whether the messages are to be new, or to be there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Each gets the next id.
    New,
    /// Each is answered with the id it has.
    Duplicate,
}

impl Expect {
    /// The kinds of call that the account tells apart: a single add, and a batch.
    fn kinds(self) -> (&'static str, &'static str) {
        match self {
            Expect::New => ("add_message", "add_messages"),
            Expect::Duplicate => ("add_message, duplicate", "add_messages, duplicates"),
        }
    }
}

/// Adds each message with a call of its own, a second after the other.
pub fn one_by_one(inbox: &mut Inbox, parcels: &mut [Parcel], keys: &[Key], expect: Expect) -> Result<(), Error> {
    let mut progress = Progress::new("adding one by one", parcels.len());
    for parcel in parcels {
        inbox.wait_a_second();
        let add = request::add_message(keys[parcel.key].id(), &parcel.ciphertext);
        let added = inbox.update(expect.kinds().0, 1, add)?;
        note(parcel, added, expect)?;
        progress.advance(1);
    }
    Ok(())
}

/// Adds the messages in batches as large as the canister and the platform allow, and says how many it took.
pub fn in_batches(
    inbox: &mut Inbox,
    mut parcels: &mut [Parcel],
    keys: &[Key],
    limits: &Limits,
    expect: Expect,
) -> Result<usize, Error> {
    let mut progress = Progress::new("adding in batches", parcels.len());
    let messages: Vec<_> = parcels.iter().map(|parcel| parcel.message(keys)).collect();
    let mut count = 0;
    for messages in batches(&messages, limits) {
        let (batch, rest) = parcels.split_at_mut(messages.len());
        inbox.wait_a_second();
        let results = inbox.update(expect.kinds().1, messages.len(), request::add_messages(messages))?;
        ensure(results.len() == batch.len(), || {
            format!("a batch of {} was answered with {} results", batch.len(), results.len())
        })?;
        for (parcel, result) in batch.iter_mut().zip(results) {
            let added = result.map_err(|error| Error::Call { method: "add_messages", reason: format!("{error:?}") })?;
            note(parcel, added, expect)?;
        }
        count += 1;
        progress.advance(batch.len());
        parcels = rest;
    }
    Ok(count)
}

fn note(parcel: &mut Parcel, added: Added, expect: Expect) -> Result<(), Error> {
    let known = match expect {
        Expect::New => !added.duplicate && parcel.id == 0 && added.id != 0,
        Expect::Duplicate => added.duplicate && parcel.id == added.id,
    };
    ensure(known, || format!("the message with id {} was answered with {added:?}", parcel.id))?;
    parcel.id = added.id;
    Ok(())
}
