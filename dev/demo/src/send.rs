//! Adding: one by one, in batches, and everything once more.

use message_canister::api::{AddError, Added, BatchError, Limits, NewMessage};
use sealing::Key;

use crate::error::{Error, ensure};
use crate::inbox::Inbox;
use crate::parcel::Parcel;
use crate::progress::Progress;

/// What candid and the signed envelope add to a batch, generously: the platform takes 2 MiB in all.
const BATCH_BYTES: usize = (2 << 20) - 16_384;
/// The same for one message.
const MESSAGE_OVERHEAD: usize = 32;

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
        let NewMessage { key_id, ciphertext } = parcel.message(keys);
        let added = inbox.update::<_, Added, AddError>(expect.kinds().0, "add_message", 1, (key_id, ciphertext))?;
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
    let mut batches = 0;
    while !parcels.is_empty() {
        let (batch, rest) = parcels.split_at_mut(batch_length(parcels, keys, limits));
        inbox.wait_a_second();
        let messages: Vec<_> = batch.iter().map(|parcel| parcel.message(keys)).collect();
        let kind = expect.kinds().1;
        let results = inbox.update::<_, Vec<Result<Added, AddError>>, BatchError>(
            kind,
            "add_messages",
            messages.len(),
            (messages,),
        )?;
        ensure(results.len() == batch.len(), || {
            format!("a batch of {} was answered with {} results", batch.len(), results.len())
        })?;
        for (parcel, result) in batch.iter_mut().zip(results) {
            let added =
                result.map_err(|error| Error::Refused { method: "add_messages", answer: format!("{error:?}") })?;
            note(parcel, added, expect)?;
        }
        batches += 1;
        progress.advance(batch.len());
        parcels = rest;
    }
    Ok(batches)
}

/// How many of these go into one batch, at least 1.
fn batch_length(parcels: &[Parcel], keys: &[Key], limits: &Limits) -> usize {
    let mut bytes = 0;
    let fitting = parcels.iter().take(limits.batch_messages as usize).take_while(|parcel| {
        bytes += MESSAGE_OVERHEAD + keys[parcel.key].id().len() + parcel.ciphertext.len();
        bytes <= BATCH_BYTES
    });
    fitting.count().max(1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_to_both_limits_and_always_go_on() {
        let keys = [crate::part::new_key(&[1]).unwrap()];
        let parcel = |length| Parcel { key: 0, file: 0, ciphertext: vec![0; length], hash: [0; 32], id: 0 };
        let limits = |batch_messages| Limits {
            key_id_bytes: 64,
            ciphertext_bytes: 2_000_000,
            batch_messages,
            lookup_items: 1,
            page_messages: 1,
            page_bytes: 1,
            last_id: 1,
            index_entries: 1,
            payload_stream_bytes: 1,
            stable_bytes: 1,
            rebuild_pages: 1,
            skipped_links: 1,
        };
        let small: Vec<_> = (0..50).map(|_| parcel(10)).collect();
        assert_eq!(batch_length(&small, &keys, &limits(1_000)), 50);
        assert_eq!(batch_length(&small, &keys, &limits(7)), 7);
        let large: Vec<_> = (0..5).map(|_| parcel(1_000_000)).collect();
        assert_eq!(batch_length(&large, &keys, &limits(1_000)), 2);
        let largest: Vec<_> = (0..5).map(|_| parcel(2_000_000)).collect();
        assert_eq!(batch_length(&largest, &keys, &limits(1_000)), 1);
    }
}
