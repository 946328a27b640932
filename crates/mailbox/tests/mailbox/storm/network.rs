//! The network as a process of its own. It is killed and started again from its state. People reach it through a replica that
//! may lie.

use super::replica::Replica;
use crate::network::{install, operator, set};
use candid::Principal;
use client::Client;
use client::directory::api::Registration;
use local_ic::{LocalIc, Time};
use local_network::{FolderError, Node, State};
use message_canister::api::Setting;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use tempfile::TempDir;
use test_support::artifact::{canister_path, canister_wasm, directory_path, directory_wasm};
use test_support::management::upgrade;
use test_support::process::{Process, Start};
use test_support::proxy::Proxy;
use tokio::runtime::Runtime;

/// An address where nobody answers.
const NOWHERE: &str = "http://127.0.0.1:1";

/// The network. Dropping this kills it.
pub struct Network {
    process: Mutex<Option<Process>>,
    start: Start,
    at: Arc<Mutex<String>>,
    /// The replica that people reach.
    proxy: Proxy,
    pub replica: Arc<Replica>,
    pub canister: Principal,
    pub directory: Principal,
    _folder: TempDir,
}

impl Network {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("network");
        let module = |name: &str, path: std::path::PathBuf| format!("{name}={}", path.display());
        let words = [module("message", canister_path()), module("directory", directory_path())];
        let start = Start { state: Some(state.clone()), ..Start::new(words).unwrap() };
        // The first state is made here: the operator controls the canisters, and the replica gets the node's key.
        let prepare = |engine: &LocalIc, names: &mut local_network::Canisters| {
            engine.set_time(Time::from(SystemTime::now()));
            let (canister, directory) = install(engine, Vec::new(), Registration::open);
            names.extend([("message".to_owned(), canister), ("directory".to_owned(), directory)]);
            Ok::<_, FolderError>(())
        };
        let (state, names) = State::in_folder(&state, || Ok(LocalIc::new()), prepare).unwrap();
        let (canister, directory) = (names["message"], names["directory"]);
        let (node, executor) = Node::start(state).unwrap();
        executor.stop();
        Runtime::new().unwrap().block_on(executor.join()).unwrap();

        let replica = Arc::new(Replica::new(Arc::clone(&node.keys)));
        let at = Arc::new(Mutex::new(NOWHERE.to_owned()));
        let target = Arc::clone(&at);
        let proxy = Proxy::start(move || target.lock().unwrap().clone(), Arc::clone(&replica));
        let process = Mutex::default();
        let network = Self { process, start, at, proxy, replica, canister, directory, _folder: folder };
        network.restart();
        network
    }

    /// The address that people use.
    pub fn url(&self) -> String {
        self.proxy.url()
    }

    /// Kills it by SIGKILL.
    pub fn kill(&self) {
        *self.at.lock().unwrap() = NOWHERE.into();
        self.process.lock().unwrap().take().unwrap().kill().unwrap();
    }

    /// Starts it from its state.
    pub fn restart(&self) {
        let process = self.start.run().unwrap();
        *self.at.lock().unwrap() = process.url();
        *self.process.lock().unwrap() = Some(process);
    }

    /// A copy of its state.
    pub fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        self.kill();
        copy_file(self.state(), copy.path());
        self.restart();
        copy
    }

    /// Restarts it from a copy of its state.
    pub fn go_back_to(&self, copy: &TempDir) {
        self.kill();
        copy_file(copy.path(), self.state());
        self.restart();
    }

    fn state(&self) -> &Path {
        self.start.state.as_deref().unwrap()
    }

    /// Changes a setting of the message canister.
    pub fn set(&self, setting: Setting) {
        let url = self.at.lock().unwrap().clone();
        Runtime::new().unwrap().block_on(async {
            set(&Client::with_agent(operator(&url).await, self.canister), setting).await;
        });
    }

    /// Upgrades both canisters to the modules that they have.
    pub fn upgrade(&self) {
        let url = self.at.lock().unwrap().clone();
        Runtime::new().unwrap().block_on(async {
            let operator = operator(&url).await;
            for (canister, module) in [(self.canister, canister_wasm()), (self.directory, directory_wasm())] {
                // No settings, no configuration: what it has stays.
                let argument = candid::encode_one(None::<candid::Reserved>).unwrap();
                upgrade(&operator, canister, module.to_vec(), argument).call_and_wait().await.unwrap();
            }
        });
    }
}

/// Copies the state's only file.
fn copy_file(from: &Path, to: &Path) {
    const DATABASE: &str = "state.redb";
    std::fs::copy(from.join(DATABASE), to.join(DATABASE)).unwrap();
}
