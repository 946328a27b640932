//! Queries, signed by the node.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use candid::Principal;
use ic_transport_types::{NodeSignature, QueryResponse, ReplyResponse, RequestId};

use super::api::{Request, check_route, principal, rejection, reply, verify};
use super::error::Refusal;
use super::management;
use crate::node::Node;
use crate::sender::{Kind, Message};

/// `POST /api/v2/canister/<id>/query` and v3.
pub async fn query(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    request: Request<Message>,
) -> Result<Response, Refusal> {
    let effective = principal(&id)?;
    let id = RequestId::new(&verify(&node, Kind::Query, &request.envelope)?.id);
    let query = request.envelope.content;
    check_route(effective, &query)?;
    let answer = blocking(move || {
        let Message { canister_id, sender, method_name, arg, .. } = query;
        let legal = match canister_id == Principal::management_canister() {
            true => management::check_subject(&method_name, &arg),
            false => Ok(()),
        };
        let outcome = legal.and_then(|()| node.query(canister_id, sender, &method_name, arg.into_vec()));
        let mut response = match outcome {
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
