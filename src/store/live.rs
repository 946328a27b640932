//! The live messages of a key: the oldest, their number and their bytes.

use super::MessageStore;
use super::keys::Key;
use crate::api::Id;
use ic_stable_structures::Memory;

/// Number of links that are followed from the oldest message of the last look-up. After that, jumps are used.
const STEPS_FORWARD: u32 = 4;

/// The live messages of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// The oldest, 0: none.
    pub min_id: Id,
    /// The newest, 0: none.
    pub max_id: Id,
    /// Number of live messages.
    pub count: u32,
    /// Bytes of their ciphertexts.
    pub bytes: u64,
}

impl<M: Memory + Clone> MessageStore<M> {
    /// The oldest message of a key from `floor` on; 0: none. `floor` must be neither dropped nor acknowledged.
    pub(super) fn oldest_live(&self, key: &Key, floor: Id) -> Id {
        let newest = key.head.last_id;
        if newest < floor {
            return 0;
        }
        // Messages leave only at the old end. So the oldest message of the last look-up is still the oldest, or stands
        // shortly before it.
        let mut oldest = key.oldest_id;
        if oldest >= self.inbox.reclaimed_id() {
            for _ in 0..STEPS_FORWARD {
                if oldest >= floor {
                    return oldest.min(newest);
                }
                let next = self.inbox.next_of(oldest);
                if next <= oldest || next > newest {
                    break;
                }
                oldest = next;
            }
        }
        self.oldest_from(newest, |id| id >= floor)
    }

    /// The live messages of a key whose oldest is `oldest`, as [`Self::oldest_live`] returns it.
    pub(super) fn live_from(&self, key: &Key, oldest: Id) -> Live {
        if oldest == 0 {
            return Live::default();
        }
        let (rank, bytes) = self.links.rank_and_bytes(oldest);
        let before = bytes.saturating_sub(self.inbox.record(oldest).ciphertext_len() as u64);
        Live {
            min_id: oldest,
            max_id: key.head.last_id,
            count: key.head.rank.saturating_sub(rank).saturating_add(1),
            bytes: key.bytes.saturating_sub(before),
        }
    }
}
