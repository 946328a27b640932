//! The rights that a caller has in the store, whichever key it names.
//!
//! | | reads all keys | is a member | is an admin |
//! |---|---|---|---|
//! | reader | yes | | |
//! | writer | | yes | |
//! | admin, controller | yes | yes | yes |

use crate::api::Role;
use candid::Principal;

/// A caller, as the platform reports it, with its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    principal: Principal,
    role: Option<Role>,
}

impl Caller {
    /// A caller with the role that the store keeps for it. `controller`: it controls the canister. `open`: the store's
    /// policies exclude nobody ([`super::policy::is_open`]). Controllers are admins. The anonymous principal never has
    /// a role. As a controller it has no rights where a policy excludes somebody, because otherwise everybody would
    /// have them.
    pub fn new(principal: Principal, role: Option<Role>, controller: bool, open: bool) -> Self {
        let anonymous = principal == Principal::anonymous();
        let role = if controller && (open || !anonymous) { Some(Role::admin) } else { role.filter(|_| !anonymous) };
        Self { principal, role }
    }

    /// The call's sender. A call signed under a delegation has the principal of the key that delegated.
    pub fn principal(&self) -> Principal {
        self.principal
    }

    /// True for every principal but the anonymous one.
    pub fn is_identified(&self) -> bool {
        self.principal != Principal::anonymous()
    }

    /// True if the caller reads all keys.
    pub fn reads_all(&self) -> bool {
        matches!(self.role, Some(Role::reader | Role::admin))
    }

    /// True if the caller has the members' share of quotas and may keep keys.
    pub fn is_member(&self) -> bool {
        matches!(self.role, Some(Role::writer | Role::admin))
    }

    /// True if the caller may change settings, roles, and the owners and quotas of keys.
    pub fn is_admin(&self) -> bool {
        matches!(self.role, Some(Role::admin))
    }
}
