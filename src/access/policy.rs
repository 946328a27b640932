//! The store's policies: the callers that may add, the keys that a caller may see, and the share of a key's quota that
//! an add may fill.

use super::caller::Caller;
use super::owner;
use crate::api::{Progress, Reads, SettingsError, Writes};
use crate::limits::MAX_SEND_KEY_BYTES;
use candid::Principal;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// True if the policies exclude nobody.
pub fn is_open(reads: Reads, writes: Writes) -> bool {
    reads == Reads::anyone && writes == Writes::anyone
}

/// Checks whether these policies may be set. `anonymous_controls`: the anonymous principal controls the canister, so
/// everybody does. Then a policy that excludes somebody would have no effect.
pub fn check_policies(reads: Reads, writes: Writes, anonymous_controls: bool) -> Result<(), SettingsError> {
    if anonymous_controls && !is_open(reads, writes) { Err(SettingsError::AnonymousController) } else { Ok(()) }
}

/// Whether the store takes messages from this caller. A send key does not change this: it only affects a quota.
pub fn may_add(writes: Writes, caller: &Caller) -> bool {
    match writes {
        Writes::anyone => true,
        Writes::identified => caller.is_identified(),
        Writes::members => caller.is_member(),
    }
}

/// The keys and messages that one caller may see. Everything else looks absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Everything, including counts and look-ups across keys.
    All,
    /// The keys that this principal owns. It must ask for each by its key id.
    OwnedBy(Principal),
}

impl Sight {
    /// The keys and messages that `caller` may see.
    pub fn new(reads: Reads, caller: &Caller) -> Self {
        if reads == Reads::anyone || caller.reads_all() { Self::All } else { Self::OwnedBy(caller.principal()) }
    }

    /// Whether the caller may see everything: numbers of messages and keys, and look-ups by id, time and hash.
    pub fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// The rebuild's progress as the caller may see it, since it counts messages.
    pub fn progress(&self, progress: Progress) -> Progress {
        if self.is_all() { progress } else { Progress { done: 0, total: 0 } }
    }

    /// Whether the caller may see a key, depending on its record. If it returns `false`, the record need not be read.
    pub fn may_see(&self, key_id: &[u8]) -> bool {
        match *self {
            Self::All => true,
            Self::OwnedBy(principal) => owner::may_own(key_id, principal),
        }
    }

    /// Whether the caller may see a key whose record names the owner `recorded`; without a record that is `None`.
    pub fn sees(&self, key_id: &[u8], recorded: Option<Principal>) -> bool {
        match *self {
            Self::All => true,
            Self::OwnedBy(principal) => owner::owns(key_id, recorded, principal),
        }
    }
}

/// The share of a key's quota that an add may fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// A quarter.
    Strangers,
    /// Half.
    Members,
    /// All of it, for the key's owner and senders with the send key that the owner gave out.
    Friends,
}

impl Share {
    /// The share of an add by `caller`. `owns`: it owns the key. `send_key`: the hash in the key's record. `shown`: the
    /// secret that the add shows.
    pub fn new(caller: &Caller, owns: bool, send_key: Option<&[u8; 32]>, shown: Option<&[u8]>) -> Self {
        if owns || opens(send_key, shown) {
            Self::Friends
        } else if caller.is_member() {
            Self::Members
        } else {
            Self::Strangers
        }
    }
}

/// Whether `shown` is the secret whose SHA-256 is `send_key`. The time does not depend on how many bytes agree. A
/// secret that is too long never matches, so nobody can make the canister hash megabytes.
fn opens(send_key: Option<&[u8; 32]>, shown: Option<&[u8]>) -> bool {
    match (send_key, shown) {
        (Some(hash), Some(secret)) if secret.len() <= MAX_SEND_KEY_BYTES => {
            Sha256::digest(secret).as_slice().ct_eq(hash).into()
        }
        _ => false,
    }
}
