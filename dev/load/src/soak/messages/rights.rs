//! The clients of the soak and their rights: owners of keys, members, strangers.
//!
//! The first clients own one key each, with a quota. The next ones are members, and the others are strangers. All of them add
//! messages under all keys. The owners acknowledge the messages of their keys, which makes room in the quota.

use candid::Principal;
use client::request;
use message_canister::api::{Bound, KeySetting, OwnQuota, Quota, Role};

use crate::draft::{OWNERS, SHARED_KEYS, key_id, owner_of};
use crate::inbox::{Inbox, principal};
use crate::soak::caller::perform;
use crate::violation::Verdict;

/// The clients that are members.
const MEMBERS: std::ops::Range<u8> = OWNERS..5;
/// Live messages that an owned key may hold.
pub const QUOTA: u32 = 200;
/// The part of the quota that strangers may fill.
pub const STRANGERS_SHARE: u32 = QUOTA / 4;

/// Maximum number of live messages of a key after this client has added one. `None`: the key has no quota.
pub fn share(client: u8, key: u16) -> Option<u32> {
    let owner = owner_of(key)?;
    Some(match client {
        _ if client == owner => QUOTA,
        _ if MEMBERS.contains(&client) => QUOTA / 2,
        _ => STRANGERS_SHARE,
    })
}

/// The quota of a key.
pub fn quota_of(key: u16) -> Quota {
    let messages = owner_of(key).map_or(Bound::Unlimited, |_| Bound::AtMost(QUOTA));
    Quota { messages, bytes: Bound::Unlimited }
}

/// The roles that there are, in the order in which the store lists them.
pub fn roles() -> Vec<(Principal, Role)> {
    let mut roles: Vec<_> = MEMBERS.map(|client| (principal(client), Role::writer)).collect();
    roles.sort_by_key(|(principal, _)| *principal);
    roles
}

/// Gives the members their role and the owned keys their quota.
pub async fn set_up(controller: &Inbox) -> Verdict<()> {
    for (principal, role) in roles() {
        perform(controller, &request::set_role(principal, Some(role))).await?;
    }
    for key in (0..u16::from(OWNERS)).map(|owner| SHARED_KEYS + owner) {
        let settings = [KeySetting::quota(OwnQuota::own(quota_of(key)))];
        perform(controller, &request::set_key(&key_id(key), &settings)).await?;
    }
    Ok(())
}
