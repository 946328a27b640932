//! Connections: their number, their duration, and their end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::body::Intake;
use super::stream::Draining;
use super::{Page, router};
use crate::limits::*;
use crate::node::Node;

/// The limits of connections.
#[derive(Clone, Copy)]
struct Allowance {
    connections: usize,
    body_bytes: usize,
    head_timeout: Duration,
    body_timeout: Duration,
    write_timeout: Duration,
}

impl Allowance {
    /// The limits for a process that may have so many files open.
    fn with_open_files(limit: u64) -> Self {
        Self {
            connections: connections(limit),
            body_bytes: MAX_LARGE_BODY_BYTES,
            head_timeout: HEAD_TIMEOUT,
            body_timeout: BODY_TIMEOUT,
            write_timeout: WRITE_TIMEOUT,
        }
    }
}

/// Number of connections that leave [`RESERVED_FILES`] of so many files. Each is one, and may have one of the page open.
fn connections(open_files: u64) -> usize {
    let affordable = open_files.saturating_sub(RESERVED_FILES) / 2;
    usize::try_from(affordable).unwrap_or(MAX_CONNECTIONS).clamp(1, MAX_CONNECTIONS)
}

/// Serves `node`, and a page if there is one, on `listener` until `stop` is done; requests that are being answered then are
/// finished. A failure affects one connection, or is temporary. If the process may not open enough files at the start,
/// there are fewer connections than [`MAX_CONNECTIONS`].
pub async fn serve(node: Arc<Node>, page: Option<Page>, listener: TcpListener, stop: impl Future<Output = ()>) {
    // A system that names no limit enforces none.
    let open_files = rlimit::Resource::NOFILE.get_soft().unwrap_or(rlimit::INFINITY);
    serve_within(Allowance::with_open_files(open_files), node, page, listener, stop).await;
}

async fn serve_within(
    allowance: Allowance,
    node: Arc<Node>,
    page: Option<Page>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) {
    let connections = Arc::new(Semaphore::new(allowance.connections));
    let desk = Arc::new(Desk {
        router: TowerToHyperService::new(router(node, page)),
        intake: Intake::new(allowance.body_bytes, allowance.body_timeout),
    });
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(allowance.head_timeout);
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
                // The peer went away, or the process is out of files. Both are temporary.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // A reply is one write: waiting for more to send would only delay it. A connection that broke already is found
        // broken below.
        let _ = stream.set_nodelay(true);
        let stream = TokioIo::new(Draining::new(stream, allowance.write_timeout));
        let desk = Arc::clone(&desk);
        let service = service_fn(move |request| {
            let desk = Arc::clone(&desk);
            async move { Ok::<_, std::convert::Infallible>(desk.answer(request).await) }
        });
        let connection = graceful.watch(http.serve_connection(stream, service));
        tokio::spawn(async move {
            // A broken connection affects only its client.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(STOP_GRACE, graceful.shutdown()).await;
}

/// The handler of requests, whatever connection they come from. There are at most as many requests at once as connections,
/// so waiting requests need no limit of their own.
struct Desk {
    router: TowerToHyperService<axum::Router>,
    intake: Intake,
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Response {
        let (head, body) = request.into_parts();
        let body = match self.intake.receive(body).await {
            Ok(received) => Body::from(received),
            Err(refusal) => return refusal.into_response(),
        };
        match self.router.call(Request::from_parts(head, body)).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

#[cfg(test)]
mod tests;
