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

/// A proxy. Dropping this stops it.
pub struct Proxy(Server);

/// A party between a client and the network.
pub trait Between: Send + Sync + 'static {
    /// The path and the body that the network receives. `None`: the proxy itself answers with an empty body.
    fn request(&self, path: &str, body: Vec<u8>) -> Option<(String, Vec<u8>)> {
        Some((path.to_string(), body))
    }

    /// The body that the client receives. `path` is that of the client's request, `asked` the body that the network received.
    fn response(&self, path: &str, asked: &[u8], body: Vec<u8>) -> Vec<u8>;
}

/// With an `Arc`, a test keeps a handle to change what the proxy does.
impl<B: Between> Between for Arc<B> {
    fn request(&self, path: &str, body: Vec<u8>) -> Option<(String, Vec<u8>)> {
        B::request(self, path, body)
    }

    fn response(&self, path: &str, asked: &[u8], body: Vec<u8>) -> Vec<u8> {
        B::response(self, path, asked, body)
    }
}

/// The state for handling requests.
struct Route {
    target: Box<dyn Fn() -> String + Send + Sync>,
    between: Arc<dyn Between>,
    client: reqwest::Client,
}

impl Proxy {
    /// Starts a proxy. `target` returns the network's address when a request comes.
    pub fn start(target: impl Fn() -> String + Send + Sync + 'static, between: impl Between) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let client = client.expect("the options are legal");
        let route = Route { target: Box::new(target), between: Arc::new(between), client };
        Self(Server::start(|listener, stop| serve(listener, stop, Arc::new(route))))
    }

    /// The proxy's URL.
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
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    let Some((path, asked)) = route.between.request(path, body.to_vec()) else { return Ok(Response::default()) };
    let mut headers = head.headers.clone();
    // The forwarded request gets its own.
    headers.remove(HOST);
    headers.remove(CONTENT_LENGTH);
    let to = format!("{}{path}", (route.target)());
    let forwarded = route.client.request(head.method, to).headers(headers).body(asked.clone());
    let answered = forwarded.send().await.map_err(|error| error.to_string())?;
    let (status, mut headers) = (answered.status(), answered.headers().clone());
    let body = answered.bytes().await.map_err(|error| error.to_string())?;
    let body = route.between.response(head.uri.path(), &asked, body.to_vec());
    // The body that is sent may have another length.
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
