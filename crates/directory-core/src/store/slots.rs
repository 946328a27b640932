//! Slots of bundles. The next bundle of a device overwrites the one in its slot.
//!
//! ```text
//! 0   next 4       1 + the number of the label's next slot, or 0
//! 4   length 2
//! 6   bundle       up to 307 bytes
//! ```
//!
//! A label has at most 16 slots, because a profile has at most 16 devices. A new device takes the slot of a device that has
//! left the profile.

#![allow(clippy::indexing_slicing, reason = "a bundle is at most as long as its slot")]

use super::{OutOfMemory, Store, stored};
use crate::bundle::{Bundle, MAX_SIZE};
use crate::bytes::{DecodeError, Reader, decode_whole, require};
use crate::profile::{MAX_DEVICES, Profile};
use ic_stable_structures::Memory;
use stable::header::field;

pub(super) const SLOT: usize = 6 + MAX_SIZE;

impl<M: Memory> Store<M> {
    /// The bundles of a label, whether or not they have expired.
    pub fn bundles(&self, label: u32) -> Vec<Bundle> {
        self.slots_of(label).map(|(_, bundle)| bundle).collect()
    }

    /// Stores a bundle that [`Bundle::verify`] has accepted for the label's profile in force.
    pub fn put_bundle(&mut self, label: u32, bundle: &Bundle, profile: &Profile) -> Result<(), OutOfMemory> {
        let slots: Vec<_> = self.slots_of(label).collect();
        let is_device = |of: &Bundle| of.content.device == bundle.content.device;
        let has_left = |of: &Bundle| !profile.devices().iter().any(|device| device.signing == of.content.device);
        let free = slots.iter().find(|(_, of)| is_device(of)).or_else(|| slots.iter().find(|(_, of)| has_left(of)));
        if let Some((number, _)) = free {
            let next = self.next(*number);
            self.slots.set((*number).into(), &encode(next, bundle));
            return Ok(());
        }
        assert!(slots.len() < MAX_DEVICES, "each of the profile's devices has at most one slot");
        Self::grow(&[self.slots.room(1)])?;
        let mut record = self.label(label);
        record.slot = Some(self.slots.push(&encode(record.slot, bundle)) as u32);
        self.labels.set(label.into(), &record.encode());
        Ok(())
    }

    fn slots_of(&self, label: u32) -> impl Iterator<Item = (u32, Bundle)> {
        let numbers = std::iter::successors(self.label(label).slot, |number| self.next(*number));
        numbers.map(|number| (number, stored(decode(&self.slots.get(number.into())))))
    }

    pub(super) fn next(&self, slot: u32) -> Option<u32> {
        u32::from_le_bytes(field(&self.slots.get(slot.into()), 0)).checked_sub(1)
    }
}

/// The bundle of a slot.
pub(super) fn decode(slot: &[u8; SLOT]) -> Result<Bundle, DecodeError> {
    let length: usize = u16::from_le_bytes(field(slot, 4)).into();
    require(length <= MAX_SIZE, "length of a bundle", length as u64)?;
    decode_whole(Reader::stored(&slot[6..6 + length]), Bundle::read)
}

fn encode(next: Option<u32>, bundle: &Bundle) -> [u8; SLOT] {
    let bytes = bundle.encode();
    let mut out = [0; SLOT];
    out[..4].copy_from_slice(&next.map_or(0, |next| next + 1).to_le_bytes());
    out[4..6].copy_from_slice(&(bytes.len() as u16).to_le_bytes());
    out[6..6 + bytes.len()].copy_from_slice(&bytes);
    out
}
