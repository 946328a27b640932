//! Update calls: answered when executed, or taken in for polling.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use candid::Principal;
use ic_transport_types::TransportCallResponse;
use local_ic::RejectResponse;
use local_ic::limits::MAX_INGRESS_BYTES;
use tokio::sync::watch;

use super::api::{Request, check_route, principal, rejection, reply, verify};
use super::error::Refusal;
use super::management;
use crate::limits::CALL_TIMEOUT;
use crate::node::Node;
use crate::requests::{Call, Header, Progress, RequestHash, Status};
use crate::sender::{Kind, Message};

/// `POST /api/v2/canister/<id>/call`: 202 once the call is taken in.
pub async fn asynchronous(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    request: Request<Message>,
) -> Result<Response, Refusal> {
    let rejected = |reject: &RejectResponse| reply(&rejection(reject));
    let mut progress = match submit(&node, &id, request)? {
        Ok((progress, _)) => progress,
        Err(reject) => return Ok(rejected(&reject)),
    };
    match wait(&mut progress, |progress| !matches!(progress, Progress::Waiting)).await {
        Progress::TurnedAway(reject) => Ok(rejected(&reject)),
        Progress::Taken(_) => Ok(StatusCode::ACCEPTED.into_response()),
        Progress::Waiting | Progress::Stopped => Err(not_taken_in()),
    }
}

/// `POST /api/v3/canister/<id>/call` and v4: the certificate of the response, or 202 if there is none in time.
pub async fn synchronous(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    request: Request<Message>,
) -> Result<Response, Refusal> {
    let rejected = |reject: &RejectResponse| reply(&TransportCallResponse::NonReplicatedRejection(rejection(reject)));
    let (mut progress, call) = match submit(&node, &id, request)? {
        Ok(submitted) => submitted,
        Err(reject) => return Ok(rejected(&reject)),
    };
    let open = |progress: &Progress| matches!(progress, Progress::Waiting | Progress::Taken(Status::Processing(_)));
    match wait(&mut progress, |progress| !open(progress)).await {
        Progress::TurnedAway(reject) => Ok(rejected(&reject)),
        Progress::Taken(Status::Processing(_)) => Ok(StatusCode::ACCEPTED.into_response()),
        Progress::Taken(status) => {
            let certificate = node.certify_call(call, &status).await;
            let certificate = certificate.ok_or_else(|| Refusal::overloaded("nothing is certified any more"))?;
            Ok(reply(&TransportCallResponse::Replied { certificate }))
        }
        Progress::Waiting | Progress::Stopped => Err(not_taken_in()),
    }
}

/// A call that was submitted, or turned away before that.
type Submitted = Result<(watch::Receiver<Progress>, RequestHash), RejectResponse>;

fn submit(node: &Node, effective: &str, request: Request<Message>) -> Result<Submitted, Refusal> {
    let effective = principal(effective)?;
    let Request { envelope, bytes } = request;
    if bytes as u64 > MAX_INGRESS_BYTES {
        let message = format!("the call has {bytes} bytes, more than {MAX_INGRESS_BYTES}");
        return Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    let id = verify(node, Kind::Call, &envelope)?.id;
    let call = envelope.content;
    check_route(effective, &call)?;
    if call.canister_id == Principal::management_canister()
        && let Err(reject) = management::check_ingress(&call.method_name, &call.arg)
    {
        return Ok(Err(reject));
    }
    let call = Call {
        id,
        header: Header { sender: call.sender, canister: call.canister_id, expiry: call.ingress_expiry },
        method: call.method_name,
        argument: call.arg.into_vec(),
    };
    let progress = node.submit(call).map_err(|busy| Refusal::overloaded(busy.to_string()))?;
    Ok(Ok((progress, id)))
}

/// The progress once it is as `wanted`, or as it is after [`CALL_TIMEOUT`].
async fn wait(progress: &mut watch::Receiver<Progress>, wanted: impl FnMut(&Progress) -> bool) -> Progress {
    let _ = tokio::time::timeout(CALL_TIMEOUT, progress.wait_for(wanted)).await;
    progress.borrow().clone()
}

/// What is answered of a call that the executor has not taken in: nothing of it is saved, so it may be lost.
fn not_taken_in() -> Refusal {
    Refusal::overloaded("the call was not taken in: send it again, it will not be executed twice")
}
