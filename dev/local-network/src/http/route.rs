//! Routing: the canister in the path, and the one that the request itself names.

use candid::Principal;
use candid::types::principal::PrincipalError;
use local_ic::CANISTER_ID_RANGE;

use super::error::Refusal;
use super::management;
use crate::sender::Message;

/// The receiver of a call or query.
pub enum Destination {
    /// A canister of this subnet.
    Canister,
    /// The management canister, about this canister if its argument names one.
    Management(Option<Principal>),
}

/// A principal in a path.
pub fn principal(text: &str) -> Result<Principal, Refusal> {
    let parsed: Result<Principal, PrincipalError> = Principal::from_text(text);
    parsed.map_err(|error| Refusal::malformed(format!("'{text}' in the path is not a principal: {error}")))
}

/// The canister that a call or query is for, which must be as its path says: a canister of this subnet, or the
/// management canister about one.
pub fn destination(effective: Principal, message: &Message) -> Result<Destination, Refusal> {
    let canister = message.canister_id;
    let destination = if canister != Principal::management_canister() {
        if canister != effective {
            let message = format!("the request is for canister {canister}, its path names {effective}");
            return Err(Refusal::malformed(message));
        }
        Destination::Canister
    } else {
        let subject = management::subject(&message.arg);
        if let Some(about) = subject.filter(|about| *about != effective) {
            let message = format!("the management call is about canister {about}, its path names {effective}");
            return Err(Refusal::malformed(message));
        }
        Destination::Management(subject)
    };
    check_range(effective)?;
    Ok(destination)
}

/// Checks that a canister id is one of this subnet.
pub fn check_range(id: Principal) -> Result<(), Refusal> {
    let (first, last) = CANISTER_ID_RANGE;
    if (first..=last).contains(&id) {
        return Ok(());
    }
    Err(Refusal::malformed(format!("canister_not_found: canister {id} does not belong to this network's only subnet")))
}
