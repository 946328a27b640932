//! The directory's answers: states, histories and proofs.

use super::records::{
    MAX_PROFILE, MAX_REGISTRATION, Registration, VERSION, decode_opened, decode_registration, lengthen,
};
use super::{Store, stored};
use crate::bytes::{Reader, decode_whole};
use crate::change::State;
use crate::checkpoint::Cosignature;
use crate::entry::Kind;
use crate::hash::Hash;
use crate::map::{Search, View};
use crate::profile::Profile;
use crate::proof::{Found, MAX_UPDATES, Opened, Proof};
use crate::signatures::Signatures;
use crate::update::{LoggedUpdate, Update};
use crate::vrf::PROOF_SIZE;
use ic_stable_structures::Memory;

/// A look-up.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The label's index.
    pub index: &'a Hash,
    /// The proof of the index. If the label is registered, [`Store::registration`] has it.
    pub vrf: [u8; PROOF_SIZE],
    /// The requested state.
    pub view: View,
    /// Size of the log that the client knows, 0 for none.
    pub known: u64,
    /// The first version of the history that the client wants. `None`: only the newest entry.
    pub from: Option<u32>,
}

/// The history has more versions than a proof may have. The client must fetch it in pages and replay these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// Number of versions from the requested one on.
    pub versions: usize,
}

/// Proves that an update is in the tree of its epoch, and the epoch's head in the log of heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The epoch.
    pub epoch: u64,
    /// Path of the update in the tree of the epoch's updates.
    pub update: Vec<Hash>,
    /// Path of the head in the log.
    pub head: Vec<Hash>,
}

impl<M: Memory> Store<M> {
    /// The state of a label after the updates before `until`. `None`: it had none.
    pub fn state(&self, label: u32, until: u64) -> Option<State> {
        let position = self.newest_before(label, until)?;
        let update = self.logged(position);
        let replaced = (update.update.entry.kind == Kind::Recover)
            .then(|| self.update(position).previous.map(|previous| self.logged(previous).update.entry))
            .flatten();
        Some(
            State::from_parts(update.update.entry, update.time, replaced)
                .expect("the store has only updates that the rules accept"),
        )
    }

    /// The update at a position.
    pub fn logged(&self, position: u64) -> LoggedUpdate {
        let record = self.update(position);
        let is_last = position + 1 == self.updates.len();
        let end = if is_last { self.public.end() } else { self.update(position + 1).public };
        let index = self.index(record.label);
        let update = stored(lengthen(&self.public.read(record.public, end), &self.realm, &index));
        LoggedUpdate { position, time: record.time, update }
    }

    /// The profile in the update at a position, unless it was erased.
    pub fn opened(&self, position: u64) -> Option<Opened> {
        let from = self.update(position).private;
        stored(decode_opened(&self.private.read(from, self.private.end().min(from + MAX_PROFILE))))
    }

    /// The time of the update that came `back` updates before a label's newest one.
    pub fn time_of_earlier(&self, label: u32, back: usize) -> Option<u64> {
        let mut positions = std::iter::successors(Some(self.label(label).newest), |at| self.update(*at).previous);
        positions.nth(back).map(|position| self.update(position).time)
    }

    /// The profile of a label that is in force at `now`, unless it was erased or the label is closed. Its keys were checked when
    /// it was accepted.
    pub fn profile_in_force(&self, label: u32, now: u64) -> Option<Profile> {
        let position = self.label(label).newest;
        let is_pending = self.state(label, u64::MAX).is_some_and(|state| state.pending_until(now).is_some());
        let opened = self.opened(if is_pending { self.update(position).previous? } else { position })?;
        decode_whole(Reader::stored(&opened.profile), Profile::read).ok()
    }

    /// The registration of a label, stored with version 0, unless it was erased.
    pub fn registration(&self, label: u32) -> Option<Registration> {
        Some(self.stored_registration(label)?.0)
    }

    pub(super) fn stored_registration(&self, label: u32) -> Option<(Registration, u64)> {
        let from = self.label(label).registration;
        stored(decode_registration(&self.private.read(from, self.private.end().min(from + MAX_REGISTRATION))))
    }

    /// At most `limit` times and updates of a label from a version on, oldest first. Only updates before `until` count.
    pub fn history(&self, label: u32, from: u32, until: u64, limit: usize) -> Vec<(u64, Update)> {
        let positions = self.positions(label, from, until);
        let logged = positions.iter().take(limit).map(|position| self.logged(*position));
        logged.map(|logged| (logged.time, logged.update)).collect()
    }

    /// Positions of a label's updates from a version on, oldest first. Reads only the version of each update.
    fn positions(&self, label: u32, from: u32, until: u64) -> Vec<u64> {
        let positions = std::iter::successors(self.newest_before(label, until), |at| self.update(*at).previous);
        let mut positions: Vec<_> = positions.take_while(|position| self.version(*position) >= from).collect();
        positions.reverse();
        positions
    }

    fn version(&self, position: u64) -> u32 {
        let start = self.update(position).public;
        let bytes = self.public.read(start + VERSION.start, start + VERSION.end);
        u32::from_be_bytes(bytes.try_into().expect("a version has four bytes"))
    }

    /// Answers a look-up at a closed head, with the verifiers' signatures over its log. `None`: no head is in that state yet.
    pub fn prove(&self, ask: &Ask<'_>, cosignatures: Vec<Cosignature>) -> Result<Option<Proof>, TooLong> {
        let newest = self.heads.len();
        let size = if ask.view == View::Newest { newest } else { self.ratified() };
        let Some(head) = size.checked_sub(1).and_then(|epoch| self.head(epoch)) else { return Ok(None) };
        let map = self.tree.prove(ask.index, ask.view);
        let label = self.tree.find(ask.index).filter(|_| matches!(map.search, Search::Found { .. }));
        let found = label.map(|label| self.found(label, ask.from, self.closed(size), head.time)).transpose()?;
        Ok(Some(Proof {
            vrf: ask.vrf,
            head,
            edge: self.log.inclusion(size - 1, size),
            cosignatures,
            to_newest: self.log.consistency(size, newest),
            from_known: if (1..=newest).contains(&ask.known) {
                self.log.consistency(ask.known, newest)
            } else {
                Vec::new()
            },
            map,
            found,
        }))
    }

    /// Proves an update of a closed epoch in the log of `size` heads.
    pub fn evidence(&self, position: u64, size: u64) -> Option<Evidence> {
        let (mut from, mut to) = (0, size.min(self.heads.len()));
        while from < to {
            let middle = (from + to) / 2;
            if self.closed(middle + 1) <= position { from = middle + 1 } else { to = middle }
        }
        let head = self.head(from).filter(|head| head.epoch < size && size <= self.heads.len())?;
        let updates = self.epoch_log(head.first_update, self.closed(from + 1));
        let update = updates.inclusion(position - head.first_update, updates.size());
        Some(Evidence { epoch: from, update, head: self.log.inclusion(from, size) })
    }

    fn found(&self, label: u32, from: Option<u32>, until: u64, now: u64) -> Result<Found, TooLong> {
        let position = self.newest_before(label, until).expect("a label that is in the map has an update");
        let is_first = self.version(position) == 0;
        let asked = if is_first { Some(0) } else { from };
        let positions = asked.map_or_else(Vec::new, |from| self.positions(label, from, until));
        if positions.len() > MAX_UPDATES {
            return Err(TooLong { versions: positions.len() });
        }
        let state = self.state(label, until).expect("it has one");
        let is_pending = state.pending_until(now).is_some();
        let is_bare = positions.is_empty();
        let updates = if is_bare {
            let (signatures, registration) = (Signatures::default(), Signatures::default());
            vec![(state.time(), Update { entry: state.newest().clone(), signatures, registration })]
        } else {
            positions.iter().map(|position| self.logged(*position)).map(|logged| (logged.time, logged.update)).collect()
        };
        let in_force = if is_pending { self.update(position).previous } else { Some(position) };
        Ok(Found {
            position,
            updates,
            replaced: state.replaced().filter(|_| is_bare && is_pending).cloned(),
            opened: in_force.and_then(|position| self.opened(position)),
            address: (asked == Some(0)).then(|| self.registration(label)?.address).flatten(),
        })
    }

    /// Position of a label's newest update before `until`.
    fn newest_before(&self, label: u32, until: u64) -> Option<u64> {
        let mut positions = std::iter::successors(Some(self.label(label).newest), |at| self.update(*at).previous);
        positions.find(|position| *position < until)
    }

    /// The index of a label.
    pub fn index(&self, label: u32) -> Hash {
        crate::map::Nodes::leaf(self.tree.nodes(), label).index
    }
}
