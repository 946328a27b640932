//! Connections and routes. Each endpoint is a module that translates between HTTP and the node.

mod api;
mod body;
mod call;
mod error;
mod gateway;
mod management;
mod query;
mod read_state;
mod server;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tower_http::cors::CorsLayer;

pub use server::serve;

use crate::limits::MAX_BODY_BYTES;
use crate::node::Node;

/// The interface of `node`. What is not the API is for the gateway. Pages of any origin may call it, as on the platform.
fn router(node: Arc<Node>) -> Router {
    Router::new()
        .route("/api/v2/status", get(api::status))
        .route("/api/v2/canister/{id}/call", post(call::asynchronous))
        .route("/api/v3/canister/{id}/call", post(call::synchronous))
        .route("/api/v4/canister/{id}/call", post(call::synchronous))
        .route("/api/v2/canister/{id}/query", post(query::query))
        .route("/api/v3/canister/{id}/query", post(query::query))
        .route("/api/v2/canister/{id}/read_state", post(read_state::of_canister))
        .route("/api/v3/canister/{id}/read_state", post(read_state::of_canister))
        .route("/api/v2/subnet/{id}/read_state", post(read_state::of_subnet))
        .route("/api/v3/subnet/{id}/read_state", post(read_state::of_subnet))
        .fallback(gateway::serve)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CorsLayer::permissive())
        .with_state(node)
}
