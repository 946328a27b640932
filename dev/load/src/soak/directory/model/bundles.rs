//! The bundles of a label's devices: each that was sent, and which of a device is stored at least.

use client::directory::directory_core::bundle::Bundle;
use client::directory::directory_core::policy::Key;

use super::{Fate, Model};
use crate::soak::directory::draft::{Number, device};
use crate::violation::{Verdict, ensure};

/// The bundles of a label.
#[derive(Debug, Default)]
pub struct Bundles {
    /// All that were sent, by their issue.
    sent: Vec<Bundle>,
    /// The newest one of each device that was confirmed.
    stored: Vec<Bundle>,
}

/// What must be seen of a device's bundles by a call that begins now.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The devices of all versions that may be there.
    devices: Vec<Key>,
    /// The newest bundle of each device.
    stored: Vec<Bundle>,
}

impl Model {
    /// Notes a bundle that is about to be sent.
    pub fn begin_bundle(&mut self, number: Number, bundle: &Bundle) {
        self.known(number).bundles.sent.push(bundle.clone());
    }

    /// The labels for which a bundle was confirmed.
    pub fn with_bundles(&self) -> Vec<Number> {
        let has = |known: &super::Known| !known.bundles.stored.is_empty();
        self.labels.iter().filter(|(_, known)| has(known)).map(|(&number, _)| number).collect()
    }

    /// When a bundle that was sent for this label last was issued.
    pub fn last_issued(&self, number: Number) -> Option<u64> {
        let bundles = &self.labels.get(&number)?.bundles;
        bundles.sent.iter().map(|bundle| bundle.content.issued).max()
    }

    /// A bundle was confirmed.
    pub fn bundle_stored(&mut self, number: Number, bundle: &Bundle) {
        let stored = &mut self.known(number).bundles.stored;
        stored.retain(|other| other.content.device != bundle.content.device);
        stored.push(bundle.clone());
    }

    /// What must be seen of a label's bundles by a call that begins now.
    pub fn stored(&self, number: Number) -> Stored {
        let known = &self.labels[&number];
        let first = known.accepted.last().map_or(0, |&place| known.sent[place].version.device);
        let newest = |sent: &super::Sent| sent.fate != Fate::Refused && sent.version.device >= first;
        let devices = known.sent.iter().filter(|sent| newest(sent));
        let devices = devices.map(|sent| device(number, sent.version.device)).collect();
        Stored { devices, stored: known.bundles.stored.clone() }
    }

    /// A label's bundles were shown, of the devices of a profile with this one device.
    ///
    /// # Errors
    ///
    /// If nobody sent one, an older one is shown than was stored, or the device's is missing though no other device can
    /// have taken its slot.
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
