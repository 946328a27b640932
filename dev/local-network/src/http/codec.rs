//! Requests and responses of the API in CBOR, and the candid in them that the network itself reads.

use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use candid::CandidType;
use candid::de::DecoderConfig;
use local_ic::RejectResponse;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Refusal;
use crate::cbor;
use crate::limits::MAX_SKIPPING_STEPS;
use crate::node::Node;
use crate::sender::{self, Content, Envelope, Kind, Verified};

/// The media type of requests and responses.
const CBOR: &str = "application/cbor";

/// A request in CBOR, not decoded yet. Decoding and verifying it take processor time, so the [pools](super::pool) do
/// that.
pub struct Request(Bytes);

impl<S: Send + Sync> FromRequest<S> for Request {
    type Rejection = Refusal;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Refusal> {
        check_content_type(request.headers())?;
        let body = Bytes::from_request(request, state).await;
        body.map(Self).map_err(|error| Refusal(error.status(), error.body_text()))
    }
}

impl Request {
    /// Number of its bytes.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// The content. The body's room is returned, because others may wait for it.
    pub fn decode<C: DeserializeOwned>(self) -> Result<Envelope<C>, Refusal> {
        cbor::decode(&self.0)
            .map_err(|error| Refusal::malformed(format!("the body is no envelope of a request in CBOR: {error}")))
    }
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

/// The only value in `bytes`, with a limit on the work for unexpected values.
pub fn decode_candid<T: CandidType + DeserializeOwned>(bytes: &[u8]) -> candid::Result<T> {
    let mut config = DecoderConfig::new();
    config.set_skipping_quota(MAX_SKIPPING_STEPS).set_full_error_message(false);
    candid::utils::decode_one_with_config(bytes, &config)
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

/// `value` as a response.
pub fn reply(value: &impl Serialize) -> Response {
    ([(CONTENT_TYPE, CBOR)], cbor::encode(value)).into_response()
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
