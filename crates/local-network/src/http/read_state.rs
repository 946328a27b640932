//! `read_state`: certificates of what a sender may see.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use candid::Principal;
use ic_transport_types::{EnvelopeContent, ReadStateResponse};

use super::api::{check_range, envelope, principal, reply};
use super::error::Refusal;
use super::query::blocking;
use crate::limits::{MAX_PATH_LABELS, MAX_PATHS};
use crate::node::Node;
use crate::{sender, state_tree};

/// `POST /api/v2/canister/<id>/read_state` and v3. The time and the subnet may be asked for through any canister, as
/// clients do that want to know how far their clock is off.
pub async fn of_canister(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let effective = principal(&id)?;
    read_state(node, body, move |node, sender, path| {
        let labels: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
        match labels[..] {
            [b"time"] | [b"subnet", ..] | [b"canister_ranges", ..] => Ok(()),
            [b"request_status", id] | [b"request_status", id, _] => match node.request_sender(id) {
                Some(owner) if owner != sender => {
                    Err(Refusal::forbidden("only its sender may read a request's status"))
                }
                _ => Ok(()),
            },
            [b"canister", id, b"controllers" | b"module_hash"] | [b"canister", id, b"metadata", _] => {
                if id != effective.as_slice() {
                    return Err(Refusal::malformed(format!("a path is not of canister {effective}")));
                }
                check_range(effective)
            }
            _ => Err(no_such_path(path)),
        }
    })
    .await
}

/// `POST /api/v2/subnet/<id>/read_state` and v3.
pub async fn of_subnet(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let subnet = principal(&id)?;
    if subnet != node.keys.subnet_id {
        return Err(Refusal(StatusCode::NOT_FOUND, format!("there is no subnet {subnet} here")));
    }
    read_state(node, body, |_, _, path| match path.first().map(Vec::as_slice) {
        Some(b"time" | b"subnet" | b"canister_ranges") => Ok(()),
        _ => Err(no_such_path(path)),
    })
    .await
}

async fn read_state(
    node: Arc<Node>,
    body: Bytes,
    check: impl Fn(&Node, Principal, &[Vec<u8>]) -> Result<(), Refusal>,
) -> Result<Response, Refusal> {
    let envelope = envelope(&body)?;
    sender::verify(&envelope, node.now())?;
    let EnvelopeContent::ReadState { sender, paths, .. } = envelope.content.into_owned() else {
        return Err(Refusal::malformed("the request is not a read_state"));
    };
    if paths.len() > MAX_PATHS {
        return Err(Refusal::malformed(format!("{} paths are more than {MAX_PATHS}", paths.len())));
    }
    if let Some(path) = paths.iter().find(|path| path.len() > MAX_PATH_LABELS) {
        return Err(Refusal::malformed(format!("a path of {} labels is longer than {MAX_PATH_LABELS}", path.len())));
    }
    let paths: Vec<state_tree::Path> =
        paths.iter().map(|path| path.iter().map(|label| label.as_bytes().to_vec()).collect()).collect();
    for path in &paths {
        check(&node, sender, path)?;
    }
    let certificate = blocking(move || node.certify(&paths, sender)).await?;
    Ok(reply(&ReadStateResponse { certificate }))
}

fn no_such_path(path: &[Vec<u8>]) -> Refusal {
    let labels: Vec<_> = path.iter().map(|label| String::from_utf8_lossy(label)).collect();
    Refusal(StatusCode::NOT_FOUND, format!("/{} may not be read here", labels.join("/")))
}
