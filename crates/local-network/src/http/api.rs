//! What the endpoints of the API share: CBOR, envelopes, effective canister ids; and the status.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use candid::Principal;
use candid::types::principal::PrincipalError;
use ic_transport_types::Envelope;
use local_ic::{CANISTER_ID_RANGE, RejectResponse};
use serde::Serialize;

use super::error::Refusal;
use crate::certificate::cbor;
use crate::node::Node;

#[derive(Serialize)]
struct Status {
    ic_api_version: &'static str,
    impl_version: &'static str,
    replica_health_status: &'static str,
    #[serde(with = "serde_bytes")]
    root_key: Vec<u8>,
}

/// `GET /api/v2/status`: the root key, among others.
pub async fn status(State(node): State<Arc<Node>>) -> Response {
    reply(&Status {
        ic_api_version: "0.18.0",
        impl_version: env!("CARGO_PKG_VERSION"),
        replica_health_status: "healthy",
        root_key: node.keys.root_key.clone(),
    })
}

/// `value` as a response in CBOR.
pub fn reply(value: &impl Serialize) -> Response {
    ([(CONTENT_TYPE, "application/cbor")], cbor(value)).into_response()
}

/// The envelope in a request's body.
pub fn envelope(body: &Bytes) -> Result<Envelope<'static>, Refusal> {
    serde_cbor::from_slice(body)
        .map_err(|error| Refusal::malformed(format!("the body is no envelope of a request in CBOR: {error}")))
}

/// A principal in a path.
pub fn principal(text: &str) -> Result<Principal, Refusal> {
    let parsed: Result<Principal, PrincipalError> = Principal::from_text(text);
    parsed.map_err(|error| Refusal::malformed(format!("'{text}' in the path is no principal: {error}")))
}

/// Checks that a call or query goes where its path says: a canister of this subnet, or to the management canister
/// about one.
pub fn check_route(effective: Principal, canister: Principal, argument: &[u8]) -> Result<(), Refusal> {
    if canister != effective && canister != Principal::management_canister() {
        let message = format!("the request is for canister {canister}, its path names {effective}");
        return Err(Refusal::malformed(message));
    }
    if canister == Principal::management_canister() && effective != canister {
        #[derive(candid::CandidType, candid::Deserialize)]
        struct About {
            canister_id: Principal,
        }
        let about = candid::decode_one(argument).ok().map(|About { canister_id }| canister_id);
        if about.is_some_and(|about| about != effective) {
            let message = format!("the management call is not about the canister that its path names, {effective}");
            return Err(Refusal::malformed(message));
        }
    }
    check_range(effective)
}

/// Checks that a canister id is one of this subnet.
pub fn check_range(id: Principal) -> Result<(), Refusal> {
    let (first, last) = CANISTER_ID_RANGE;
    if id == Principal::management_canister() || (first..=last).contains(&id) {
        return Ok(());
    }
    Err(Refusal::malformed(format!("canister_not_found: canister {id} does not belong to this network's only subnet")))
}

/// A rejection as agents read it.
pub fn rejection(reject: &RejectResponse) -> ic_transport_types::RejectResponse {
    let code = u64::from(reject.reject_code as u8);
    ic_transport_types::RejectResponse {
        // A best-effort call's unknown outcome never reaches a user.
        reject_code: code.try_into().unwrap_or(ic_transport_types::RejectCode::SysTransient),
        reject_message: reject.reject_message.clone(),
        error_code: Some(reject.error_code.to_string()),
    }
}
