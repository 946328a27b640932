//! Acknowledgement: the owner of a key no longer needs its messages through an id. It costs the same for any number of
//! them.
//!
//! Acknowledged messages are no longer live. Their ciphertexts are overwritten afterwards (`erase`). Their records stay
//! until retention drops them, so that the same message sent again is a duplicate.

use super::MessageStore;
use super::add::{check_key_length, damaged_key, too_long};
use crate::access::Caller;
use crate::access::owner::owns;
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

impl<M: Memory + Clone> MessageStore<M> {
    /// Acknowledges each of several keys, at `now`. A key that is refused does not affect the others.
    pub fn acknowledge_all(
        &mut self,
        items: &[AcknowledgementRef<'_>],
        caller: &Caller,
        now: u32,
    ) -> Result<Vec<Result<Acknowledged, AckError>>, AcksError> {
        if items.len() > MAX_LOOKUP_ITEMS {
            return Err(acks_too_long(items.len()));
        }
        Ok(items.iter().map(|item| self.acknowledge(item.key_id, item.through, caller, now)).collect())
    }

    /// Acknowledges all messages of a key through an id, at `now`. The caller must own the key.
    pub fn acknowledge(
        &mut self,
        key_id: &[u8],
        through: Id,
        caller: &Caller,
        now: u32,
    ) -> Result<Acknowledged, AckError> {
        check_key_length(key_id.len()).map_err(AckError::KeyIdLength)?;
        let found = self.find_for_change(key_id).ok_or(AckError::NotOwner)?;
        let (place, mut key) = found.key.clone().ok_or(AckError::NotOwner)?;
        if !owns(key_id, key.rights.owner, caller.principal()) {
            return Err(AckError::NotOwner);
        }
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
        let last = self.newest_through(key.head.last_id, through);
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

    /// The newest message of a key that is not above `through`. Precondition: such a message is stored.
    fn newest_through(&self, newest: Id, through: Id) -> Id {
        if newest <= through {
            return newest;
        }
        self.inbox.prev_of(self.oldest_from(newest, |id| id > through))
    }
}

/// The error of an acknowledgement of too many keys.
pub fn acks_too_long(length: usize) -> AcksError {
    AcksError::BatchTooLong(too_long(length, MAX_LOOKUP_ITEMS))
}
