//! Queries, signed by the node.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use candid::Principal;
use ic_transport_types::{QueryResponse, ReplyResponse, RequestId};

use super::codec::{Request, rejection, reply, verify};
use super::error::Refusal;
use super::management;
use super::pool::Pools;
use super::route::{Destination, destination, principal};
use crate::node::Node;
use crate::sender::{Kind, Message};

/// `POST /api/v2/canister/<id>/query` and v3.
pub async fn query(
    State(node): State<Arc<Node>>,
    State(pools): State<Pools>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let effective = principal(&id)?;
    pools.queries.run(move || answer(&node, effective, request)).await
}

/// The request is decoded only now. While it waited for its place, it took only the bytes that the limit of bodies
/// counts.
fn answer(node: &Node, effective: Principal, request: Request) -> Result<Response, Refusal> {
    let envelope = request.decode::<Message>()?;
    let id = RequestId::new(&verify(node, Kind::Query, &envelope)?.id);
    let query = envelope.content;
    let legal = match destination(effective, &query)? {
        Destination::Canister => Ok(()),
        Destination::Management(subject) => management::check_subject(&query.method_name, subject),
    };
    let Message { canister_id, sender, method_name, arg, .. } = query;
    let outcome = legal.and_then(|()| node.query(canister_id, sender, &method_name, arg.into_vec()));
    let mut response = match outcome {
        Ok(arg) => QueryResponse::Replied { reply: ReplyResponse { arg }, signatures: Vec::new() },
        Err(reject) => QueryResponse::Rejected { reject: rejection(&reject), signatures: Vec::new() },
    };
    node.keys.sign_query(id, node.now(), &mut response);
    Ok(reply(&response))
}
