//! The next operation of an owner. It follows from the seed, the owner and the operation's number. Only the choice among
//! existing labels depends on the other owners.

use client::directory::api::View;

use super::draft::{CONTESTED, Number, own};
use crate::soak::actor::Named;
use test_support::Random;

/// A random choice: the index, modulo the number of things to choose from.
pub type Pick = u64;

/// An operation.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Registers a label that nobody else wants.
    Register(Number),
    /// Registers a label that all owners want at about this time.
    RegisterContested(Number),
    /// Changes the entry of an own label.
    Change {
        /// The label.
        label: Pick,
        /// Whether the key changes.
        rekey: bool,
        /// Whether the profile gets another device.
        other_device: bool,
    },
    /// Looks up a label that was sent, perhaps as a known contact.
    LookUp {
        /// The label.
        label: Pick,
        /// The head.
        view: View,
        /// Whether each change since the last look-up must be proved.
        follow: bool,
    },
    /// Looks up a label that nobody has sent.
    LookUpAbsent(Number),
    /// Follows the whole history of an own label.
    Follow(Pick),
    /// Publishes a bundle for an own label.
    PutBundle(Pick),
    /// Reads the bundles of a label.
    GetBundles(Pick),
    /// Sends the envelope of an answered call again.
    Replay(Pick),
    /// Upgrades the canister.
    Upgrade,
}

impl Operation {
    /// The operation of this owner with this number.
    pub fn draw(seed: u64, owner: u8, number: u64) -> Self {
        let mut random = Random::of(&[seed, 1 << 32, owner.into(), number]);
        let random = &mut random;
        match random.below(1_000) {
            _ if number % 12 == 11 => Self::RegisterContested(CONTESTED + number),
            0..220 => Self::Register(own(owner, number)),
            220..450 => {
                let (rekey, other_device) = (random.per_mille(600), random.per_mille(300));
                Self::Change { label: random.word(), rekey, other_device }
            }
            450..700 => {
                let view = if random.per_mille(700) { View::newest } else { View::ratified };
                Self::LookUp { label: random.word(), view, follow: random.per_mille(600) }
            }
            700..760 => Self::LookUpAbsent(own(owner, number)),
            760..850 => Self::Follow(random.word()),
            850..920 => Self::PutBundle(random.word()),
            920..970 => Self::GetBundles(random.word()),
            970..990 => Self::Replay(random.word()),
            _ => Self::Upgrade,
        }
    }
}

impl Named for Operation {
    fn name(&self) -> &'static str {
        match self {
            Self::Register(_) => "registrations",
            Self::RegisterContested(_) => "registrations by all owners of one label",
            Self::Change { .. } => "changes of a label",
            Self::LookUp { .. } => "look-ups of a label",
            Self::LookUpAbsent(_) => "look-ups of a label that is absent",
            Self::Follow(_) => "histories of a label",
            Self::PutBundle(_) => "bundles published",
            Self::GetBundles(_) => "look-ups of bundles",
            Self::Replay(_) => "answered calls to the directory sent again",
            Self::Upgrade => "upgrades of the directory",
        }
    }
}
