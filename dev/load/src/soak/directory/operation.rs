//! The next operation of an owner. It follows from the seed, the owner and the operation's number. Only the choice among the
//! labels that exist by then depends on the others.

use client::directory::api::View;

use super::draft::{CONTESTED, Number, own};
use crate::soak::actor::Named;
use test_support::Random;

/// A choice among what is there, to be taken modulo how much there is.
pub type Pick = u64;

/// An operation.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Registers a label that nobody else wants.
    Register(Number),
    /// Registers a label that all owners want at about this time.
    RegisterContested(Number),
    /// Changes the entry of a label of its own.
    Change {
        /// The label.
        label: Pick,
        /// Whether to another key.
        rekey: bool,
        /// Whether to a profile with another device.
        other_device: bool,
    },
    /// Looks up a label that somebody has sent, perhaps as a contact that was seen before.
    LookUp {
        /// The label.
        label: Pick,
        /// At which head.
        view: View,
        /// Whether each change since the last look-up is to be proved.
        follow: bool,
    },
    /// Looks up a label that nobody sends.
    LookUpAbsent(Number),
    /// Follows the whole history of a label of its own.
    Follow(Pick),
    /// Publishes a bundle for a label of its own.
    PutBundle(Pick),
    /// Reads the bundles of a label.
    GetBundles(Pick),
    /// Sends an answered call again, the same envelope.
    Replay(Pick),
    /// Upgrades the canister.
    Upgrade,
}

impl Operation {
    /// What this owner does as its operation with this number.
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
