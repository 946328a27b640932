//! Checks a label's changes in a proof: from version 0, or from the version that the client knows.

#![allow(clippy::indexing_slicing, reason = "an empty history is refused first")]

use super::{Query, Trusted, VerifyError};
use crate::change::{Context, Registrar, State, apply};
use crate::entry::Entry;
use crate::hash::Hash;
use crate::label::Label;
use crate::proof::Found;
use crate::signatures::Signatures;
use crate::update::Update;

impl Trusted {
    /// Checks the history in the proof: from version 0, or from the version that the client knows.
    pub(super) fn check_changes(&self, query: &Query<'_>, index: &Hash, found: &Found) -> Result<State, VerifyError> {
        let (time, last) = newest(found)?;
        let from_start = found.updates[0].1.entry.version == 0;
        if from_start {
            self.check_address(query.label, found)?;
        } else if found.address.is_some() {
            return Err(VerifyError::History);
        }
        if let Some(contact) = query.contact {
            compare(contact, found)?;
        }
        let known = query.contact.filter(|contact| !from_start && contact.hash() != &last.entry.hash());
        if !from_start && known.is_none() {
            return self.take_newest(index, *time, last, found);
        }
        if found.replaced.is_some() {
            return Err(VerifyError::History);
        }
        self.replay(query.label, index, known, &found.updates)?.ok_or(VerifyError::History)
    }

    /// Applies updates and their times to a label's state. A history that is too long for one proof comes in pages. The client
    /// replays each page, then looks the label up with the last state as its contact.
    pub fn replay(
        &self,
        label: &Label,
        index: &Hash,
        state: Option<&State>,
        updates: &[(u64, Update)],
    ) -> Result<Option<State>, VerifyError> {
        let registrars = if *label == Label::Registrar { &[] } else { self.registrars.as_slice() };
        let mut state = state.cloned();
        for (now, update) in updates {
            let context = |registrar| Context { realm: &self.realm, index, now: *now, registrar, pending: None };
            let by = |policy| apply(state.as_ref(), update, &context(Registrar::Policy(policy)));
            let next = match registrars.split_first() {
                Some((first, others)) => others.iter().fold(by(first), |next, policy| next.or_else(|_| by(policy))),
                None => apply(state.as_ref(), update, &context(Registrar::Open)),
            };
            let version = update.entry.version;
            state = Some(next.map_err(|refusal| VerifyError::Change { version, refusal })?);
        }
        Ok(state)
    }

    /// Takes the newest entry without a history: a first contact, or no change since the last look-up.
    fn take_newest(&self, index: &Hash, time: u64, update: &Update, found: &Found) -> Result<State, VerifyError> {
        let entry = &update.entry;
        let bare = update.signatures == Signatures::default() && update.registration == Signatures::default();
        if found.updates.len() != 1 || !bare {
            return Err(VerifyError::History);
        }
        if entry.realm != self.realm {
            return Err(VerifyError::Realm(entry.realm));
        }
        if entry.index != *index {
            return Err(VerifyError::Index(entry.index));
        }
        State::from_parts(entry.clone(), time, found.replaced.clone()).ok_or(VerifyError::Replaced)
    }

    fn check_address(&self, label: &Label, found: &Found) -> Result<(), VerifyError> {
        match (&found.address, label) {
            (Some(proof), _) => {
                proof.verify(label, &found.updates[0].1.entry).map_err(|error| VerifyError::Address(Some(error)))
            }
            (None, Label::Address(_)) => Err(VerifyError::Address(None)),
            (None, _) => Ok(()),
        }
    }
}

pub(super) fn newest(found: &Found) -> Result<&(u64, Update), VerifyError> {
    found.updates.last().ok_or(VerifyError::History)
}

/// Checks that the history has every version that the client has seen, unchanged.
fn compare(contact: &State, found: &Found) -> Result<(), VerifyError> {
    let known = contact.newest().version;
    let last = found.updates.last().map(|(_, update)| &update.entry);
    if last.is_none_or(|entry| entry.version < known) {
        return Err(VerifyError::Contact { known, found: last.map(|entry| entry.version) });
    }
    let same = found.updates.iter().map(|(_, update)| &update.entry).find(|entry| entry.version == known);
    match same.map(Entry::hash).filter(|hash| hash != contact.hash()) {
        Some(hash) => Err(VerifyError::ContactChanged(hash)),
        None => Ok(()),
    }
}
