//! Update calls. They are answered when executed, or accepted for polling.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use candid::Principal;
use ic_transport_types::TransportCallResponse;
use local_ic::RejectResponse;
use local_ic::limits::MAX_INGRESS_BYTES;
use tokio::sync::watch;

use super::codec::{Request, rejection, reply, verify};
use super::error::Refusal;
use super::management;
use super::pool::Pools;
use super::route::{Destination, destination, principal};
use crate::limits::CALL_TIMEOUT;
use crate::node::Node;
use crate::requests::{Call, Header, Progress, RequestHash, Status};
use crate::sender::{Kind, Message};

/// `POST /api/v2/canister/<id>/call`: 202 once the call is accepted.
pub async fn asynchronous(
    State(node): State<Arc<Node>>,
    State(pools): State<Pools>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let rejected = |reject: &RejectResponse| reply(&rejection(reject));
    let mut progress = match submit(&node, &pools, &id, request).await? {
        Ok((progress, _)) => progress,
        Err(reject) => return Ok(rejected(&reject)),
    };
    let open = |progress: &Progress| matches!(progress, Progress::Waiting | Progress::Executing);
    match wait(&mut progress, |progress| !open(progress)).await {
        Progress::TurnedAway(reject) => Ok(rejected(&reject)),
        Progress::Executing | Progress::Taken(_) => Ok(StatusCode::ACCEPTED.into_response()),
        Progress::Waiting | Progress::Stopped => Err(not_taken_in()),
    }
}

/// `POST /api/v3/canister/<id>/call` and v4: the certificate of the response, or 202 if there is none in time.
pub async fn synchronous(
    State(node): State<Arc<Node>>,
    State(pools): State<Pools>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let rejected = |reject: &RejectResponse| reply(&TransportCallResponse::NonReplicatedRejection(rejection(reject)));
    let (mut progress, call) = match submit(&node, &pools, &id, request).await? {
        Ok(submitted) => submitted,
        Err(reject) => return Ok(rejected(&reject)),
    };
    let open = |progress: &Progress| {
        matches!(progress, Progress::Waiting | Progress::Executing | Progress::Taken(Status::Processing(_)))
    };
    match wait(&mut progress, |progress| !open(progress)).await {
        Progress::TurnedAway(reject) => Ok(rejected(&reject)),
        Progress::Executing | Progress::Taken(Status::Processing(_)) => Ok(StatusCode::ACCEPTED.into_response()),
        Progress::Taken(status) => {
            let certificate = node.certify_call(call, &status).await;
            let certificate = certificate.ok_or_else(|| Refusal::failed("nothing is certified any more"))?;
            Ok(reply(&TransportCallResponse::Replied { certificate }))
        }
        Progress::Waiting | Progress::Stopped => Err(not_taken_in()),
    }
}

/// A call that was submitted, or rejected before that.
type Submitted = Result<(watch::Receiver<Progress>, RequestHash), RejectResponse>;

async fn submit(node: &Arc<Node>, pools: &Pools, effective: &str, request: Request) -> Result<Submitted, Refusal> {
    let effective = principal(effective)?;
    let bytes = request.bytes();
    if bytes as u64 > MAX_INGRESS_BYTES {
        let message = format!("the call has {bytes} bytes, more than {MAX_INGRESS_BYTES}");
        return Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    let checker = Arc::clone(node);
    let call = match pools.checks.run(move || check(&checker, effective, request)).await? {
        Ok(call) => call,
        Err(reject) => return Ok(Err(reject)),
    };
    let id = call.id;
    let progress = node.submit(call).map_err(|busy| Refusal::overloaded(busy.to_string()))?;
    Ok(Ok((progress, id)))
}

/// The call of a request, unless it is rejected.
fn check(node: &Node, effective: Principal, request: Request) -> Result<Result<Call, RejectResponse>, Refusal> {
    let envelope = request.decode::<Message>()?;
    let id = verify(node, Kind::Call, &envelope)?.id;
    let call = envelope.content;
    if let Destination::Management(subject) = destination(effective, &call)?
        && let Err(reject) = management::check_subject(&call.method_name, subject)
    {
        return Ok(Err(reject));
    }
    Ok(Ok(Call {
        id,
        header: Header { sender: call.sender, canister: call.canister_id, expiry: call.ingress_expiry },
        method: call.method_name,
        argument: call.arg.into_vec(),
    }))
}

/// The progress once it is as `wanted`, or after [`CALL_TIMEOUT`], or when the network stops.
async fn wait(progress: &mut watch::Receiver<Progress>, wanted: impl FnMut(&Progress) -> bool) -> Progress {
    let _ = tokio::time::timeout(CALL_TIMEOUT, progress.wait_for(wanted)).await;
    progress.borrow().clone()
}

/// The answer to a call that the executor has not accepted. Nothing of the call is saved, so it may be lost.
fn not_taken_in() -> Refusal {
    Refusal::overloaded("the call was not accepted: send it again, it will not be executed twice")
}

#[cfg(test)]
mod tests;
