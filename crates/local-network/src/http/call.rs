//! Update calls: answered when executed, or taken in for polling.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ic_transport_types::{EnvelopeContent, TransportCallResponse};
use tokio::sync::watch;

use super::api::{check_route, envelope, principal, rejection, reply};
use super::error::Refusal;
use crate::executor::Call;
use crate::limits::CALL_TIMEOUT;
use crate::node::Node;
use crate::requests::{Progress, RequestHash, Status};
use crate::sender;

/// `POST /api/v2/canister/<id>/call`: 202 once the call is taken in.
pub async fn asynchronous(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let (mut progress, _) = submit(&node, &id, &body)?;
    match wait(&mut progress, |progress| !matches!(progress, Progress::Submitted)).await {
        Some(Progress::TurnedAway(reject)) => Ok(turned_away(&reject)),
        _ => Ok(StatusCode::ACCEPTED.into_response()),
    }
}

/// `POST /api/v3/canister/<id>/call` and v4: the certificate of the response, or 202 if there is none in time.
pub async fn synchronous(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let (mut progress, call) = submit(&node, &id, &body)?;
    let over = |progress: &Progress| matches!(progress, Progress::TurnedAway(_) | Progress::Taken(Status::Answered(_)));
    match wait(&mut progress, over).await {
        Some(Progress::TurnedAway(reject)) => Ok(turned_away(&reject)),
        Some(Progress::Taken(status)) => {
            let certificate = node.certify_call(call, &status).await;
            let certificate = certificate.ok_or_else(|| Refusal::overloaded("nothing is certified any more"))?;
            Ok(reply(&TransportCallResponse::Replied { certificate }))
        }
        Some(Progress::Submitted) | None => Ok(StatusCode::ACCEPTED.into_response()),
    }
}

fn submit(node: &Node, effective: &str, body: &Bytes) -> Result<(watch::Receiver<Progress>, RequestHash), Refusal> {
    let effective = principal(effective)?;
    let envelope = envelope(body)?;
    let id = *sender::verify(&envelope, node.now())?;
    let EnvelopeContent::Call { ingress_expiry, sender, canister_id, method_name, arg, .. } =
        envelope.content.into_owned()
    else {
        return Err(Refusal::malformed("the request is not a call"));
    };
    check_route(effective, canister_id, &arg)?;
    let call = Call { id, sender, expiry: ingress_expiry, canister: canister_id, method: method_name, argument: arg };
    let progress = node.submit(call).ok_or_else(|| Refusal::overloaded("too many calls have not expired yet"))?;
    Ok((progress, id))
}

/// The progress once it is as `wanted`, or `None` after [`CALL_TIMEOUT`].
async fn wait(progress: &mut watch::Receiver<Progress>, wanted: impl FnMut(&Progress) -> bool) -> Option<Progress> {
    let reached = tokio::time::timeout(CALL_TIMEOUT, progress.wait_for(wanted)).await.ok()?;
    reached.ok().map(|progress| progress.clone())
}

fn turned_away(reject: &local_ic::RejectResponse) -> Response {
    reply(&TransportCallResponse::NonReplicatedRejection(rejection(reject)))
}
