//! Updates: their checks, in order, and then their storage.

use crate::api::{Accepted, Malformed, Submission, UpdateError};
use crate::directory::Directory;
use crate::limits::{DAILY_UPDATES, MAX_LABELS, SECOND};
use directory_core::change::{Context, Registrar, apply};
use directory_core::entry::Kind;
use directory_core::label::{AddressProof, Label};
use directory_core::policy::Policy;
use directory_core::profile::Profile;
use directory_core::proof::Opened;
use directory_core::store::{Accepted as Stored, Registration};
use directory_core::update::Update;
use ic_stable_structures::Memory;

const DAY: u64 = 86_400 * SECOND;

/// An update that may be stored.
#[derive(Debug)]
pub struct Checked {
    update: Update,
    opened: Option<Opened>,
    registration: Option<Registration>,
}

impl<M: Memory + Clone> Directory<M> {
    /// Checks an update, cheap checks first. Inspection and the update itself make the same checks. Only a controller may
    /// register the registrar's own label.
    pub fn check_update(&self, new: &Submission, by_controller: bool, now: u64) -> Result<Checked, UpdateError> {
        let keyed = self.keyed().map_err(|_| UpdateError::Unavailable)?;
        let malformed = |field, error| UpdateError::Malformed(Malformed::new(field, error));
        let label = Label::decode(&new.label).map_err(|error| malformed("label", error))?;
        let indexed = keyed.labels.find(&label, &keyed.store);
        let state_of = |number| keyed.store.state(number, u64::MAX);
        let state = indexed.and_then(|(number, _)| state_of(number));
        // Most updates keep the keys.
        let known = state.as_ref().map_or(&[][..], |state| state.newest().policy.keys());
        let update = Update::decode_unverified(&new.update, known).map_err(|error| malformed("update", error))?;
        let is_first = update.entry.kind == Kind::Set && update.entry.version == 0;
        // The clock may go back. If the log's times went back, its verifiers would halt.
        let newest = keyed.store.latest();
        if now < newest {
            return Err(UpdateError::Time { newest, now });
        }
        // The VRF costs more than all other checks. Only version 0 of an unknown label needs it.
        if indexed.is_none() && keyed.labels.is_complete() && !is_first {
            return Err(UpdateError::NotFirst { version: update.entry.version });
        }
        if is_first && label == Label::Registrar && !by_controller {
            return Err(UpdateError::NotAllowed);
        }
        let registrar = self.registrar(&label, is_first, now)?;
        let (number, index, vrf) = keyed.locate_from(indexed, &label);
        if let Some(number) = number {
            self.check_quota(number, now)?;
        } else if keyed.store.labels() >= MAX_LABELS {
            return Err(UpdateError::LabelsFull { max: MAX_LABELS });
        }
        let opened = self.check_profile(&label, &update, new)?;
        let registration = match number {
            Some(_) => None,
            None => Some(Registration { address: check_address(&label, &update, new)?, label, vrf }),
        };
        let state = state.or_else(|| number.and_then(state_of));
        let is_pending = number.is_some_and(|number| keyed.store.is_pending(number));
        let wait = || self.closes_at().unwrap_or(now).saturating_sub(now).div_ceil(SECOND);
        let context = Context {
            realm: &keyed.realm,
            index: &index,
            now,
            registrar: registrar.as_ref().map_or(Registrar::Open, Registrar::Policy),
            pending: is_pending.then(wait),
        };
        apply(state.as_ref(), &update, &context)?;
        Ok(Checked { update, opened, registration })
    }

    /// Checks and stores an update, and closes the epoch if it is due.
    pub fn update(&mut self, new: &Submission, by_controller: bool, now: u64) -> Result<Accepted, UpdateError> {
        let Checked { update, opened, registration } = self.check_update(new, by_controller, now)?;
        self.reserve().map_err(|_| UpdateError::StorageFull)?;
        let keyed = self.keyed.as_mut().ok_or(UpdateError::Unavailable)?;
        let (label, epoch) = (keyed.store.labels() as u32, keyed.store.log().size());
        let (opened, registration) = (opened.as_ref(), registration.as_ref());
        let accepted = Stored { update: &update, time: now, opened, registration };
        let position = keyed.store.accept(&accepted).map_err(|_| UpdateError::StorageFull)?;
        if let Some(registration) = registration {
            keyed.labels.insert(&registration.label, label);
        }
        // If there is no memory for the close, the update stays in the open epoch, and the timer tries again.
        let closed = self.close_if_due(now).unwrap_or(false);
        Ok(Accepted { position, epoch, closed })
    }

    /// The policy that must vouch for a registration. `None`: none.
    fn registrar(&self, label: &Label, is_first: bool, now: u64) -> Result<Option<Policy>, UpdateError> {
        if !is_first || *label == Label::Registrar || !self.state.configuration().has_registrar() {
            return Ok(None);
        }
        let keyed = self.keyed().map_err(|_| UpdateError::Unavailable)?;
        let number = keyed.locate(&Label::Registrar).0.ok_or(UpdateError::NoRegistrar)?;
        let state = keyed.store.state(number, u64::MAX).ok_or(UpdateError::NoRegistrar)?;
        let entry = state.in_force(now).filter(|entry| entry.kind != Kind::Close);
        entry.map(|entry| Some(entry.policy.clone())).ok_or(UpdateError::NoRegistrar)
    }

    fn check_quota(&self, number: u32, now: u64) -> Result<(), UpdateError> {
        let keyed = self.keyed().map_err(|_| UpdateError::Unavailable)?;
        let oldest = keyed.store.time_of_earlier(number, DAILY_UPDATES - 1);
        match oldest.map(|time| time.saturating_add(DAY)).filter(|again| now < *again) {
            Some(again) => {
                let retry_after = (again - now).div_ceil(SECOND);
                Err(UpdateError::DailyUpdates { max: DAILY_UPDATES as u32, retry_after })
            }
            None => Ok(()),
        }
    }

    /// The profile to which the entry commits. A close has none.
    fn check_profile(&self, label: &Label, update: &Update, new: &Submission) -> Result<Option<Opened>, UpdateError> {
        let Some(opened) = &new.opened else {
            return if update.entry.kind == Kind::Close { Ok(None) } else { Err(UpdateError::Profile) };
        };
        let opening = opened.opening.as_slice().try_into().map_err(|_| UpdateError::Profile)?;
        let opened = Opened { opening, profile: opened.profile.to_vec() };
        if !opened.fits(label, &update.entry) {
            return Err(UpdateError::Profile);
        }
        Profile::decode(&opened.profile).map_err(|error| UpdateError::Malformed(Malformed::new("profile", error)))?;
        Ok(Some(opened))
    }
}

/// The proof that an address registers itself. Other labels have none.
fn check_address(label: &Label, update: &Update, new: &Submission) -> Result<Option<AddressProof>, UpdateError> {
    let wrong = |why: &dyn std::fmt::Debug| UpdateError::Address(format!("{why:?}"));
    match (&new.address, label) {
        (None, Label::Address(_)) => Err(UpdateError::Address("missing".to_string())),
        (None, _) => Ok(None),
        (Some(bytes), _) => {
            let proof = AddressProof::decode(bytes)
                .map_err(|error| UpdateError::Malformed(Malformed::new("address", error)))?;
            proof.verify(label, &update.entry).map_err(|error| wrong(&error))?;
            Ok(Some(proof))
        }
    }
}
