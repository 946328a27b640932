//! Delegations from one key to another, and the permissions of the last key.

use std::collections::HashSet;

use candid::Principal;
use ic_transport_types::DelegationPermissions;

use super::envelope::SignedDelegation;
use super::{SenderError, verifies};

/// The permissions of a request's key.
#[derive(Debug, Default)]
pub struct Scope {
    /// The canisters that every delegation with targets names. `None`: all.
    targets: Option<HashSet<Principal>>,
    /// Whether queries only are permitted.
    pub queries_only: bool,
}

impl Scope {
    /// Checks that the key may be used for a canister.
    pub fn check_target(&self, canister: Principal) -> Result<(), SenderError> {
        match &self.targets {
            Some(targets) if !targets.contains(&canister) => Err(SenderError::NotATarget(canister)),
            _ => Ok(()),
        }
    }

    fn restrict(&mut self, targets: &[Principal]) {
        let targets: HashSet<Principal> = targets.iter().copied().collect();
        self.targets = Some(match self.targets.take() {
            Some(before) => before.intersection(&targets).copied().collect(),
            None => targets,
        });
    }
}

/// The key of the last delegation, and its permissions. Cheap checks of all delegations come before signatures.
pub fn follow<'a>(
    key: &'a [u8],
    delegations: &'a [SignedDelegation],
    now: u64,
) -> Result<(&'a [u8], Scope), SenderError> {
    let mut scope = Scope::default();
    let mut keys = HashSet::from([key]);
    for (number, signed) in delegations.iter().enumerate() {
        let delegation = &signed.delegation;
        if delegation.expiration < now {
            return Err(SenderError::DelegationExpired { number, expiration: delegation.expiration, now });
        }
        if !keys.insert(&delegation.pubkey) {
            return Err(SenderError::Cycle(number));
        }
        if let Some(targets) = &delegation.targets {
            scope.restrict(targets.get().map_err(SenderError::TooManyTargets)?);
        }
        scope.queries_only |= matches!(delegation.permissions, Some(DelegationPermissions::Queries));
    }
    let mut key = key;
    for (number, signed) in delegations.iter().enumerate() {
        if !verifies(key, &signed.delegation.signable(), &signed.signature)? {
            return Err(SenderError::Signature(Some(number)));
        }
        key = &signed.delegation.pubkey;
    }
    Ok((key, scope))
}
