//! A page that is served beside the API, at the addresses that name no canister.
//!
//! As from the platform's asset canister, the page learns of the network from a cookie `ic_env` with the root key and
//! canister ids.

use std::path::PathBuf;

use axum::Extension;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::services::ServeDir;

use super::gateway;
use crate::folder::Canisters;

/// A folder of static files.
#[derive(Clone)]
pub struct Page {
    files: ServeDir,
    cookie: HeaderValue,
}

impl Page {
    /// The files of `folder`. The page gets the canisters' ids by their names.
    pub fn new(folder: PathBuf, root_key: &[u8], canisters: &Canisters) -> Self {
        let root_key: String = root_key.iter().map(|byte| format!("{byte:02x}")).collect();
        // The pairs in the cookie's value are joined by `=` and `&`, and encoded as one component of a URL.
        let ids = canisters.iter().map(|(name, id)| format!("%26PUBLIC_CANISTER_ID%3A{name}%3D{id}"));
        let ids: String = ids.collect();
        let cookie = format!("ic_env=ic_root_key%3D{root_key}{ids}; SameSite=Lax; Path=/");
        let cookie = cookie.try_into().expect("names, hexadecimal digits and canister ids are legal in a header");
        Self { files: ServeDir::new(folder), cookie }
    }

    async fn serve(&mut self, request: Request) -> Response {
        let mut response = match self.files.try_call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => {
                (axum::http::StatusCode::INTERNAL_SERVER_ERROR, format!("the page cannot be read: {error}\n"))
                    .into_response()
            }
        };
        let headers = response.headers_mut();
        headers.insert(SET_COOKIE, self.cookie.clone());
        // Another start of the network has other keys, and maybe another build.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// Serves the page, if there is one, where a request names neither the API nor a canister.
pub async fn intercept(page: Option<Extension<Page>>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    match page {
        Some(Extension(mut page)) if !is_api && gateway::canister_id(request.uri(), request.headers()).is_none() => {
            page.serve(request).await
        }
        _ => next.run(request).await,
    }
}
