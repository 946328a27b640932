//! Rights in the model: callers, roles, owners, send keys, and what a caller sees.

use candid::Principal;
use message_canister::access::owner::SALTED_OWNER;
use message_canister::api::*;
use message_canister::limits::MAX_SEND_KEY_BYTES;
use serde_bytes::ByteBuf;

use super::{Known, Model, bad_key, number};
use crate::support::{controller, sha256};

/// A caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// A controller of the canister, who is an admin.
    #[default]
    Controller,
    /// Somebody, with or without a role.
    Person(u8),
    /// The anonymous principal.
    Anonymous,
}

impl Who {
    /// Its principal.
    pub fn principal(self) -> Principal {
        match self {
            Self::Controller => controller(),
            Self::Person(number) => Principal::self_authenticating([number]),
            Self::Anonymous => Principal::anonymous(),
        }
    }
}

/// The key id that belongs to a principal with a salt.
pub fn salted_key_id(owner: Principal, salt: &[u8]) -> Vec<u8> {
    sha256(&[SALTED_OWNER, owner.as_slice(), salt].concat()).to_vec()
}

/// Whether a key id is a principal, which owns it.
fn is_principal(key_id: &[u8]) -> bool {
    key_id.len() == 29 && key_id.ends_with(&[2])
}

/// The rights of the caller.
impl Model {
    /// Sets its caller.
    pub fn called_by(&mut self, caller: Who) -> &mut Self {
        self.caller = caller;
        self
    }

    fn role(&self) -> Option<Role> {
        match self.caller {
            Who::Controller => Some(Role::admin),
            Who::Anonymous => None,
            person => self.roles.get(&person).copied(),
        }
    }

    fn is_admin(&self) -> bool {
        self.role() == Some(Role::admin)
    }

    fn is_member(&self) -> bool {
        matches!(self.role(), Some(Role::writer | Role::admin))
    }

    /// Whether the caller sees the whole store.
    pub fn sees_all(&self) -> bool {
        self.settings.reads == Reads::anyone || matches!(self.role(), Some(Role::reader | Role::admin))
    }

    pub(super) fn owns(&self, key_id: &[u8]) -> bool {
        let caller = self.caller.principal();
        if is_principal(key_id) {
            return key_id == caller.as_slice();
        }
        self.keys.get(key_id).is_some_and(|key| key.owner == Some(caller))
    }

    /// Whether the caller sees a key, if it is known.
    pub fn sees(&self, key_id: &[u8]) -> bool {
        self.sees_all() || self.owns(key_id)
    }

    /// The first id, as far as the caller may know it.
    pub(super) fn shown_first(&self) -> Id {
        if self.sees_all() { self.first() } else { 0 }
    }

    pub(super) fn may_add(&self) -> bool {
        match self.settings.writes {
            Writes::anyone => true,
            Writes::identified => self.caller != Who::Anonymous,
            Writes::members => self.is_member(),
        }
    }

    /// The part of a key's quota that the caller may fill: all, a half or a quarter of it.
    pub(super) fn part(&self, key_id: &[u8], send_key: Option<&[u8]>) -> u64 {
        let hash = self.keys.get(key_id).and_then(|key| key.send_key);
        let opens = send_key.is_some_and(|secret| secret.len() <= MAX_SEND_KEY_BYTES && hash == Some(sha256(secret)));
        match () {
            () if opens || self.owns(key_id) => 1,
            () if self.is_member() => 2,
            () => 4,
        }
    }

    /// The reply to an add.
    pub(super) fn told(&self, key_id: &[u8], added: Added) -> Added {
        if self.sees(key_id) { added } else { Added { id: 0, duplicate: false } }
    }
}

/// Changes of rights.
impl Model {
    pub fn set_role(&mut self, who: Who, role: Option<Role>) -> Result<(), RoleError> {
        if !self.is_admin() {
            return Err(RoleError::NotAllowed);
        }
        match role {
            Some(_) if who == Who::Anonymous => return Err(RoleError::Anonymous),
            Some(role) => drop(self.roles.insert(who, role)),
            None => drop(self.roles.remove(&who)),
        }
        Ok(())
    }

    /// The settings of a key change one after the other, or none does.
    pub fn set_key(&mut self, key_id: &[u8], settings: &[KeySetting]) -> Result<(), KeyError> {
        if let Some(wrong) = bad_key(key_id) {
            return Err(KeyError::KeyIdLength(wrong));
        }
        let mut rights = Rights::of(self.keys.get(key_id));
        for setting in settings {
            self.change(&mut rights, key_id, setting)?;
        }
        self.keep(key_id, rights);
        Ok(())
    }

    fn change(&self, rights: &mut Rights, key_id: &[u8], setting: &KeySetting) -> Result<(), KeyError> {
        let caller = self.caller.principal();
        let owned = if is_principal(key_id) { key_id == caller.as_slice() } else { rights.owner == Some(caller) };
        match setting {
            KeySetting::owner(_) | KeySetting::quota(_) if !self.is_admin() => Err(KeyError::NotAllowed),
            KeySetting::send_key(_) if !owned => Err(KeyError::NotAllowed),
            KeySetting::kept(_) if !self.is_member() => Err(KeyError::NotAllowed),
            KeySetting::owner(owner) => {
                let owner = match *owner {
                    NewOwner::claimant => None,
                    NewOwner::principal(owner) => Some(owner),
                };
                let is_nobody = owner == Some(Principal::anonymous());
                match owner {
                    Some(owner) if is_nobody || is_principal(key_id) && owner.as_slice() != key_id => {
                        Err(KeyError::Owner { owner })
                    }
                    _ if is_principal(key_id) => Ok(()),
                    _ => {
                        rights.hand_over(owner);
                        Ok(())
                    }
                }
            }
            KeySetting::send_key(NewSendKey::none) => {
                rights.send_key = None;
                Ok(())
            }
            KeySetting::send_key(NewSendKey::sha256(hash)) => {
                let length = number(hash.len());
                let hash = <[u8; 32]>::try_from(&hash[..]).map_err(|_| KeyError::SendKey { length, expected: 32 })?;
                rights.send_key = Some(hash);
                Ok(())
            }
            KeySetting::quota(quota) => {
                rights.quota = match *quota {
                    OwnQuota::store => None,
                    OwnQuota::own(quota) => Some(quota),
                };
                Ok(())
            }
            KeySetting::kept(kept) => {
                rights.kept = *kept;
                Ok(())
            }
        }
    }

    /// Claims a key without a public key.
    pub fn claim(&mut self, key_id: &[u8], proof: &OwnerProof) -> Result<(), ClaimError> {
        if let Some(wrong) = bad_key(key_id) {
            return Err(ClaimError::KeyIdLength(wrong));
        }
        let caller = self.caller.principal();
        if !is_principal(key_id) && ![20, 32].contains(&key_id.len()) {
            return Err(ClaimError::NotClaimable { length: number(key_id.len()) });
        }
        if self.caller == Who::Anonymous {
            return Err(ClaimError::Anonymous);
        }
        let belongs_to = match proof {
            OwnerProof::own => caller.as_slice().to_vec(),
            OwnerProof::salt(salt) if salt.len() != 16 => {
                return Err(ClaimError::SaltLength { length: number(salt.len()), expected: 16 });
            }
            OwnerProof::salt(salt) => salted_key_id(caller, salt),
            OwnerProof::public_key(_) => panic!("no sequence has one"),
        };
        if belongs_to != key_id {
            return Err(ClaimError::NotThatKey { key_id: ByteBuf::from(belongs_to) });
        }
        if is_principal(key_id) {
            return Ok(());
        }
        let mut rights = Rights::of(self.keys.get(key_id));
        if rights.owner.is_some_and(|owner| owner != caller) {
            return Err(ClaimError::Owned);
        }
        rights.hand_over(Some(caller));
        self.keep(key_id, rights);
        Ok(())
    }

    /// Keeps the rights of a key. A key that nobody knew becomes known by rights that differ from none.
    fn keep(&mut self, key_id: &[u8], rights: Rights) {
        if !self.keys.contains_key(key_id) && rights == Rights::default() {
            return;
        }
        let opened = self.now;
        let key = self.keys.entry(key_id.to_vec()).or_insert_with(|| Known { opened, ..Known::default() });
        let Rights { owner, send_key, quota, kept } = rights;
        (key.owner, key.send_key, key.quota, key.kept) = (owner, send_key, quota, kept);
    }
}

/// The rights of a key.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Rights {
    owner: Option<Principal>,
    send_key: Option<[u8; 32]>,
    quota: Option<Quota>,
    kept: bool,
}

impl Rights {
    fn of(key: Option<&Known>) -> Self {
        key.map_or_else(Self::default, |key| {
            let Known { owner, send_key, quota, kept, .. } = *key;
            Self { owner, send_key, quota, kept }
        })
    }

    /// Another owner's send key goes.
    fn hand_over(&mut self, owner: Option<Principal>) {
        self.send_key = self.send_key.filter(|_| self.owner == owner);
        self.owner = owner;
    }
}
