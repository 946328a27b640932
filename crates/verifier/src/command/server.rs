//! `GET /metrics` and `GET /healthz`.

use super::now;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use verifier::progress::Progress;

/// Maximum number of connections that are served at once. Others wait.
const CONNECTIONS: usize = 64;
/// Maximum time for a client to send the head of its request.
const HEAD: Duration = Duration::from_secs(10);

/// Serves until the process ends.
pub async fn serve(listener: TcpListener, progress: watch::Receiver<Progress>) {
    let free = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&free).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // A temporary error, for instance: no file descriptors are left.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let progress = progress.clone();
        let service = service_fn(move |request| {
            let response = answer(&request, &progress.borrow());
            async { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(async move {
            let mut connection = http1::Builder::new();
            connection.timer(TokioTimer::new()).header_read_timeout(HEAD).keep_alive(false);
            // A broken connection affects only its client.
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
            drop(permit);
        });
    }
}

fn answer(request: &Request<Incoming>, progress: &Progress) -> Response<Full<Bytes>> {
    let now = now() / 1_000_000_000;
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/healthz") => match progress.illness(now) {
            None => (StatusCode::OK, "ok\n".into()),
            Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n").into()),
        },
        (&Method::GET, "/metrics") => match progress.metrics(now) {
            Ok(text) => (StatusCode::OK, text),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n").into()),
        },
        _ => (StatusCode::NOT_FOUND, "GET /metrics and GET /healthz\n".into()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let text = hyper::header::HeaderValue::from_static("text/plain; version=0.0.4");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}
