//! The changes of a directory: updates, the close of an epoch, ratification, erasure.

use super::records::{
    LabelRecord, MAX_PROFILE, MAX_REGISTRATION, Registration, UpdateRecord, encode_opened, encode_registration, shorten,
};
use super::{OutOfMemory, Store};
use crate::entry;
use crate::hash::Hash;
use crate::head::Head;
use crate::log::{self, Log, stored_hashes};
use crate::map::{View, leaf_value};
use crate::proof::Opened;
use crate::signatures::{MAX_SIGNATURES, Signatures};
use crate::update::{LoggedUpdate, Update};
use ic_stable_structures::Memory;

/// Maximum size of an update in the public stream, in bytes.
const MAX_PUBLIC: u64 = (entry::MAX_SIZE + 2 * (1 + MAX_SIGNATURES * Signatures::ONE)) as u64;

/// An update that the rules accept.
#[derive(Debug, Clone, Copy)]
pub struct Accepted<'a> {
    /// The update.
    pub update: &'a Update,
    /// When it was accepted, in nanoseconds since 1970. No earlier update has a later time.
    pub time: u64,
    /// The profile that its entry commits to, unless it closes the label.
    pub opened: Option<&'a Opened>,
    /// The registration. Only version 0 has one.
    pub registration: Option<&'a Registration>,
}

impl<M: Memory> Store<M> {
    /// The memories, and the bytes that they need for one more update, the close of an epoch and one more bundle. The canister
    /// asks the platform for all of it first, because its memory manager cannot report that a memory failed to grow.
    pub fn room(&self) -> [(&M, u64); 9] {
        let [nodes, leaves] = self.tree.nodes().room();
        [
            nodes,
            leaves,
            self.labels.room(1),
            self.updates.room(1),
            self.public.room(MAX_PUBLIC),
            self.private.room(MAX_PROFILE + MAX_REGISTRATION),
            self.heads.room(1),
            self.log.hashes().room(stored_hashes(self.log.size() + 1) - stored_hashes(self.log.size())),
            self.slots.room(1),
        ]
    }

    /// Stores an update and returns its position. It enters the tree when the epoch closes.
    pub fn accept(&mut self, accepted: &Accepted<'_>) -> Result<u64, OutOfMemory> {
        Self::grow(&self.room())?;
        let Accepted { update, time, opened, registration } = *accepted;
        let position = self.updates.len();
        let logged = LoggedUpdate { position, time, update: update.clone() };
        let index = update.entry.index;
        let known = self.find(&index);
        let public = self.public.append(&shorten(update));
        let private = self.private.append(&encode_opened(opened));
        let previous = known.map(|label| self.label(label).newest);
        let label = match (known, registration) {
            (None, Some(registration)) => {
                let registration = self.private.append(&encode_registration(registration));
                self.labels.push(&LabelRecord { newest: position, registration, slot: None }.encode());
                self.tree.add(&index)
            }
            (Some(label), None) => {
                let record = LabelRecord { newest: position, ..self.label(label) };
                self.labels.set(label.into(), &record.encode());
                label
            }
            _ => panic!("a registration comes with version 0 and with it alone"),
        };
        self.new.insert(index, label);
        let (leaf, entry) = (log::leaf_hash(&logged.encode()), update.entry.hash());
        self.updates.push(&UpdateRecord { leaf, entry, time, public, private, previous, label }.encode());
        Ok(position)
    }

    /// Closes the epoch: hashes the changes and appends a head.
    pub fn close_epoch(&mut self, time: u64, configuration: Hash) -> Result<Head, OutOfMemory> {
        Self::grow(&self.room())?;
        let first_update = self.closed(self.heads.len());
        for position in first_update..self.updates.len() {
            let UpdateRecord { label, time, entry, .. } = self.update(position);
            self.tree.put(label, &leaf_value(position, time, &entry));
        }
        self.new.clear();
        self.tree.seal();
        let updates = self.epoch_log(first_update, self.updates.len());
        let head = Head {
            epoch: self.heads.len(),
            time,
            map_root: self.tree.root(View::Newest),
            updates_root: updates.root(updates.size()),
            first_update,
            updates: u32::try_from(updates.size()).expect("an epoch closes after 10,000 updates"),
            labels: self.labels.len(),
            configuration,
        };
        let bytes = head.encode();
        self.log.append(&bytes);
        self.root = self.log.root(self.log.size());
        self.heads.push(&bytes.try_into().expect("a head has one size"));
        Ok(head)
    }

    /// Makes the newest head the ratified one.
    pub fn ratify(&mut self) {
        self.tree.ratify();
    }

    /// Erases the profile and the opening of an update's entry. Entry and leaf stay provable.
    pub fn erase_profile(&mut self, position: u64) {
        let from = self.update(position).private;
        let size = encode_opened(self.opened(position).as_ref()).len() as u64;
        self.private.erase(from, from + size);
    }

    /// Erases a label, its VRF proof and its address proof.
    pub fn erase_registration(&mut self, label: u32) {
        if let Some((_, size)) = self.stored_registration(label) {
            let from = self.label(label).registration;
            self.private.erase(from, from + size);
        }
    }

    /// The tree of an epoch's updates, made from their stored leaf hashes.
    pub(super) fn epoch_log(&self, from: u64, to: u64) -> Log<Vec<Hash>> {
        let mut log = Log::default();
        (from..to).for_each(|position| log.append_hash(self.update(position).leaf));
        log
    }
}
