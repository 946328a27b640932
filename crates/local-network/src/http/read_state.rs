//! `read_state`: certificates of what a sender may see.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use candid::Principal;
use ic_transport_types::ReadStateResponse;

use super::api::{Request, check_range, principal, reply, verify};
use super::error::Refusal;
use super::query::blocking;
use crate::limits::{MAX_PATH_LABELS, MAX_PATHS};
use crate::node::Node;
use crate::requests::RequestHash;
use crate::sender::{Kind, Reading, Scope};
use crate::state_tree;

/// `POST /api/v2/canister/<id>/read_state` and v3. The time and the subnet may be asked for through any canister, as
/// clients do that want to know how far their clock is off.
pub async fn of_canister(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    request: Request<Reading>,
) -> Result<Response, Refusal> {
    let effective = principal(&id)?;
    let mut asked: Option<RequestHash> = None;
    read_state(node, request, |node, sender, scope, path| match path {
        [b"canister", id, b"controllers" | b"module_hash"] => check_canister(id, effective),
        [b"canister", id, b"metadata", name] => {
            check_canister(id, effective)?;
            let name = str::from_utf8(name)
                .map_err(|error| Refusal::malformed(format!("the name of metadata is no UTF-8: {error}")))?;
            if node.may_read_metadata(effective, sender, name) {
                return Ok(());
            }
            Err(Refusal::forbidden(format!("only controllers of canister {effective} may read its metadata '{name}'")))
        }
        [b"request_status", id]
        | [b"request_status", id, b"status" | b"reply" | b"reject_code" | b"reject_message" | b"error_code"] => {
            let id = RequestHash::try_from(*id)
                .map_err(|_| Refusal::malformed(format!("a request id has 32 bytes, not {}", id.len())))?;
            if *asked.get_or_insert(id) != id {
                return Err(Refusal::malformed("the paths name more than one request"));
            }
            match node.call(&id) {
                Some(call) if call.sender != sender => {
                    Err(Refusal::forbidden("only its sender may read a request's status"))
                }
                Some(call) => scope.check_target(call.canister).map_err(|error| Refusal::forbidden(error.to_string())),
                None => Ok(()),
            }
        }
        _ => check_subnet_path(path),
    })
    .await
}

/// `POST /api/v2/subnet/<id>/read_state` and v3.
pub async fn of_subnet(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    request: Request<Reading>,
) -> Result<Response, Refusal> {
    let subnet = principal(&id)?;
    if subnet != node.keys.subnet_id {
        return Err(Refusal(StatusCode::NOT_FOUND, format!("there is no subnet {subnet} here")));
    }
    read_state(node, request, |_, _, _, path| check_subnet_path(path)).await
}

/// Checks a path that is of no canister and no request.
fn check_subnet_path(path: &[&[u8]]) -> Result<(), Refusal> {
    match path {
        [b"time"]
        | [b"subnet"]
        | [b"subnet", _]
        | [b"subnet", _, b"public_key" | b"type" | b"canister_ranges" | b"node"]
        | [b"subnet", _, b"node", _]
        | [b"subnet", _, b"node", _, b"public_key"]
        | [b"canister_ranges", _]
        | [b"api_boundary_nodes"]
        | [b"api_boundary_nodes", _]
        | [b"api_boundary_nodes", _, b"domain" | b"ipv4_address" | b"ipv6_address"] => Ok(()),
        _ => {
            let labels: Vec<_> = path.iter().map(|label| String::from_utf8_lossy(label)).collect();
            Err(Refusal(StatusCode::NOT_FOUND, format!("/{} may not be read here", labels.join("/"))))
        }
    }
}

fn check_canister(id: &[u8], effective: Principal) -> Result<(), Refusal> {
    if id == effective.as_slice() {
        return check_range(effective);
    }
    let id = Principal::try_from_slice(id).map_or_else(|_| format!("{id:02x?}"), |id| id.to_string());
    Err(Refusal::malformed(format!("a path is of canister {id}, the request names {effective}")))
}

async fn read_state(
    node: Arc<Node>,
    request: Request<Reading>,
    mut check: impl FnMut(&Node, Principal, &Scope, &[&[u8]]) -> Result<(), Refusal>,
) -> Result<Response, Refusal> {
    let content = &request.envelope.content;
    let paths = content.paths.get();
    let paths = paths.map_err(|count| Refusal::malformed(format!("{count} paths are more than {MAX_PATHS}")))?;
    let paths = paths.iter().map(|path| {
        let labels = path.get().map_err(|count| {
            Refusal::malformed(format!("a path of {count} labels is longer than {MAX_PATH_LABELS}"))
        })?;
        Ok(labels.iter().map(|label| label.to_vec()).collect())
    });
    let paths = paths.collect::<Result<Vec<state_tree::Path>, Refusal>>()?;
    let scope = verify(&node, Kind::ReadState, &request.envelope)?.scope;
    let sender = content.sender;
    for path in &paths {
        let labels: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
        check(&node, sender, &scope, &labels)?;
    }
    let certificate = blocking(move || node.certify(&paths)).await?;
    Ok(reply(&ReadStateResponse { certificate }))
}
