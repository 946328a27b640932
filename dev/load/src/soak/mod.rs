//! The soak: clients mix adds, batches, pages, acknowledgements and upgrades while the network is killed again and again.
//!
//! - `cast`: the clients' roles: owners of keys, members, strangers;
//! - `operation`: a client's next operation;
//! - `client`, `reads`, `owner`: execute it, and check the answer;
//! - `model`, `installs`: the messages and upgrades that were sent, confirmed and seen;
//! - `killer`: kills the network and starts it again;
//! - `verify`: compares the whole store, as `store` shows it, with the model after each restart;
//! - `gate`: keeps calls and restarts apart.

mod cast;
mod client;
mod gate;
mod installs;
mod killer;
mod model;
mod operation;
mod owner;
mod reads;
mod report;
mod show;
mod store;
mod verify;

use std::collections::VecDeque;
use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ::client::request::{self, Request};
use ic_agent::AgentError;
use tokio::sync::Notify;

use crate::inbox::{Inbox, Outcome};
use crate::violation::{Verdict, Violation, ensure};
use client::Client;
use gate::Gate;
use installs::settings;
use killer::{Killer, blocking};
use model::Model;
use operation::Operation;
pub use report::{Report, Tally};
use show::lock;
use test_support::Random;
use test_support::process::{Process, Start};
use verify::{Depth, Verifier};

/// Clients at once.
pub const CLIENTS: u8 = 8;
/// When the calls of every fourth client expire: before they would be sent again after a long restart.
const SHORT_EXPIRY: Duration = Duration::from_secs(8);

/// The options of a soak.
#[derive(Clone, Debug)]
pub struct Options {
    /// The seed of all random choices.
    pub seed: u64,
    /// Operations of all clients together.
    pub operations: u64,
    /// Number of kills of the network.
    pub kills: u64,
}

impl Options {
    /// So many times the usual number of operations. Kills grow with its root: each has the whole store looked at.
    pub fn scaled(seed: u64, scale: u32) -> Self {
        Self { seed, operations: 5_000 * u64::from(scale), kills: 40 * u64::from(scale).isqrt() }
    }
}

/// The state that clients and killer share.
pub struct Shared {
    /// The known state of the store.
    pub model: Mutex<Model>,
    /// Between clients and network.
    pub gate: Gate,
    /// The canister's controller.
    pub controller: Inbox,
    /// The canister's module.
    pub module: Vec<u8>,
    /// Operations that were made.
    pub done: AtomicU64,
    /// Whether a client has failed.
    pub failed: AtomicBool,
    /// Signalled when a large call is sent.
    pub large_call: Notify,
    /// The counts.
    pub tally: Mutex<Tally>,
}

impl Shared {
    /// Upgrades the canister to the same module, and repeats that until it succeeds.
    ///
    /// # Errors
    ///
    /// If that fails.
    pub async fn upgrade(&self) -> Verdict<()> {
        while !self.upgrade_once().await? {}
        Ok(())
    }

    /// Upgrades the canister to the same module, with settings of its own. Returns whether that was confirmed before the
    /// network was killed.
    ///
    /// # Errors
    ///
    /// If that fails.
    pub async fn upgrade_once(&self) -> Verdict<bool> {
        let number = lock(&self.model).installs.begin();
        let call = self.controller.sign_upgrade(self.module.clone(), &settings(number)).map_err(failed)?;
        let outcome = self.gate.attempt(self.controller.send(&call)).await?;
        lock(&self.tally).upgrades_cut += u64::from(outcome.is_none());
        if !matches!(outcome, Some(Outcome::Replied(_))) {
            return Ok(false);
        }
        lock(&self.tally).upgrades += 1;
        lock(&self.model).installs.confirm(number);
        if let Some(version) = self.gate.attempt(self.controller.version()).await? {
            lock(&self.model).installs.note_version(version);
        }
        Ok(true)
    }
}

/// Runs the soak on a new network of this module, which keeps its state in `folder`.
///
/// # Errors
///
/// If something happens that must not, or the network cannot be started.
pub async fn run(module: &Path, folder: &Path, options: &Options) -> Verdict<Report> {
    let began = Instant::now();
    let start = Start::new([module]).map_err(|error| Violation(error.to_string()))?;
    let start = Start { state: Some(folder.to_owned()), ..start };
    let module = fs::read(module).map_err(|error| Violation(format!("{}: {error}", module.display())))?;
    let first = start.clone();
    let network = blocking(move || first.run()).await?;
    // Clients find it there again.
    let start = Start { port: network.address().port(), ..start };
    let (url, canister) = (network.url(), network.canister());
    let controller = Inbox::controller(&url, canister).await.map_err(failed)?;
    let mut model = Model::default();
    set_settings(&controller, &mut model).await?;
    cast::set_up(&controller).await?;

    let shared = Arc::new(Shared {
        model: Mutex::new(model),
        gate: Gate::default(),
        controller,
        module,
        done: AtomicU64::new(0),
        failed: AtomicBool::new(false),
        large_call: Notify::new(),
        tally: Mutex::default(),
    });
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let expiry = (number % 4 == 3).then_some(SHORT_EXPIRY);
        let client = Client {
            number,
            inbox: Inbox::connect(&url, canister, number, expiry).await.map_err(failed)?,
            shared: Arc::clone(&shared),
            random: Random::of(&[options.seed, u64::from(number), u64::MAX]),
            answered: VecDeque::new(),
        };
        clients.push(tokio::spawn(operate(client, options.seed, number, share(options.operations, number))));
    }
    let mut killer = Killer {
        start,
        network: Some(network),
        shared: Arc::clone(&shared),
        verifier: Verifier::default(),
        random: Random::of(&[options.seed, u64::MAX]),
    };
    let killed = killer.run(options.kills, options.operations).await;
    if killed.is_err() {
        clients.iter().for_each(|client| client.abort());
    }
    killed?;
    for client in clients {
        let made = client.await.map_err(|error| Violation(error.to_string()))?;
        made.map_err(|Violation(what)| {
            let network = killer.network.as_mut().map_or_else(|| "the network is down".into(), Process::condition);
            Violation(format!("{what}; {network}"))
        })?;
    }
    finish(&mut killer).await?;
    Ok(Report {
        options: options.clone(),
        tally: lock(&shared.tally).clone(),
        messages: lock(&shared.model).known() as u64,
        bytes: folder_size(folder),
        time: began.elapsed(),
    })
}

/// Number of operations of this client.
fn share(operations: u64, client: u8) -> u64 {
    let clients = u64::from(CLIENTS);
    operations / clients + u64::from(u64::from(client) < operations % clients)
}

async fn operate(mut client: Client, seed: u64, number: u8, operations: u64) -> Verdict<()> {
    let mut ending = Ending { shared: Arc::clone(&client.shared), well: false };
    for operation in 0..operations {
        if ending.shared.failed.load(Ordering::Relaxed) {
            break;
        }
        let drawn = Operation::draw(seed, number.into(), operation);
        let what = format!("client {number}, operation {operation}, {}", drawn.name());
        lock(&ending.shared.tally).count(&drawn);
        client.make(drawn).await.map_err(|Violation(how)| Violation(format!("{what}: {how}")))?;
        ending.shared.done.fetch_add(1, Ordering::Relaxed);
    }
    ending.well = true;
    Ok(())
}

/// A client that ends. If it fails, the others and the killer stop too.
struct Ending {
    shared: Arc<Shared>,
    well: bool,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.shared.failed.fetch_or(!self.well, Ordering::Relaxed);
    }
}

/// Looks at everything, before and after a clean stop.
async fn finish(killer: &mut Killer) -> Verdict<()> {
    let shared = Arc::clone(&killer.shared);
    {
        let model = lock(&shared.model);
        ensure(model.open() == 0, || format!("{} calls have no outcome", model.open()))?;
        model.check_settled()?;
    }
    killer.verifier.verify(&shared.model, &shared.controller, Depth::Everything).await?;
    let network = killer.network.take().expect("it runs");
    blocking(move || network.stop()).await?;
    killer.start().await?;
    killer.verifier.verify(&shared.model, &shared.controller, Depth::Everything).await?;
    let network = killer.network.take().expect("it runs");
    blocking(move || network.stop()).await
}

async fn set_settings(controller: &Inbox, model: &mut Model) -> Verdict<()> {
    let number = model.installs.begin();
    let reply = controller.ask(&request::get_status()).await.map_err(failed)?;
    let status = request::get_status().decode(&reply).map_err(client::failed)?;
    perform(controller, &request::set_settings(status.settings.version, &settings(number))).await?;
    model.installs.confirm(number);
    Ok(())
}

/// Makes an update while the network runs.
async fn perform<T, E: Debug>(inbox: &Inbox, request: &Request<T, E>) -> Verdict<T> {
    let call = inbox.sign(request).map_err(failed)?;
    match inbox.send(&call).await.map_err(failed)? {
        Outcome::Replied(reply) => request.decode(&reply).map_err(client::failed),
        Outcome::Expired => Err(Violation(format!("{}: a fresh call expired", request.method))),
    }
}

fn failed(error: AgentError) -> Violation {
    Violation(format!("the network does not answer: {error}"))
}

/// Bytes of the files in a folder.
fn folder_size(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}
