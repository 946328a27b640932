//! Connections and routes. Each endpoint is a module that translates between HTTP and the node.

mod api;
mod body;
mod call;
mod error;
mod gateway;
mod management;
mod page;
mod query;
mod read_state;
mod server;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use axum::{Extension, Router};
use tower_http::cors::CorsLayer;

pub use page::Page;
pub use server::serve;

use crate::limits::MAX_BODY_BYTES;
use crate::node::Node;

/// The interface of `node`. What is not the API is for the gateway, or of the page. Pages of any origin may call it, as
/// on the platform.
fn router(node: Arc<Node>, page: Option<Page>) -> Router {
    let router = Router::new()
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
        .layer(from_fn(page::intercept))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CorsLayer::permissive())
        .with_state(node);
    match page {
        Some(page) => router.layer(Extension(page)),
        None => router,
    }
}
