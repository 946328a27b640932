//! Acknowledgement: the owner of a key no longer needs its messages up to and including an id. It costs the same for any
//! number of them.
//!
//! Acknowledged messages are no longer live. Their ciphertexts are overwritten afterwards (`erase`). Their records stay
//! until retention drops them, so that the same message sent again is a duplicate.

use super::MessageStore;
use super::add::{Found, check_key_length, damaged_key, too_long};
use super::keys::Key;
use crate::access::Caller;
use crate::access::owner::may_own;
use crate::api::{AckError, Acknowledged, Acknowledgement, AcksError, Id};
use crate::limits::MAX_LOOKUP_ITEMS;
use ic_stable_structures::Memory;

/// One key of an acknowledgement, borrowed from the call's argument.
#[derive(Clone, Copy, Debug)]
pub struct AcknowledgementRef<'a> {
    /// The key id.
    pub key_id: &'a [u8],
    /// The last message to acknowledge.
    pub through: Id,
}

impl<'a> From<&'a Acknowledgement> for AcknowledgementRef<'a> {
    fn from(item: &'a Acknowledgement) -> Self {
        Self { key_id: &item.key_id, through: item.through }
    }
}

/// The first of several keys that the caller owns.
pub struct Owned {
    /// Its number among them, from 0 on.
    at: usize,
    found: Found,
}

impl<M: Memory + Clone> MessageStore<M> {
    /// The first of several keys that is there and that the caller owns.
    pub fn first_owned<'a>(&self, key_ids: impl Iterator<Item = &'a [u8]>, caller: &Caller) -> Option<Owned> {
        let principal = caller.principal();
        key_ids.enumerate().find_map(|(at, key_id)| {
            let found = if may_own(key_id, principal) { self.find_owned(key_id, principal) } else { None };
            found.map(|found| Owned { at, found })
        })
    }

    /// Acknowledges each of several keys, at `now`. A key that is refused does not affect the others. `owned`: the first of
    /// them that the caller owns, from [`Self::first_owned`].
    pub fn acknowledge_all(
        &mut self,
        items: &[AcknowledgementRef<'_>],
        owned: Option<Owned>,
        caller: &Caller,
        now: u32,
    ) -> Result<Vec<Result<Acknowledged, AckError>>, AcksError> {
        if items.len() > MAX_LOOKUP_ITEMS {
            return Err(acks_too_long(items.len()));
        }
        let (before, mut first) = match owned {
            Some(Owned { at, found }) => (at, Some(found)),
            None => (items.len(), None),
        };
        let acknowledge = |(at, item): (usize, &AcknowledgementRef<'_>)| {
            check_key_length(item.key_id.len()).map_err(AckError::KeyIdLength)?;
            if at < before {
                return Err(AckError::NotOwner);
            }
            // Keys before the first owned one were not changed, so the earlier look-up is still valid.
            let found = first.take().or_else(|| self.look_up(item.key_id, caller)).ok_or(AckError::NotOwner)?;
            if !found.is_owned_by(item.key_id, caller.principal()) {
                return Err(AckError::NotOwner);
            }
            self.acknowledge(found, item.through, now)
        };
        Ok(items.iter().enumerate().map(acknowledge).collect())
    }

    /// Acknowledges everything of a key through a message, at `now`. The caller must own the key.
    fn acknowledge(&mut self, found: Found, through: Id, now: u32) -> Result<Acknowledged, AckError> {
        let (place, mut key) = found.key().cloned().ok_or(AckError::NotOwner)?;
        self.sound(place, &key).map_err(|damaged| AckError::Other(damaged_key(damaged)))?;
        if through > key.head.last_id {
            return Err(AckError::NotStored { through, max_id: key.head.last_id });
        }
        if through < key.head.acknowledged_id {
            return Err(AckError::NotNewer { acknowledged_id: key.head.acknowledged_id });
        }
        let floor = self.first_unexpired(|| now).max(key.head.acknowledged_id.saturating_add(1));
        let oldest = self.oldest_live(&key, floor);
        if oldest == 0 || through < oldest {
            return Ok(Acknowledged { messages: 0 });
        }
        let last = self.newest_through(&key, oldest, through);
        let (first_rank, _) = self.links.rank_and_bytes(oldest);
        let (rank, bytes) = self.links.rank_and_bytes(last);
        let waited = key.waits_for_erasure();
        (key.head.acknowledged_id, key.head.acknowledged_rank) = (last, rank);
        key.acknowledged_bytes = bytes;
        key.oldest_id = self.inbox.next_of(last);
        key.full_since = 0;
        self.write_key(&found, &key).map_err(|damaged| AckError::Other(damaged_key(damaged)))?;
        if !waited {
            self.push_to_erase(place);
        }
        Ok(Acknowledged { messages: rank.saturating_sub(first_rank).saturating_add(1) })
    }

    /// The newest message of a key that is not above `through`. Precondition: `oldest` is stored and not above
    /// `through`.
    fn newest_through(&self, key: &Key, oldest: Id, through: Id) -> Id {
        let newest = key.head.last_id;
        if newest <= through {
            return newest;
        }
        // Clients name a message of the key, so that no walk is needed, however many messages the key has.
        if oldest == through || self.has_key(&self.inbox.record(through), key.id()) {
            return through;
        }
        self.inbox.prev_of(self.oldest_from(newest, |id| id > through))
    }
}

/// The error of an acknowledgement of too many keys.
pub fn acks_too_long(length: usize) -> AcksError {
    AcksError::BatchTooLong(too_long(length, MAX_LOOKUP_ITEMS))
}
