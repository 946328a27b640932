//! Throughput: the same calls on the engine itself and through HTTP, compared within one run.
//!
//! - `cases`: the calls, and the number of clients that make them;
//! - `engine`: directly on the engine, as tests use it;
//! - `http`: through the network, by an agent that verifies everything or by the simplest client;
//! - `disk`: the bytes that an add writes to disk;
//! - `page`: the tables of `docs/local-network.md`.

mod cases;
pub mod disk;
mod engine;
mod http;
pub mod page;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use cases::{CASES, Case, Kind};
use http::Transport;

use test_support::process::Start;

/// Number of measurements of each case, after one round to warm up. The best one counts: it was disturbed least.
const ROUNDS: usize = 3;

/// The time of one call of a case.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Elapsed time, with all clients at work.
    pub time: Duration,
    /// Processor time of the server.
    pub server: Duration,
}

/// All times of one case.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The case.
    pub case: Case,
    /// On the engine.
    pub engine: Duration,
    /// Network in memory: the plain client, the agent.
    pub memory: [Cost; 2],
    /// Network with its state on disk: the plain client, the agent.
    pub disk: [Cost; 2],
}

/// Measures all cases. The networks keep their states in `folder`. `progress` is called with the name of each case.
///
/// # Errors
///
/// If a call to the network fails.
pub fn measure(module: &Path, folder: &Path, progress: &dyn Fn(&str)) -> Result<Vec<Row>, String> {
    let start = Start::new([module]).map_err(|error| error.to_string())?;
    let wasm = std::fs::read(module).map_err(|error| format!("{}: {error}", module.display()))?;
    let measure = |case: Case, number: usize| {
        progress(case.name);
        let place =
            |state: Option<PathBuf>, transport| http::measure(&Start { state, ..start.clone() }, case, transport);
        let state = |part: &str| Some(folder.join(format!("{number}-{part}")));
        Ok(Row {
            case,
            engine: engine::measure(&wasm, case)?,
            memory: [place(None, Transport::Plain)?, place(None, Transport::Agent)?],
            disk: [place(state("plain"), Transport::Plain)?, place(state("agent"), Transport::Agent)?],
        })
    };
    CASES.iter().enumerate().map(|(number, &case)| measure(case, number)).collect()
}
