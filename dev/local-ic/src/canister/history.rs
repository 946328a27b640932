//! The changes of a canister, with their authors and times.

use std::collections::VecDeque;

use candid::Principal;
use serde::{Deserialize, Serialize};

use crate::limits::MAX_HISTORY;

/// The latest changes of a canister, and the number of all.
#[derive(Default, Serialize, Deserialize)]
pub struct History {
    /// Changes ever.
    pub total: u64,
    /// The last of them, the oldest first.
    recent: VecDeque<Change>,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When, in nanoseconds since the Unix epoch.
    pub at: u64,
    /// The canister's version after it.
    pub version: u64,
    /// The origin of the change.
    pub origin: ChangeOrigin,
    /// The details of the change.
    pub details: ChangeDetails,
}

/// The origin of a change of a canister.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeOrigin {
    /// A user.
    User(Principal),
    /// A canister, of this version if it said that.
    Canister(Principal, Option<u64>),
}

/// The details of a change of a canister.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeDetails {
    /// It was created with these controllers.
    Creation { controllers: Vec<Principal> },
    /// Its code was removed.
    Uninstalled,
    /// A module with this hash was installed.
    Installed { mode: InstallMode, module_hash: [u8; 32] },
    /// A snapshot was loaded: this one, of another canister if that is named.
    Loaded { from: Option<Principal>, snapshot: Vec<u8>, version: u64, taken_at: u64, source: Source },
    /// It got these controllers.
    Controllers { controllers: Vec<Principal> },
}

/// The source of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// It was taken from a canister, and never changes.
    Taken,
    /// It was uploaded, and can be written to.
    Uploaded,
}

/// The way in which a module comes to a canister.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstallMode {
    /// Onto an empty canister.
    Install,
    /// Replaces the present code, and makes a new stable memory.
    Reinstall,
    /// Replaces the present code, and keeps stable memory.
    Upgrade,
}

impl History {
    /// Adds a change.
    pub fn push(&mut self, change: Change) {
        if self.recent.len() == MAX_HISTORY {
            self.recent.pop_front();
        }
        self.recent.push_back(change);
        self.total += 1;
    }

    /// Its size in a saved state, in bytes.
    pub fn bytes(&self) -> usize {
        postcard::to_stdvec(self).expect("a vector takes everything").len()
    }

    /// The last changes, at most `count` of them, the oldest first.
    pub fn last(&self, count: usize) -> impl Iterator<Item = &Change> {
        self.recent.iter().skip(self.recent.len().saturating_sub(count))
    }
}
