//! The index on the heap: it maps labels to their numbers. It only saves cost: a label that it lacks is found through the VRF,
//! which takes twenty times as long. After an upgrade it is rebuilt in steps.

use canister_base::table::{Fingerprint, Table};
use directory_core::hash::sha256;
use directory_core::label::Label;
use directory_core::store::Store;
use directory_core::vrf::PROOF_SIZE;
use ic_stable_structures::Memory;
use siphasher::sip::SipHasher13;
use stable::header::field;

/// Label → number.
pub struct Labels {
    hasher: SipHasher13,
    table: Table,
    done: u64,
    total: u64,
    /// Whether the heap had no room for a label.
    lacks_labels: bool,
}

impl Labels {
    /// An empty index for a directory with `total` labels. Fingerprints depend on the VRF's secret key, so nobody can choose
    /// labels with equal fingerprints.
    pub fn new(secret: &[u8; 32], total: u64) -> Self {
        let seed = sha256(&[b"directory-fingerprints-v1", secret]);
        let word = |at| u64::from_le_bytes(field(&seed, at));
        let hasher = SipHasher13::new_with_keys(word(0), word(8));
        Self { hasher, table: Table::for_entries(total), done: 0, total, lacks_labels: false }
    }

    /// Number of indexed labels, and number of labels when the index was made.
    pub fn progress(&self) -> (u64, u64) {
        (self.done, self.total)
    }

    /// Whether the rebuild has labels left to index.
    pub fn is_rebuilding(&self) -> bool {
        self.done < self.total
    }

    /// Whether it has every label that was not erased.
    pub fn is_complete(&self) -> bool {
        !self.is_rebuilding() && !self.lacks_labels
    }

    /// Indexes labels while `is_within` returns true. It skips a label for which the heap has no room.
    pub fn rebuild_while<M: Memory>(&mut self, store: &Store<M>, mut is_within: impl FnMut() -> bool) {
        while self.is_rebuilding() && is_within() {
            let number = self.done as u32;
            if let Some(registration) = store.registration(number) {
                self.insert(&registration.label, number);
            }
            self.done += 1;
        }
    }

    /// Adds a label. If the heap has no room, it is left out: then only the VRF tells that a label is unknown.
    pub fn insert(&mut self, label: &Label, number: u32) {
        let fingerprint = self.fingerprint(label);
        if self.table.reserve(fingerprint).is_ok() {
            self.table.insert(fingerprint, number + 1);
        } else {
            self.lacks_labels = true;
        }
    }

    /// The number of a label and its VRF proof. The label is compared with the stored one, so an equal fingerprint does no
    /// harm.
    pub fn find<M: Memory>(&self, label: &Label, store: &Store<M>) -> Option<(u32, [u8; PROOF_SIZE])> {
        let mut vrf = None;
        let is_it = |value: u32| {
            vrf = store.registration(value - 1).filter(|found| found.label == *label).map(|found| found.vrf);
            vrf.is_some()
        };
        let value = self.table.find(self.fingerprint(label), is_it)?;
        Some((value - 1, vrf?))
    }

    fn fingerprint(&self, label: &Label) -> Fingerprint {
        Fingerprint(self.hasher.hash(&label.encode()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_left_a_label_out_is_not_complete() {
        let label = Label::Name("alice".into());
        let mut labels = Labels::new(&[7; 32], 0);
        labels.insert(&label, 0);
        assert!(labels.is_complete());

        // A shard of this table would not fit into any address space.
        labels.table = Table::for_entries(1 << 62);
        labels.insert(&label, 1);
        assert!(!labels.is_complete());
        assert!(!labels.is_rebuilding());
    }
}
