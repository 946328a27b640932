//! The known acknowledgements of each owned key.
//!
//! An owner acknowledges messages one after the other, and only messages that it has seen. So the model knows every message
//! that may be acknowledged.

use std::collections::BTreeSet;

use message_canister::api::Id;

use super::Model;
use crate::violation::{Verdict, ensure};

/// The acknowledgements of a key.
#[derive(Default)]
pub struct Acknowledgements {
    /// The ids through which acknowledgements were sent, with any outcome.
    asked: BTreeSet<Id>,
    /// Everything through this id is known to be acknowledged.
    done: Id,
}

impl Model {
    /// Notes an acknowledgement before it is sent. Returns the id through which the key is already acknowledged.
    pub fn begin_acknowledging(&mut self, key: u16, through: Id) -> Id {
        self.acknowledgements.entry(key).or_default().asked.insert(through);
        self.acknowledged(key)
    }

    /// Notes the answer to an acknowledgement: how many messages it acknowledged. Before, the key was acknowledged through
    /// `before`. `was_cut`: an earlier envelope may have been executed.
    ///
    /// # Errors
    ///
    /// If this answer is impossible.
    pub fn confirm_acknowledged(
        &mut self,
        key: u16,
        (before, through): (Id, Id),
        messages: u32,
        was_cut: bool,
    ) -> Verdict<()> {
        let fresh = self.keys.get(&key).map_or(0, |ids| ids.iter().filter(|&&id| id > before && id <= through).count());
        ensure(messages as usize == fresh || (was_cut && messages == 0), || {
            format!("{messages} messages of key {key} were acknowledged from {before} through {through}, not {fresh}")
        })?;
        let acknowledgements = self.acknowledgements.entry(key).or_default();
        acknowledgements.done = acknowledgements.done.max(through);
        Ok(())
    }

    /// Notes that the store, while nobody uses it, shows a key as acknowledged through this id; 0: nothing is acknowledged.
    ///
    /// # Errors
    ///
    /// If an acknowledgement that was confirmed or seen is lost, or nobody sent this one.
    pub fn acknowledged_shown(&mut self, key: u16, through: Id) -> Verdict<()> {
        let done = self.acknowledged(key);
        let acknowledgements = self.acknowledgements.entry(key).or_default();
        ensure(through == done || (through > done && acknowledgements.asked.contains(&through)), || {
            format!("key {key} is acknowledged through {through}, but it was through {done}")
        })?;
        acknowledgements.done = through;
        Ok(())
    }

    /// The id through which a key is known to be acknowledged; 0: nothing is.
    pub fn acknowledged(&self, key: u16) -> Id {
        self.acknowledgements.get(&key).map_or(0, |acknowledgements| acknowledgements.done)
    }

    /// Whether an acknowledgement of a key through exactly this id was sent.
    pub fn was_asked(&self, key: u16, through: Id) -> bool {
        self.acknowledgements.get(&key).is_some_and(|acknowledgements| acknowledgements.asked.contains(&through))
    }

    /// Whether a message is known to be acknowledged.
    pub fn is_acknowledged(&self, id: Id) -> bool {
        self.ids.get(&id).is_some_and(|&place| id <= self.acknowledged(self.sent[place].draft.key))
    }

    /// Whether a message may be acknowledged by now.
    pub fn may_be_acknowledged(&self, id: Id) -> bool {
        self.ids.get(&id).is_some_and(|&place| id <= self.last_asked(self.sent[place].draft.key))
    }

    fn last_asked(&self, key: u16) -> Id {
        let asked = self.acknowledgements.get(&key).and_then(|acknowledgements| acknowledgements.asked.last());
        asked.copied().unwrap_or_default()
    }

    /// Minimum number of live messages of a key when the message with this id was stored.
    pub fn live_at_least(&self, key: u16, id: Id) -> usize {
        let asked = self.last_asked(key);
        self.keys.get(&key).map_or(0, |ids| ids.iter().filter(|&&other| other > asked && other <= id).count())
    }

    /// Maximum number of live messages of a key at any time after everything through `acknowledged` was acknowledged.
    pub fn live_at_most(&self, key: u16, acknowledged: Id) -> usize {
        let counts = |sent: &&super::Sent| {
            sent.draft.key == key && sent.sendings > 0 && sent.id.is_none_or(|id| id > acknowledged)
        };
        self.sent.iter().filter(counts).count()
    }
}
