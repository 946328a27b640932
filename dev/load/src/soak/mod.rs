//! The soak: actors use the message canister and the directory of one network, which is killed again and again.
//!
//! - `cast`: all actors: clients of the message canister, owners of labels, verifiers of the directory;
//! - `actor`: runs one of them; `caller`: makes its calls, and repeats them after kills;
//! - `messages`, `directory`: each canister's actors, its model, and the comparison of the two;
//! - `killer`: kills the network, restarts it, and has both canisters compared;
//! - `gate`: keeps calls and restarts apart;
//! - `upgrade`: upgrades a canister amid the kills;
//! - `report`: what happened.

mod actor;
mod caller;
mod cast;
mod directory;
mod gate;
mod killer;
mod messages;
mod report;
mod upgrade;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::inbox::Inbox;
use crate::violation::{Verdict, Violation};
use caller::unanswered;
use cast::Cast;
use directory::Directory;
use gate::Gate;
use killer::{Killer, blocking};
use messages::Messages;
pub use report::{Report, Tally};
use test_support::process::{Process, Start};

/// Number of clients of the message canister.
pub const CLIENTS: u8 = 8;
/// Number of clients' operations for each operation of an owner of labels.
const OPERATIONS_OF_CLIENTS: u64 = 12;

/// The options of a soak.
#[derive(Clone, Debug)]
pub struct Options {
    /// The seed of all random choices.
    pub seed: u64,
    /// Operations of all clients of the message canister together.
    pub operations: u64,
    /// Number of kills of the network.
    pub kills: u64,
}

impl Options {
    /// This many times the usual number of operations. The number of kills grows with its square root: after each kill the
    /// modules are compiled and the whole store is compared.
    pub fn scaled(seed: u64, scale: u32) -> Self {
        Self { seed, operations: 2_500 * u64::from(scale), kills: 24 * u64::from(scale).isqrt() }
    }

    /// Operations of all owners of labels together.
    pub fn label_operations(&self) -> u64 {
        self.operations / OPERATIONS_OF_CLIENTS
    }
}

/// The canisters' modules.
#[derive(Clone, Debug)]
pub struct Modules {
    /// The message canister's.
    pub messages: PathBuf,
    /// The directory's.
    pub directory: PathBuf,
}

/// How much to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All messages and links, and the directory's whole log. A canister's own check runs only if the canister has grown since
    /// the last one.
    Restart,
    /// Also both canisters' own checks in any case, all pages of messages in both directions, and all labels.
    Everything,
}

/// One of the canisters.
#[derive(Clone, Copy, Debug)]
pub enum Canister {
    /// The message canister.
    Messages,
    /// The directory.
    Directory,
}

/// The state that the actors and the killer share.
pub struct Shared {
    /// The message canister and its model.
    pub messages: Messages,
    /// The directory and its model.
    pub directory: Directory,
    /// The gate between calls and restarts.
    pub gate: Gate,
    /// Number of operations that the message canister's clients have made.
    pub done: AtomicU64,
    /// Whether an actor has failed.
    pub failed: AtomicBool,
    /// Notified when a large call is sent.
    pub large_call: Notify,
    /// Notified when a label is registered or changed.
    pub label_call: Notify,
    /// The counts.
    tally: Mutex<Tally>,
}

impl Shared {
    /// The counts.
    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        lock(&self.tally)
    }

    /// Upgrades a canister to the same module. Repeats the upgrade until it is confirmed.
    ///
    /// # Errors
    ///
    /// If the upgrade fails.
    pub async fn upgrade(&self, canister: Canister) -> Verdict<()> {
        while !self.upgrade_once(canister).await? {}
        Ok(())
    }

    /// Upgrades a canister to the same module. Returns false if a kill cut the upgrade off.
    ///
    /// # Errors
    ///
    /// If the upgrade fails otherwise.
    pub async fn upgrade_once(&self, canister: Canister) -> Verdict<bool> {
        match canister {
            Canister::Messages => self.messages.upgrade_once(self).await,
            Canister::Directory => self.directory.upgrade_once(self).await,
        }
    }

    /// Waits until clients have made this many operations. Returns false if an actor has failed.
    pub async fn reached(&self, operations: u64) -> bool {
        while self.done.load(Ordering::Relaxed) < operations {
            if self.failed.load(Ordering::Relaxed) {
                return false;
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        true
    }
}

/// Interval between two looks at the number of operations.
const LOOK_INTERVAL: Duration = Duration::from_millis(2);

/// Locks shared state.
pub fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("no thread panics while it holds this lock")
}

/// Runs the soak on a new network of these modules, on threads of its own. The network keeps its state in `folder`.
///
/// # Errors
///
/// If an invariant is violated, or the network cannot be started.
pub fn run(modules: &Modules, folder: &Path, options: &Options) -> Verdict<Report> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Violation(error.to_string()))?;
    runtime.block_on(play(modules, folder, options))
}

async fn play(modules: &Modules, folder: &Path, options: &Options) -> Verdict<Report> {
    let began = Instant::now();
    let state = folder.join("network");
    let read = |path: &Path| fs::read(path).map_err(|error| Violation(format!("{}: {error}", path.display())));
    let (messages, directory) = (read(&modules.messages)?, read(&modules.directory)?);
    let start = Start { state: Some(state.clone()), ..start(modules)? };
    fs::create_dir_all(folder).map_err(|error| Violation(format!("{}: {error}", folder.display())))?;
    let first = start.clone();
    let network = blocking(move || first.run()).await?;
    // After a restart the actors find it at the same port.
    let start = Start { port: network.address().port(), ..start };
    let url = network.url();
    let [inbox, labels] = *network.canisters() else {
        return Err(Violation(format!("there should be two canisters, not {:?}", network.canisters())));
    };
    let controller = |canister| Inbox::controller(&url, canister);
    let shared = Arc::new(Shared {
        messages: Messages::set_up(controller(inbox).await.map_err(unanswered)?, messages).await?,
        directory: Directory::set_up(controller(labels).await.map_err(unanswered)?, directory).await?,
        gate: Gate::default(),
        done: AtomicU64::new(0),
        failed: AtomicBool::new(false),
        large_call: Notify::new(),
        label_call: Notify::new(),
        tally: Mutex::default(),
    });
    let cast = Cast::begin(&shared, &url, folder, options).await?;
    let mut killer = Killer::new(start, network, Arc::clone(&shared), options.seed);
    let killed = killer.run(options.kills, options.operations).await;
    if killed.is_err() {
        cast.abort();
    }
    killed?;
    let mut verifiers = cast.end().await.map_err(|Violation(what)| {
        let network = killer.network.as_mut().map_or_else(|| "the network is down".into(), Process::condition);
        Violation(format!("{what}; {network}"))
    })?;
    shared.messages.check_settled()?;
    killer.finish(&mut verifiers).await?;
    let labels = shared.directory.size();
    Ok(Report {
        options: options.clone(),
        tally: shared.tally().clone(),
        messages: shared.messages.stored(),
        labels: labels.labels,
        updates: labels.updates,
        epochs: labels.epochs,
        bytes: folder_size(&state),
        time: began.elapsed(),
    })
}

/// The options for starting the network of these modules.
fn start(modules: &Modules) -> Verdict<Start> {
    let named = |name: &str, path: &Path| {
        let mut word = std::ffi::OsString::from(format!("{name}="));
        word.push(path);
        word
    };
    let argument = format!("directory={}", hex::encode(directory::argument()));
    let words = [
        named("message-canister", &modules.messages),
        named("directory", &modules.directory),
        "--argument".into(),
        argument.into(),
    ];
    Start::new(words).map_err(|error| Violation(error.to_string()))
}

/// Total bytes of the files in a folder.
fn folder_size(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}
