//! An HTTP proxy in front of a network, which can change requests and responses.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::network::{Server, Stop};

/// A proxy, until it is dropped.
pub struct Proxy(Server);

/// Somebody between a client and the network.
pub trait Between: Send + Sync + 'static {
    /// The path and the body that the network gets; `None`: the request is for the proxy itself.
    fn request(&self, path: &str, body: Vec<u8>) -> Option<(String, Vec<u8>)> {
        Some((path.to_string(), body))
    }

    /// The body that the client gets. `path` and `asked` are the path and the body of its request.
    fn response(&self, path: &str, asked: &[u8], body: Vec<u8>) -> Vec<u8>;
}

/// The context of each request.
struct Route {
    target: String,
    between: Arc<dyn Between>,
    client: reqwest::Client,
}

impl Proxy {
    /// In front of the network at `target`, an address as `http://127.0.0.1:4943`.
    pub fn start(target: String, between: impl Between) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let client = client.expect("the options are legal");
        let route = Route { target, between: Arc::new(between), client };
        Self(Server::start(|listener, stop| serve(listener, stop, Arc::new(route))))
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.0.url()
    }
}

async fn serve(listener: TcpListener, stop: Stop, route: Arc<Route>) {
    let accept = async {
        loop {
            let (stream, _) = listener.accept().await.expect("the listener goes on");
            let route = Arc::clone(&route);
            let service = service_fn(move |request| {
                let route = Arc::clone(&route);
                async move { Ok::<_, Infallible>(answer(&route, request).await) }
            });
            // A broken connection affects only its client.
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    };
    tokio::select! { () = accept => {}, () = stop.wait() => {} }
}

async fn answer(route: &Route, request: Request<Incoming>) -> Response<Full<Bytes>> {
    forward(route, request).await.unwrap_or_else(|error| {
        let mut response = Response::new(Full::from(format!("the proxy cannot forward: {error}\n")));
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    })
}

async fn forward(route: &Route, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, String> {
    let (head, body) = request.into_parts();
    let asked = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let question = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    let Some((path, body)) = route.between.request(asked, question.to_vec()) else { return Ok(Response::default()) };
    let mut headers = head.headers.clone();
    // Those of the request that is sent on.
    headers.remove(HOST);
    headers.remove(CONTENT_LENGTH);
    let forwarded = route.client.request(head.method, format!("{}{path}", route.target)).headers(headers).body(body);
    let answered = forwarded.send().await.map_err(|error| error.to_string())?;
    let (status, mut headers) = (answered.status(), answered.headers().clone());
    let body = answered.bytes().await.map_err(|error| error.to_string())?;
    let body = route.between.response(head.uri.path(), &question, body.to_vec());
    // Those of the body that is sent, which may have another length.
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
