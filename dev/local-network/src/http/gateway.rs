//! The gateway: a canister's `http_request` under `http://<canister id>.localhost:PORT/`, or with `?canisterId=`.
//!
//! Responses are passed on as the canister returns them, unverified, because this process is the network. Responses
//! that ask for streaming or for an upgrade to an update call are refused.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRAILER, TRANSFER_ENCODING, UPGRADE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use candid::{CandidType, Deserialize, Principal, Reserved};
use local_ic::ErrorCode;
use serde_bytes::ByteBuf;

use super::codec::decode_candid;
use super::error::Refusal;
use super::pool::Pools;
use super::route::check_range;
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
    upgrade: Option<bool>,
    streaming_strategy: Option<Reserved>,
}

/// Headers that are about one connection and not about the response, which is sent whole.
const CONNECTION_HEADERS: [HeaderName; 6] =
    [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE, TRAILER, HeaderName::from_static("keep-alive")];

/// Everything that is not the API.
pub async fn serve(
    State(node): State<Arc<Node>>,
    State(pools): State<Pools>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let Some(id) = canister_id(&uri, &headers) else {
        let message = "name a canister: http://<canister id>.localhost:PORT/, or ?canisterId=<canister id>";
        return Err(Refusal(StatusCode::NOT_FOUND, message.to_string()));
    };
    let id = Principal::from_text(&id)
        .map_err(|error| Refusal::malformed(format!("'{id}' is not a canister id: {error}")))?;
    check_range(id)?;
    pools.queries.run(move || answer(&node, id, &method, &uri, &headers, body)).await
}

/// The canister's answer.
fn answer(
    node: &Node,
    canister: Principal,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let request = HttpRequest {
        method: method.to_string(),
        url: uri.path_and_query().map_or("/".to_string(), ToString::to_string),
        headers: headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: ByteBuf::from(body),
    };
    let argument = candid::encode_one(request).map_err(|error| Refusal::malformed(error.to_string()))?;
    let reply = node.query(canister, Principal::anonymous(), "http_request", argument);
    let reply = reply.map_err(|reject| match reject.error_code {
        ErrorCode::CanisterNotFound => Refusal(StatusCode::NOT_FOUND, reject.to_string()),
        _ => bad_gateway(reject.to_string()),
    })?;
    respond(&reply)
}

/// The response that the candid of a canister's reply describes.
fn respond(reply: &[u8]) -> Result<Response, Refusal> {
    let response: HttpResponse =
        decode_candid(reply).map_err(|error| bad_gateway(format!("no answer of http_request: {error}")))?;
    if response.upgrade == Some(true) {
        return Err(Refusal(StatusCode::NOT_IMPLEMENTED, "the canister asks for an update call".to_string()));
    }
    if response.streaming_strategy.is_some() {
        return Err(Refusal(StatusCode::NOT_IMPLEMENTED, "the canister streams its response".to_string()));
    }
    let status = StatusCode::from_u16(response.status_code).ok().filter(|status| !status.is_informational());
    let status = status.ok_or_else(|| bad_gateway(format!("{} is no status of a response", response.status_code)))?;
    let mut built = Response::new(Body::from(response.body.into_vec()));
    *built.status_mut() = status;
    for (name, value) in response.headers {
        let (Ok(legal_name), Ok(legal_value)) = (HeaderName::try_from(&name), HeaderValue::try_from(&value)) else {
            return Err(bad_gateway(format!("http_request answered the illegal header {name:?}: {value:?}")));
        };
        if !CONNECTION_HEADERS.contains(&legal_name) {
            built.headers_mut().append(legal_name, legal_value);
        }
    }
    Ok(built)
}

fn bad_gateway(message: String) -> Refusal {
    Refusal(StatusCode::BAD_GATEWAY, message)
}

/// The canister that a request names: as the first label of its host, or else in the query.
pub fn canister_id(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    if let Some(id) = name.strip_suffix(".localhost") {
        return Some(id.strip_suffix(".raw").unwrap_or(id).to_string());
    }
    let mut parameters = uri.query().unwrap_or_default().split('&');
    parameters.find_map(|parameter| parameter.strip_prefix("canisterId=")).map(str::to_string)
}
