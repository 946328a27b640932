//! Serves one canister on this machine: `local-network MODULE [--port PORT] [--state FOLDER] [--page FOLDER]`.

mod announcement;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;
use std::{env, fs, io};

use candid::Principal;
use local_ic::{LocalIc, Time};
use local_network::{Node, Page, State, serve};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

const USAGE: &str = "usage: local-network MODULE [--port PORT] [--state FOLDER] [--page FOLDER]";
/// What the page knows the canister as.
const CANISTER_NAME: &str = "message-canister";
/// The port unless another is asked for.
const DEFAULT_PORT: u16 = 4943;

struct Options {
    module: PathBuf,
    port: u16,
    state: Option<PathBuf>,
    page: Option<PathBuf>,
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
    let (mut module, mut port, mut state, mut page) = (None, DEFAULT_PORT, None, None);
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--port" => {
                let text = words.next().ok_or("--port takes a number")?;
                port = text.parse().map_err(|_| format!("--port takes a number up to 65535, not '{text}'"))?;
            }
            "--state" => state = Some(words.next().ok_or("--state takes a folder")?.into()),
            "--page" => page = Some(PathBuf::from(words.next().ok_or("--page takes a folder")?)),
            other if other.starts_with('-') || module.is_some() => {
                return Err(format!("unexpected '{other}'; {USAGE}"));
            }
            _ => module = Some(word.into()),
        }
    }
    if let Some(folder) = page.as_ref().filter(|folder| !folder.join("index.html").is_file()) {
        return Err(format!("--page {}: there is no index.html", folder.display()));
    }
    Ok(Options { module: module.ok_or(USAGE)?, port, state, page })
}

fn run(options: &Options) -> Result<(), String> {
    // Each connection is an open file, and the usual limit is below what the network allows. A lower one makes connections
    // wait earlier.
    let _ = rlimit::increase_nofile_limit(rlimit::INFINITY);
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let result = runtime.block_on(run_network(options));
    // Queries that still run hold nothing that is not saved.
    runtime.shutdown_background();
    result
}

async fn run_network(options: &Options) -> Result<(), String> {
    // First what may be taken by others: nothing is made where it is.
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await.map_err(|error| {
        let port = options.port;
        format!("port {port}: {error}; if another network runs there, stop it or choose another --port")
    })?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    let (state, canister) = match &options.state {
        None => {
            let (engine, canister) = install(&options.module)?;
            (State::in_memory(engine).map_err(|error| error.to_string())?, canister)
        }
        Some(folder) => State::in_folder(folder, || install(&options.module))?,
    };
    // Until here a signal ended the process, as its folder withstands.
    let mut signals = Signals::new().map_err(|error| error.to_string())?;
    let module_hash = state.module_hash(canister);
    let (node, mut executor) = Node::start(state).map_err(|error| error.to_string())?;
    let page = options.page.clone();
    let page = page.map(|folder| Page::new(folder, &node.keys.root_key, CANISTER_NAME, canister));
    announcement::print(port, canister, module_hash, options.state.as_deref(), page.is_some());
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
        // Whoever asks again waits neither for the round nor for who is being answered.
        () = signals.next() => Err("stopped before all was done".into()),
    }
}

/// What asks the process to stop.
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

/// A new engine with the module installed.
fn install(path: &Path) -> Result<(LocalIc, Principal), String> {
    let module = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut seed = [0; 32];
    getrandom::getrandom(&mut seed).map_err(|error| error.to_string())?;
    let engine = LocalIc::with_random_seed(seed);
    engine.set_time(Time::from(SystemTime::now()));
    let canister = engine.create_canister();
    let argument = candid::encode_one(None::<candid::Reserved>).map_err(|error| error.to_string())?;
    engine
        .try_install_canister(canister, module, argument, None)
        .map_err(|reject| format!("{} does not install: {reject}", path.display()))?;
    Ok((engine, canister))
}
