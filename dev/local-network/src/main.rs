//! Serves canisters on this machine:
//! `local-network [NAME=]MODULE… [--argument NAME=HEX]… [--port PORT] [--state FOLDER] [--page FOLDER] [--calls FILE] [--node-key HEX]`.

mod announcement;
mod install;
mod options;

use std::io;
use std::process::ExitCode;

use announcement::Served;
use local_network::{Canisters, Node, Page, State, serve};
use options::Options;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

fn main() -> ExitCode {
    let result = Options::parse().and_then(|options| run(&options));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("local-network: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    // Each connection is an open file, and the usual limit is below what the network allows. A lower one makes connections
    // wait earlier.
    let _ = rlimit::increase_nofile_limit(rlimit::INFINITY);
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let result = runtime.block_on(run_network(options));
    // Queries that still run have nothing to save.
    runtime.shutdown_background();
    result
}

async fn run_network(options: &Options) -> Result<(), String> {
    // The port comes first. If it is taken, no folder is made.
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await.map_err(|error| {
        let port = options.port;
        format!("port {port}: {error}; if another network runs there, stop it or choose another --port")
    })?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    let prepare = |engine: &_, canisters: &mut _| install::missing(&options.canisters, engine, canisters);
    let (state, canisters) = match &options.state {
        None => {
            let (engine, mut canisters) = (install::engine()?, Canisters::new());
            prepare(&engine, &mut canisters)?;
            let state = match options.node_key {
                None => State::in_memory(engine),
                Some(seed) => State::with_node_key(engine, seed),
            };
            (state.map_err(|error| error.to_string())?, canisters)
        }
        Some(folder) => State::in_folder(folder, install::engine, prepare)?,
    };
    // Until here a signal ends the process at once. The folder withstands that.
    let mut signals = Signals::new().map_err(|error| error.to_string())?;
    let served = served(options, &state, &canisters);
    let calls = options.calls.as_ref().map(|file| announcement::calls(file, port, &served)).transpose()?;
    let (node, mut executor) = Node::start(state).map_err(|error| error.to_string())?;
    let page = options.page.clone();
    let page = page.map(|folder| Page::new(folder, &node.keys.root_key, &canisters));
    announcement::print(port, &served, options.state.as_deref(), page.is_some(), &calls.unwrap_or_default());
    let (stop, stopped) = oneshot::channel::<()>();
    let mut server = tokio::spawn(serve(node, page, listener, async { drop(stopped.await) }));
    tokio::select! {
        result = &mut server => return Err(format!("the server ended by itself: {result:?}")),
        () = executor.ended() => {}
        () = signals.next() => executor.stop(),
    }
    drop(stop);
    let ended = async {
        server.await.map_err(|error| error.to_string())?;
        executor.join().await
    };
    tokio::select! {
        biased;
        result = ended => result,
        // A second signal waits neither for the round nor for open requests.
        () = signals.next() => Err("stopped before all was done".into()),
    }
}

/// The signals that ask the process to stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The next of them.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The canisters that were asked for, in this order, and then those that the state has besides.
fn served(options: &Options, state: &State, canisters: &Canisters) -> Vec<Served> {
    let asked: Vec<&String> = options.canisters.iter().map(|wanted| &wanted.name).collect();
    let others = canisters.keys().filter(|name| !asked.contains(name));
    let all = asked.iter().copied().chain(others);
    all.map(|name| {
        let id = canisters[name];
        Served { name: name.clone(), id, module_hash: state.module_hash(id) }
    })
    .collect()
}
