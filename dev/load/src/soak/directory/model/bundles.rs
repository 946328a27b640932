//! The known bundles of a label's devices: all that were sent, and the newest confirmed one of each device.

use client::directory::directory_core::bundle::Bundle;
use client::directory::directory_core::policy::Key;

use super::{Fate, Model};
use crate::soak::directory::draft::{Number, device};
use crate::violation::{Verdict, ensure};

/// The bundles of a label.
#[derive(Debug, Default)]
pub struct Bundles {
    /// All bundles that were sent, by the time of issue.
    sent: Vec<Bundle>,
    /// The newest confirmed bundle of each device.
    stored: Vec<Bundle>,
}

/// The least that a call that begins now must show of a label's bundles.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The devices of all versions that the directory may have.
    devices: Vec<Key>,
    /// The newest bundle of each device.
    stored: Vec<Bundle>,
}

impl Model {
    /// Notes a bundle before it is sent.
    pub fn begin_bundle(&mut self, number: Number, bundle: &Bundle) {
        self.known(number).bundles.sent.push(bundle.clone());
    }

    /// The labels with a confirmed bundle.
    pub fn with_bundles(&self) -> Vec<Number> {
        let has = |known: &super::Known| !known.bundles.stored.is_empty();
        self.labels.iter().filter(|(_, known)| has(known)).map(|(&number, _)| number).collect()
    }

    /// When the last bundle that was sent for this label was issued.
    pub fn last_issued(&self, number: Number) -> Option<u64> {
        let bundles = &self.labels.get(&number)?.bundles;
        bundles.sent.iter().map(|bundle| bundle.content.issued).max()
    }

    /// Notes that a bundle was confirmed.
    pub fn bundle_stored(&mut self, number: Number, bundle: &Bundle) {
        let stored = &mut self.known(number).bundles.stored;
        stored.retain(|other| other.content.device != bundle.content.device);
        stored.push(bundle.clone());
    }

    /// The least that a call that begins now must show of a label's bundles.
    pub fn stored(&self, number: Number) -> Stored {
        let known = &self.labels[&number];
        let first = known.accepted.last().map_or(0, |&place| known.sent[place].version.device);
        let newest = |sent: &super::Sent| sent.fate != Fate::Refused && sent.version.device >= first;
        let devices = known.sent.iter().filter(|sent| newest(sent));
        let devices = devices.map(|sent| device(number, sent.version.device)).collect();
        Stored { devices, stored: known.bundles.stored.clone() }
    }

    /// Checks the bundles that were shown for a label whose profile lists the device `of`.
    ///
    /// # Errors
    ///
    /// If nobody sent a bundle, or it is older than the stored one; or if the device's bundle is missing though no other device
    /// can have taken its slot.
    pub fn bundles_shown(&self, number: Number, of: &Key, before: &Stored, shown: &[Bundle]) -> Verdict<()> {
        let sent = &self.labels[&number].bundles.sent;
        for bundle in shown {
            ensure(sent.contains(bundle), || format!("label {number} shows a bundle that nobody sent: {bundle:?}"))?;
        }
        let Some(stored) = before.stored.iter().find(|bundle| bundle.content.device == *of) else { return Ok(()) };
        let issued = stored.content.issued;
        let newest =
            shown.iter().filter(|bundle| bundle.content.device == *of).map(|bundle| bundle.content.issued).max();
        let (before, now) = (&before.devices, &self.stored(number).devices);
        let may_have_left = before.iter().chain(now).any(|device| device != of);
        let is_there = newest.is_some_and(|newest| newest >= issued) || (newest.is_none() && may_have_left);
        ensure(is_there, || format!("label {number} shows a bundle of {newest:?}, but one of {issued} was stored"))
    }
}
