//! The rights in a key's record, and the calls that change them.

use super::caller::Caller;
use super::owner::{implicit_owner, owns};
use crate::api::{ClaimError, KeyError, KeySetting, NewOwner, NewSendKey, OwnQuota, Quota};
use candid::Principal;

/// The rights in a key's record. [`KeyRights::default`] stands for a key without a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyRights {
    /// The owner that claimed the key, or that an admin named. `None` if the key id is its owner's principal.
    pub owner: Option<Principal>,
    /// SHA-256 of the send key.
    pub send_key: Option<[u8; 32]>,
    /// The key's own quota; `None`: the store's.
    pub quota: Option<Quota>,
    /// The key is not forgotten while it has no messages.
    pub kept: bool,
}

impl KeyRights {
    /// The rights after `caller` has claimed the key. Claiming again changes nothing.
    ///
    /// Precondition: the caller has shown that the key belongs to it ([`super::owner::check_claim`]).
    pub fn claim(self, key_id: &[u8], caller: Principal) -> Result<Self, ClaimError> {
        if implicit_owner(key_id).is_some() {
            return Ok(self);
        }
        match self.owner {
            Some(owner) if owner != caller => Err(ClaimError::Owned),
            _ => Ok(self.owned_by(Some(caller))),
        }
    }

    /// The rights after `settings`, which are applied in order: all of them, or none if one is refused. The caller's
    /// permission is checked first, so a stranger learns nothing about the key.
    pub fn apply(self, key_id: &[u8], settings: &[KeySetting], caller: &Caller) -> Result<Self, KeyError> {
        settings.iter().try_fold(self, |rights, setting| rights.with(key_id, setting, caller))
    }

    fn with(self, key_id: &[u8], setting: &KeySetting, caller: &Caller) -> Result<Self, KeyError> {
        let allowed = match setting {
            KeySetting::owner(_) | KeySetting::quota(_) => caller.is_admin(),
            KeySetting::send_key(_) => owns(key_id, self.owner, caller.principal()),
            KeySetting::kept(_) => caller.is_member(),
        };
        if !allowed {
            return Err(KeyError::NotAllowed);
        }
        match setting {
            KeySetting::owner(owner) => {
                let owner = match *owner {
                    NewOwner::claimant => None,
                    NewOwner::principal(owner) => Some(check_owner(key_id, owner)?),
                };
                // A key id that names its owner needs no record of it.
                Ok(if implicit_owner(key_id).is_some() { self } else { self.owned_by(owner) })
            }
            KeySetting::send_key(new) => {
                let send_key = match new {
                    NewSendKey::none => None,
                    NewSendKey::sha256(hash) => Some(check_hash(hash)?),
                };
                Ok(Self { send_key, ..self })
            }
            KeySetting::quota(quota) => {
                let quota = match *quota {
                    OwnQuota::store => None,
                    OwnQuota::own(quota) => Some(quota),
                };
                Ok(Self { quota, ..self })
            }
            KeySetting::kept(kept) => Ok(Self { kept: *kept, ..self }),
        }
    }

    /// Gives the key to an owner. Another owner's send key is removed: it was given to that owner's contacts.
    fn owned_by(self, owner: Option<Principal>) -> Self {
        let send_key = self.send_key.filter(|_| self.owner == owner);
        Self { owner, send_key, ..self }
    }
}

/// Checks whether an admin may give the key to `owner`. The anonymous principal would mean everybody, and the
/// management canister nobody. A key id that is a principal belongs to that principal.
fn check_owner(key_id: &[u8], owner: Principal) -> Result<Principal, KeyError> {
    let somebody = owner != Principal::anonymous() && owner != Principal::management_canister();
    let free = implicit_owner(key_id).is_none_or(|implicit| implicit == owner);
    if somebody && free { Ok(owner) } else { Err(KeyError::Owner { owner }) }
}

fn check_hash(hash: &[u8]) -> Result<[u8; 32], KeyError> {
    let length = u32::try_from(hash.len()).unwrap_or(u32::MAX);
    hash.try_into().map_err(|_| KeyError::SendKey { length, expected: 32 })
}
