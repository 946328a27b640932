//! Walks along a key's list by jumps: every message is a few dozen links from every newer one.

use super::MessageStore;
use crate::api::Id;
use ic_stable_structures::Memory;
use proofs::chain::Fields;
use proofs::hash::Hash;
use proofs::page::{Step, Taken};

/// The steps that a walk has room for at first: more than it takes among a million messages.
const USUAL_STEPS: usize = 64;

impl<M: Memory + Clone> MessageStore<M> {
    /// The oldest message for which `belongs` is true, found from `newest` back along its key's list.
    ///
    /// Preconditions: `belongs` is true for `newest`. If it is true for a message, it is true for every newer one of the
    /// key. All these messages are stored. A damaged link ends the walk.
    pub(super) fn oldest_from(&self, newest: Id, belongs: impl Fn(Id) -> bool) -> Id {
        let mut at = newest;
        loop {
            let jump = self.links.jump(at).id;
            if jump != 0 && jump < at && belongs(jump) {
                at = jump;
                continue;
            }
            let prev = self.inbox.prev_of(at);
            if prev == 0 || prev >= at || prev == jump || !belongs(prev) {
                return at;
            }
            at = prev;
        }
    }

    /// The steps of a proof from `newest` down to `target`, which is not among them.
    ///
    /// Precondition: `target` is a stored message of the same key, not newer than `newest`.
    pub(super) fn steps_to(&self, newest: Id, target: Id) -> Vec<Step> {
        let mut steps = Vec::with_capacity(USUAL_STEPS);
        let mut at = newest;
        while at > target {
            let link = self.links.get(at);
            let fields = self.fields(at, link.rank);
            let (taken, other, next) = if link.jump.id >= target && link.jump.id != fields.prev_id && link.jump.id < at
            {
                (Taken::Jump, link.chains.prev, link.jump.id)
            } else {
                (Taken::Previous, link.chains.jump, fields.prev_id)
            };
            steps.push(Step { taken, other, fields });
            if next >= at {
                break;
            }
            at = next;
        }
        steps
    }

    /// The fields of a stored message that its chain value commits to, without its links. `rank` is its rank.
    pub(super) fn fields(&self, id: Id, rank: u32) -> Fields {
        let record = self.inbox.record(id);
        Fields {
            hash: *record.hash(),
            id: record.id(),
            prev_id: record.prev_id(),
            timestamp: record.timestamp(),
            len: record.ciphertext_len() as u32,
            rank,
        }
    }

    /// The chain value of a stored message.
    pub(super) fn chain_of(&self, id: Id) -> Hash {
        let link = self.links.get(id);
        self.fields(id, link.rank).chain(&link.chains)
    }
}
