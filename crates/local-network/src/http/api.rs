//! What the endpoints of the API share: requests and responses in CBOR, effective canister ids; and the status.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use candid::Principal;
use candid::types::principal::PrincipalError;
use local_ic::{CANISTER_ID_RANGE, RejectResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Refusal;
use super::management;
use crate::certificate::cbor;
use crate::node::Node;
use crate::sender::{self, Content, Envelope, Kind, Message, Verified};

/// The media type of requests and responses.
const CBOR: &str = "application/cbor";

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
    ([(CONTENT_TYPE, CBOR)], cbor(value)).into_response()
}

/// A request in CBOR.
pub struct Request<C> {
    /// Its envelope. Nobody has looked at its signature yet.
    pub envelope: Envelope<C>,
    /// How many bytes it was sent in.
    pub bytes: usize,
}

impl<S: Send + Sync, C: DeserializeOwned> FromRequest<S> for Request<C> {
    type Rejection = Refusal;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Refusal> {
        check_content_type(request.headers())?;
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|error| Refusal(error.status(), error.body_text()))?;
        let envelope = serde_cbor::from_slice(&body);
        let envelope = envelope
            .map_err(|error| Refusal::malformed(format!("the body is no envelope of a request in CBOR: {error}")))?;
        Ok(Self { envelope, bytes: body.len() })
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Err(Refusal::malformed(format!("a request must say its content-type, {CBOR}")));
    };
    let text = value.to_str().unwrap_or_default();
    let media_type = text.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case(CBOR) {
        return Ok(());
    }
    Err(Refusal::malformed(format!("the content-type of a request is {CBOR}, not {value:?}")))
}

/// Checks that a request is of this kind and its sender's, and not expired.
pub fn verify<C: Content>(node: &Node, kind: Kind, envelope: &Envelope<C>) -> Result<Verified, Refusal> {
    let header = envelope.content.header();
    if header.request_type != kind.name() {
        let message = format!("request_type is '{}', this endpoint takes '{}'", header.request_type, kind.name());
        return Err(Refusal::malformed(message));
    }
    Ok(sender::verify(kind, envelope, node.now())?)
}

/// A principal in a path.
pub fn principal(text: &str) -> Result<Principal, Refusal> {
    let parsed: Result<Principal, PrincipalError> = Principal::from_text(text);
    parsed.map_err(|error| Refusal::malformed(format!("'{text}' in the path is no principal: {error}")))
}

/// Checks that a call or query goes where its path says: a canister of this subnet, or to the management canister
/// about one.
pub fn check_route(effective: Principal, message: &Message) -> Result<(), Refusal> {
    let canister = message.canister_id;
    if canister != Principal::management_canister() {
        if canister != effective {
            let message = format!("the request is for canister {canister}, its path names {effective}");
            return Err(Refusal::malformed(message));
        }
    } else if let Some(about) = management::subject(&message.arg).filter(|about| *about != effective) {
        let message = format!("the management call is about canister {about}, its path names {effective}");
        return Err(Refusal::malformed(message));
    }
    check_range(effective)
}

/// Checks that a canister id is one of this subnet.
pub fn check_range(id: Principal) -> Result<(), Refusal> {
    let (first, last) = CANISTER_ID_RANGE;
    if (first..=last).contains(&id) {
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
