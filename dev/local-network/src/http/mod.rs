//! Connections and routes. Each endpoint is a module that translates between HTTP and the node.

mod body;
mod call;
mod codec;
mod error;
mod gateway;
mod management;
mod page;
mod pool;
mod query;
mod read_state;
mod route;
mod server;
mod status;
mod stream;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::from_fn;
use axum::routing::{get, post};
use axum::{Extension, Router};
use tower_http::cors::CorsLayer;

pub use page::Page;
pub use server::serve;

use crate::node::Node;
use pool::Pools;

/// The state that endpoints share.
#[derive(Clone)]
struct Equipment {
    node: Arc<Node>,
    pools: Pools,
}

impl FromRef<Equipment> for Arc<Node> {
    fn from_ref(equipment: &Equipment) -> Self {
        Arc::clone(&equipment.node)
    }
}

impl FromRef<Equipment> for Pools {
    fn from_ref(equipment: &Equipment) -> Self {
        equipment.pools.clone()
    }
}

/// The interface of `node`. Other paths are for the gateway or the page. Pages of any origin may call it, as on the
/// platform.
fn router(node: Arc<Node>, page: Option<Page>) -> Router {
    let router = Router::new()
        .route("/api/v2/status", get(status::status))
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
        // Bodies are already read by the intake, which has a limit of its own.
        .layer(DefaultBodyLimit::disable())
        .layer(CorsLayer::permissive())
        .with_state(Equipment { node, pools: Pools::default() });
    match page {
        Some(page) => router.layer(Extension(page)),
        None => router,
    }
}
