//! The reads of an owner: look-ups, histories and bundles. The client verifies the answers, and the model checks them.

use client::CallError;
use client::directory::api::{LookupError, View};
use client::directory::directory_core::hash::Hash;
use client::directory::directory_core::profile::Profile;
use client::directory::directory_core::verify::{Trust, Verified};

use super::draft::{self, Number};
use super::model::{Before, Model};
use super::owner::{Owner, of_label};
use crate::soak::caller::failed;
use crate::violation::{Verdict, Violation, ensure};

impl Owner {
    /// Looks a label up; with `follow`, as a known contact. Returns its index, and whether it is registered.
    pub(super) async fn look_up(&mut self, number: Number, view: View, follow: bool) -> Verdict<(Hash, bool)> {
        let before = self.model().before();
        let contact = follow.then(|| self.contacts.get(&number).cloned()).flatten();
        // A state seen at the newest head may not be at the ratified one yet.
        let contact = contact.filter(|_| view == View::newest);
        let verified = match self.client.lookup(&draft::label(number), view, contact.as_ref()).await {
            Ok(verified) => verified,
            Err(CallError::Refused(LookupError::NoEpoch)) if view == View::ratified => {
                ensure(before.ratified == 0, || format!("{} heads were ratified, and none is", before.ratified))?;
                return Ok(([0; 32], false));
            }
            Err(error) => return Err(of_label(number)(format!("a look-up failed: {error}"))),
        };
        check(&mut self.model(), number, view, before, &verified)?;
        let (index, is_there) = (verified.index, verified.state.is_some());
        self.count(|tally| {
            *if is_there { &mut tally.present } else { &mut tally.absent } += 1;
            tally.ratified += u64::from(matches!(verified.trust, Trust::Ratified { .. }));
        });
        if let Some(state) = verified.state.filter(|_| view == View::newest) {
            self.contacts.insert(number, state);
        }
        Ok((index, is_there))
    }

    /// Follows a label's whole history.
    pub(super) async fn follow(&mut self, number: Number) -> Verdict<()> {
        let before = self.model().before();
        let history = self.client.history(&draft::label(number), View::newest).await;
        let history = history.map_err(|error| of_label(number)(format!("its history failed: {error}")))?;
        let mut model = self.model();
        for (version, (time, update)) in (0..).zip(&history.changes) {
            ensure(update.entry.version == version, || format!("in place of version {version} is {update:?}"))?;
            model.seen(number, &update.entry.hash(), *time)?;
        }
        check(&mut model, number, View::newest, before, &history.verified)?;
        let newest = history.verified.state.as_ref().map(|state| state.newest().version);
        let last = history.changes.last().map(|(_, update)| update.entry.version);
        ensure(newest == last, || format!("label {number}: a history ends with {last:?}, the newest is {newest:?}"))?;
        drop(model);
        self.count(|tally| tally.versions += history.changes.len() as u64);
        Ok(())
    }

    /// Reads a label's bundles, if it is registered.
    pub(super) async fn get_bundles(&mut self, number: Number) -> Verdict<()> {
        let before = self.model().before();
        let label = draft::label(number);
        let verified = self.client.lookup(&label, View::newest, None).await.map_err(failed)?;
        check(&mut self.model(), number, View::newest, before, &verified)?;
        let Some(device) = device_of(&verified)? else { return Ok(()) };
        let stored = self.model().stored(number);
        let seen = self.bundles.get(&number).cloned().unwrap_or_default();
        let shown = self.client.bundles(&label, &verified, &seen).await;
        let shown = shown.map_err(|error| of_label(number)(format!("its bundles failed: {error}")))?;
        self.model().bundles_shown(number, &device, &stored, &shown)?;
        self.count(|tally| tally.bundles_shown += shown.len() as u64);
        let seen = self.bundles.entry(number).or_default();
        seen.retain(|old| shown.iter().all(|new| new.content.device != old.content.device));
        seen.extend(shown);
        Ok(())
    }
}

/// The device that a verified profile lists. `None`: the label is not registered.
///
/// # Errors
///
/// If the profile is missing or does not list exactly one device.
pub fn device_of(verified: &Verified) -> Verdict<Option<client::directory::directory_core::policy::Key>> {
    if verified.state.is_none() {
        return Ok(None);
    }
    let profile = verified.profile.as_deref().and_then(|profile| Profile::decode(profile).ok());
    match profile.as_ref().map(Profile::devices) {
        Some([device]) => Ok(Some(device.signing)),
        other => Err(Violation(format!("a profile lists the devices {other:?}"))),
    }
}

/// Compares a verified answer with the model.
///
/// # Errors
///
/// If it lacks something that was known before, or shows a version that nobody sent.
pub fn check(model: &mut Model, number: Number, view: View, before: Before, verified: &Verified) -> Verdict<()> {
    let Verified { trust, head, state, profile, .. } = verified;
    let (size, least) = (head.epoch + 1, if view == View::newest { before.size } else { before.ratified });
    ensure(size >= least, || format!("label {number} is shown at {head:?}, but {least} heads were there"))?;
    if view == View::ratified {
        let is_ratified = matches!(trust, Trust::Ratified { .. });
        ensure(is_ratified, || format!("label {number} is shown at a head that is not ratified: {head:?}"))?;
        model.note_ratified(size);
    }
    let newest = state.as_ref().map(|state| (state.hash(), state.time()));
    model.looked_up(number, head, newest)?;
    let Some((hash, _)) = newest else { return Ok(()) };
    let sent = model.profile(number, hash);
    ensure(profile.as_deref() == sent, || format!("label {number} shows the profile {profile:?}, not {sent:?}"))
}
