//! The status, which clients ask for first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use super::codec::reply;
use crate::node::Node;

#[derive(Serialize)]
struct Status {
    ic_api_version: &'static str,
    impl_version: &'static str,
    replica_health_status: &'static str,
    #[serde(with = "serde_bytes")]
    root_key: Vec<u8>,
}

/// `GET /api/v2/status`: the root key, among others.
pub async fn status(State(node): State<Arc<Node>>) -> Response {
    reply(&Status {
        ic_api_version: "0.18.0",
        impl_version: env!("CARGO_PKG_VERSION"),
        replica_health_status: "healthy",
        root_key: node.keys.root_key.clone(),
    })
}
