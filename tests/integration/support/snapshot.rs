//! Checks that a call changed nothing.

use message_canister::api::Status;

use super::client::Inbox;

/// The state of a canister at one moment: its stable memory and what follows from its heap.
pub struct Snapshot {
    stable: Vec<u8>,
    status: Status,
}

impl Snapshot {
    pub fn of(inbox: &Inbox) -> Self {
        Self { stable: inbox.platform.stable_memory(inbox.id), status: inbox.get_status() }
    }

    /// # Panics
    /// Where anything is not as it was, or the indexes on the heap do not fit the records any more.
    pub fn assert_same(&self, inbox: &Inbox, after: &str) {
        assert_eq!(inbox.get_status(), self.status, "the status after {after}");
        let stable = inbox.platform.stable_memory(inbox.id);
        assert_eq!(stable.len(), self.stable.len(), "the size of stable memory after {after}");
        if stable != self.stable {
            let changed = stable.iter().zip(&self.stable).position(|(is, was)| is != was);
            panic!("stable memory has changed after {after}; the first changed byte is at {changed:?}");
        }
        inbox.assert_all_invariants();
    }
}
