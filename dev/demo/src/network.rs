//! The network, as `scripts/serve` starts it, and its operator.

use std::ffi::OsString;
use std::fmt::Display;

use candid::{Principal, encode_one};
use client::Client;
use client::agent::AgentTransport;
use ic_agent::Agent;
use message_canister::api::{Setting, StoreStatus};
use test_support::artifact::canister_wasm;
use test_support::management::upgrade;
use test_support::process::{Process, Start};
use tokio::runtime::Runtime;

use crate::error::{Error, ensure};

/// The network. Dropping this kills it.
pub struct Network {
    process: Process,
    runtime: Runtime,
}

impl Network {
    /// Starts the network. Its node has this secret key.
    ///
    /// # Errors
    ///
    /// [`Error::System`].
    pub fn start(node_key: &[u8; 32]) -> Result<Self, Error> {
        let mut start = Start::of_serve().map_err(system)?;
        start.words.extend(["--node-key".into(), OsString::from(hex::encode(node_key))]);
        Ok(Self { runtime: Runtime::new().map_err(system)?, process: start.run().map_err(system)? })
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.process.url()
    }

    /// The lines with which it announces its canisters.
    pub fn ready(&self) -> impl Iterator<Item = &str> {
        self.process.announcement().lines().take_while(|line| line.starts_with("ready: "))
    }

    /// The message canister.
    pub fn canister(&self) -> Principal {
        self.process.canisters()[0]
    }

    /// The directory.
    pub fn directory(&self) -> Principal {
        self.process.canisters()[1]
    }

    /// The status of the message canister's store, as the operator sees it.
    ///
    /// # Errors
    ///
    /// [`Error::Wrong`].
    pub fn store(&self) -> Result<StoreStatus, Error> {
        self.runtime.block_on(async {
            let client = Client::new(AgentTransport::new(self.operator().await?, self.canister()));
            let status = client.get_status().await.map_err(|error| wrong("get_status", &error))?;
            status.store.ok_or_else(|| Error::Wrong("the controller sees no store".into()))
        })
    }

    /// Upgrades the message canister to the built module. The store's status must stay the same.
    ///
    /// # Errors
    ///
    /// [`Error::Wrong`].
    pub fn upgrade(&self) -> Result<StoreStatus, Error> {
        let before = self.store()?;
        self.runtime.block_on(async {
            let agent = self.operator().await?;
            let argument = encode_one(None::<Vec<Setting>>).map_err(|error| wrong("install_code", &error))?;
            let upgraded = upgrade(&agent, self.canister(), canister_wasm().to_vec(), argument).call_and_wait().await;
            upgraded.map(drop).map_err(|error| wrong("install_code", &error))
        })?;
        let after = self.store()?;
        ensure(after == before, || format!("the upgrade changed {before:?} to {after:?}"))?;
        Ok(after)
    }

    /// An agent of the controller, the anonymous principal.
    async fn operator(&self) -> Result<Agent, Error> {
        let agent = Agent::builder().with_url(self.url()).build().map_err(|error| wrong("the operator", &error))?;
        agent.fetch_root_key().await.map_err(|error| wrong("the operator", &error))?;
        Ok(agent)
    }

    /// Stops it, and waits until it has ended.
    ///
    /// # Errors
    ///
    /// [`Error::Wrong`].
    pub fn stop(self) -> Result<(), Error> {
        self.process.stop().map_err(|error| Error::Wrong(error.to_string()))
    }
}

fn system(error: std::io::Error) -> Error {
    Error::System(error.to_string())
}

fn wrong(what: &str, error: &dyn Display) -> Error {
    Error::Wrong(format!("{what}: {error}"))
}
