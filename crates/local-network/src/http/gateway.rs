//! The gateway: a canister's `http_request` under `http://<canister id>.localhost:PORT/`, or with `?canisterId=`.
//!
//! Responses are handed on as the canister gives them, unverified: this process is the network. It follows neither
//! streaming strategies nor upgrades to an update call.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use candid::{CandidType, Deserialize, Principal};
use serde_bytes::ByteBuf;

use super::api::check_range;
use super::error::Refusal;
use super::query::blocking;
use crate::node::Node;

#[derive(CandidType)]
struct HttpRequest {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: ByteBuf,
}

#[derive(CandidType, Deserialize)]
struct HttpResponse {
    status_code: u16,
    headers: Vec<(String, String)>,
    body: ByteBuf,
}

/// Everything that is not the API.
pub async fn serve(
    State(node): State<Arc<Node>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let Some(id) = canister_id(&uri, &headers) else {
        let message = "name a canister: http://<canister id>.localhost:PORT/, or ?canisterId=<canister id>";
        return Err(Refusal(StatusCode::NOT_FOUND, message.to_string()));
    };
    let id =
        Principal::from_text(&id).map_err(|error| Refusal::malformed(format!("'{id}' is no canister id: {error}")))?;
    check_range(id)?;
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let request = HttpRequest {
        method: method.to_string(),
        url: uri.path_and_query().map_or("/".to_string(), ToString::to_string),
        headers: headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: ByteBuf::from(body.to_vec()),
    };
    let argument = candid::encode_one(request).map_err(|error| Refusal::malformed(error.to_string()))?;
    let bad_gateway = |message: String| Refusal(StatusCode::BAD_GATEWAY, message);
    let reply = blocking(move || node.query(id, Principal::anonymous(), "http_request", argument)).await?;
    let reply = reply.map_err(|reject| bad_gateway(reject.to_string()))?;
    let response: HttpResponse =
        candid::decode_one(&reply).map_err(|error| bad_gateway(format!("no answer of http_request: {error}")))?;
    let mut builder = Response::builder().status(response.status_code);
    for (name, value) in response.headers {
        // The body is sent whole, whatever the canister says of it.
        if !name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str()) && !name.eq_ignore_ascii_case(TRANSFER_ENCODING.as_str())
        {
            builder = builder.header(name, value);
        }
    }
    let built = builder.body(Body::from(response.body.into_vec()));
    built
        .map_err(|error| bad_gateway(format!("no legal answer of http_request: {error}")))
        .map(IntoResponse::into_response)
}

/// The canister that a request names: in the query, or as the first label of its host.
pub fn canister_id(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let parameters = uri.query().unwrap_or_default().split('&');
    if let Some(id) = parameters.filter_map(|parameter| parameter.strip_prefix("canisterId=")).next() {
        return Some(id.to_string());
    }
    let host = headers.get(HOST)?.to_str().ok()?;
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
    host.strip_suffix(".localhost").map(str::to_string)
}
