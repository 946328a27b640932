//! Queries, signed by the node.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use ic_transport_types::{EnvelopeContent, NodeSignature, QueryResponse, ReplyResponse};

use super::api::{check_route, envelope, principal, rejection, reply};
use super::error::Refusal;
use crate::node::Node;
use crate::sender;

/// `POST /api/v2/canister/<id>/query` and v3.
pub async fn query(State(node): State<Arc<Node>>, Path(id): Path<String>, body: Bytes) -> Result<Response, Refusal> {
    let effective = principal(&id)?;
    let envelope = envelope(&body)?;
    let id = sender::verify(&envelope, node.now())?;
    let EnvelopeContent::Query { sender, canister_id, method_name, arg, .. } = envelope.content.into_owned() else {
        return Err(Refusal::malformed("the request is not a query"));
    };
    check_route(effective, canister_id, &arg)?;
    let answer = blocking(move || {
        let mut response = match node.query(canister_id, sender, &method_name, arg) {
            Ok(arg) => QueryResponse::Replied { reply: ReplyResponse { arg }, signatures: Vec::new() },
            Err(reject) => QueryResponse::Rejected { reject: rejection(&reject), signatures: Vec::new() },
        };
        let timestamp = node.now();
        let signature = node.keys.sign_as_node(&response.signable(id, timestamp));
        let (QueryResponse::Replied { signatures, .. } | QueryResponse::Rejected { signatures, .. }) = &mut response;
        signatures.push(NodeSignature { timestamp, signature, identity: node.keys.node_id });
        response
    });
    Ok(reply(&answer.await?))
}

/// Runs what may take long on a thread where it holds up nobody.
pub async fn blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    let result = tokio::task::spawn_blocking(f).await;
    result.map_err(|error| Refusal::overloaded(format!("the request was not finished: {error}")))
}
