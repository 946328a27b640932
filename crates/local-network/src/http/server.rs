//! Connections: how many, for how long, and how they end.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::{Page, router};
use crate::limits::*;
use crate::node::Node;

/// How long open connections have to finish their request once the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Serves `node`, and a page if there is one, on `listener` until `stop` is done; requests that are being answered then are
/// finished.
///
/// # Errors
///
/// If the listener fails for good.
pub async fn serve(
    node: Arc<Node>,
    page: Option<Page>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let router = router(node, page);
    let (connections, requests) = (Arc::new(Semaphore::new(MAX_CONNECTIONS)), Arc::new(Semaphore::new(MAX_REQUESTS)));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    tokio::pin!(stop);
    loop {
        let place = Arc::clone(&connections).acquire_owned();
        let place = tokio::select! {
            place = place => place.expect("the semaphore is never closed"),
            () = &mut stop => break,
        };
        let stream: TcpStream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // The peer went away, or the process is out of files: either passes.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // A reply is one write: waiting for more to send would only delay it.
        stream.set_nodelay(true)?;
        let (router, requests) = (router.clone(), Arc::clone(&requests));
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            let (router, requests) = (router.clone(), Arc::clone(&requests));
            async move { Ok::<Response, std::convert::Infallible>(answer(router, &requests, request).await) }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A connection that breaks concerns its client only.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    Ok(())
}

async fn answer(router: axum::Router, requests: &Semaphore, request: Request<hyper::body::Incoming>) -> Response {
    let Ok(_place) = requests.try_acquire() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many requests at once\n").into_response();
    };
    let (head, body) = request.into_parts();
    // Read whole before it takes a handler's time, and within the limits of size and time.
    let body = axum::body::to_bytes(Body::new(body), MAX_BODY_BYTES);
    let body = match tokio::time::timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            let message = format!("the body is larger than {MAX_BODY_BYTES} bytes, or was cut short\n");
            return (StatusCode::PAYLOAD_TOO_LARGE, message).into_response();
        }
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time\n").into_response(),
    };
    let mut router = router;
    match tower_service(&mut router, Request::from_parts(head, Body::from(body))).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn tower_service(
    router: &mut axum::Router,
    request: Request<Body>,
) -> Result<Response, std::convert::Infallible> {
    use hyper_util::service::TowerToHyperService;
    hyper::service::Service::call(&TowerToHyperService::new(router.clone()), request).await
}
