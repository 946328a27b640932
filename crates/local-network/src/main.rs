//! Serves one canister on this machine: `local-network MODULE [--port PORT]`.

use std::process::ExitCode;
use std::time::SystemTime;
use std::{env, fs};

use candid::Principal;
use local_ic::{LocalIc, Time};
use local_network::{Node, serve};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// The port unless another is asked for.
const DEFAULT_PORT: u16 = 4943;

struct Options {
    module: String,
    port: u16,
}

fn main() -> ExitCode {
    let result = options().and_then(|options| run(&options));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("local-network: {message}");
            ExitCode::from(2)
        }
    }
}

fn options() -> Result<Options, String> {
    let (mut module, mut port) = (None, DEFAULT_PORT);
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--port" {
            let text = words.next().ok_or("--port takes a number")?;
            port = text.parse().map_err(|_| format!("--port takes a number up to 65535, not '{text}'"))?;
        } else if word.starts_with('-') || module.is_some() {
            return Err(format!("unexpected '{word}'; usage: local-network MODULE [--port PORT]"));
        } else {
            module = Some(word);
        }
    }
    Ok(Options { module: module.ok_or("usage: local-network MODULE [--port PORT]")?, port })
}

fn run(options: &Options) -> Result<(), String> {
    let module = fs::read(&options.module).map_err(|error| format!("{}: {error}", options.module))?;
    let engine = LocalIc::new();
    engine.set_time(Time::from(SystemTime::now()));
    let canister = engine.create_canister();
    let argument = candid::encode_one(None::<candid::Reserved>).map_err(|error| error.to_string())?;
    engine
        .try_install_canister(canister, module, argument, None)
        .map_err(|reject| format!("{} does not install: {reject}", options.module))?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", options.port))
            .await
            .map_err(|error| format!("port {}: {error}", options.port))?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        let mut signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal).into_iter();
        let mut next = || signals.next().expect("there are two").map_err(|error| error.to_string());
        let (mut interrupt, mut terminate) = (next()?, next()?);
        let node = Node::start(engine).map_err(|error| error.to_string())?;
        announce(port, canister);
        let stop = async {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        };
        serve(node, listener, stop).await.map_err(|error| error.to_string())
    })
}

/// Says that the network is ready, and how to call it.
fn announce(port: u16, canister: Principal) {
    let url = format!("http://127.0.0.1:{port}");
    println!(
        "\
ready: {url} canister {canister}

A development network for one machine; everything is gone when it stops. In another terminal, with icp:

  icp canister call -n {url} -k fetch {canister} add_message '(blob \"alice\", blob \"sealed\")'
  icp canister call -n {url} -k fetch {canister} get_message_by_id '(1 : nat32)' --query

with dfx:

  dfx canister call --network {url} {canister} add_message '(blob \"alice\", blob \"sealed\")'
  dfx canister call --network {url} {canister} get_message_by_id '(1 : nat32)' --query

with curl:

  curl '{url}/?canisterId={canister}'
  curl 'http://{canister}.localhost:{port}/'
"
    );
}
