//! `read_state`: certificates of the paths that a sender may see.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use candid::Principal;
use ic_transport_types::ReadStateResponse;
use local_ic::CanisterInfo;

use super::codec::{Request, reply, verify};
use super::error::Refusal;
use super::pool::Pools;
use super::route::{check_range, principal};
use crate::limits::{MAX_PATH_LABELS, MAX_PATHS};
use crate::node::Node;
use crate::requests::{RequestHash, Status};
use crate::sender::{Kind, Reading, Scope};
use crate::state_tree;

/// `POST /api/v2/canister/<id>/read_state` and v3. Clients may ask for the time and the subnet through any canister, for
/// instance to correct their clock.
pub async fn of_canister(
    State(node): State<Arc<Node>>,
    State(pools): State<Pools>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let effective = principal(&id)?;
    pools.checks.run(move || read_canister(&node, effective, request)).await
}

/// `POST /api/v2/subnet/<id>/read_state` and v3.
pub async fn of_subnet(
    State(node): State<Arc<Node>>,
    State(pools): State<Pools>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let subnet = principal(&id)?;
    if subnet != node.keys.subnet_id {
        return Err(Refusal(StatusCode::NOT_FOUND, format!("there is no subnet {subnet} here")));
    }
    pools.checks.run(move || read_subnet(&node, request)).await
}

fn read_canister(node: &Node, effective: Principal, request: Request) -> Result<Response, Refusal> {
    let Asked { sender, scope, paths } = asked(node, request)?;
    // Each is looked at once, however many paths name it, so that the reply shows what was checked. The call comes first:
    // if it has replied, its changes of the canister are seen.
    let id = request_of(&paths)?;
    let (time, status) = match id {
        Some(id) => {
            check_range(effective)?;
            look_up(node, &id, sender, &scope)?
        }
        None => (node.now(), None),
    };
    let of_canister = paths.iter().any(|path| path.first().is_some_and(|label| label == b"canister"));
    let canister = of_canister.then(|| node.canister_info(effective)).flatten();
    for path in &paths {
        match path.iter().map(Vec::as_slice).collect::<Vec<_>>()[..] {
            [b"canister", id, b"controllers" | b"module_hash"] => check_canister(id, effective)?,
            [b"canister", id, b"metadata", name] => {
                check_canister(id, effective)?;
                let name = str::from_utf8(name)
                    .map_err(|error| Refusal::malformed(format!("the name of metadata is no UTF-8: {error}")))?;
                if canister.as_ref().is_some_and(|canister| !may_read_metadata(canister, sender, name)) {
                    let message = format!("only controllers of canister {effective} may read its metadata '{name}'");
                    return Err(Refusal::forbidden(message));
                }
            }
            [b"request_status", _]
            | [b"request_status", _, b"status" | b"reply" | b"reject_code" | b"reject_message" | b"error_code"] => {}
            ref labels => check_subnet_path(labels)?,
        }
    }
    let canister = canister.as_ref().map(|info| (effective, info));
    let certificate = node.certify(Some(effective), &paths, time, canister, id.as_ref().zip(status.as_ref()));
    Ok(reply(&ReadStateResponse { certificate }))
}

fn read_subnet(node: &Node, request: Request) -> Result<Response, Refusal> {
    let paths = asked(node, request)?.paths;
    for path in &paths {
        check_subnet_path(&path.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    }
    Ok(reply(&ReadStateResponse { certificate: node.certify(None, &paths, node.now(), None, None) }))
}

/// The paths and the reader of a request.
struct Asked {
    sender: Principal,
    scope: Scope,
    paths: Vec<state_tree::Path>,
}

/// The paths that a request wants to read, once it is found to be its sender's.
fn asked(node: &Node, request: Request) -> Result<Asked, Refusal> {
    let envelope = request.decode::<Reading>()?;
    let paths = envelope.content.paths.get();
    let paths = paths.map_err(|count| Refusal::malformed(format!("{count} paths are more than {MAX_PATHS}")))?;
    let paths = paths.iter().map(|path| {
        let labels = path.get().map_err(|count| {
            Refusal::malformed(format!("a path of {count} labels is longer than {MAX_PATH_LABELS}"))
        })?;
        Ok(labels.iter().map(|label| label.to_vec()).collect())
    });
    let paths = paths.collect::<Result<Vec<state_tree::Path>, Refusal>>()?;
    let scope = verify(node, Kind::ReadState, &envelope)?.scope;
    Ok(Asked { sender: envelope.content.sender, scope, paths })
}

/// Whether this metadata is public, or missing, or its reader controls the canister.
fn may_read_metadata(canister: &CanisterInfo, reader: Principal, name: &str) -> bool {
    let private = canister.metadata.iter().any(|section| section.private && section.name == name);
    !private || canister.controllers.contains(&reader)
}

/// The request that the paths are about, if any. There may be only one.
fn request_of(paths: &[state_tree::Path]) -> Result<Option<RequestHash>, Refusal> {
    let mut request = None;
    for path in paths {
        let [kind, id, ..] = &path[..] else { continue };
        if kind != b"request_status" {
            continue;
        }
        let id = RequestHash::try_from(&id[..])
            .map_err(|_| Refusal::malformed(format!("a request id has 32 bytes, not {}", id.len())))?;
        if *request.get_or_insert(id) != id {
            return Err(Refusal::malformed("the paths name more than one request"));
        }
    }
    Ok(request)
}

/// The status of a call by this sender to a canister that its delegations allow, and the time of that status. A client that
/// sees no status at a time after the call's expiry can rely on it that the call is never executed. A call that waits, or is
/// in its first round, has no status yet.
fn look_up(node: &Node, id: &RequestHash, sender: Principal, scope: &Scope) -> Result<(u64, Option<Status>), Refusal> {
    // The time is taken before the look-up. A call that is noted later is accepted only if it has not expired then.
    let now = node.now();
    let Some((call, status)) = node.call(id) else { return Ok((now, None)) };
    if call.sender != sender {
        return Err(Refusal::forbidden("only its sender may read a request's status"));
    }
    scope.check_target(call.canister).map_err(|error| Refusal::forbidden(error.to_string()))?;
    let time = if status.is_some() { now } else { now.min(call.expiry) };
    Ok((time, status))
}

/// Checks a path that is about no canister and no request.
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
