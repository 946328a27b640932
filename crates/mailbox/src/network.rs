//! Calls to the canister, under several principals. They share a pool of connections, so whoever sees the connections can tell
//! that these principals belong to one mailbox.

use crate::{Error, Place};
use candid::Principal;
use client::agent::{AgentTransport, builder};
use client::directory::api::Published;
use client::directory::{DirectoryClient, published};
use client::plain::plain;
use client::{Client, Failure, Retry, Transport};
use directory_core::verify::Trusted;
use ic_agent::Agent;
use ic_agent::agent::AgentBuilder;
use ic_agent::identity::BasicIdentity;
use std::time::Duration;

/// A command answers within seconds: messages stay in the outbox, and whoever follows an inbox asks again.
const RETRY: Retry = Retry { attempts: 4, pause: Duration::from_millis(500), max_pause: Duration::from_secs(2) };

/// Makes clients for several callers of one message canister.
pub trait Network {
    /// The transport of calls.
    type Transport: Transport;

    /// A client whose calls are signed by the Ed25519 key of this seed.
    fn client(&self, seed: &[u8; 32]) -> Client<Self::Transport>;

    /// A client of the directory in a canister, as the anonymous caller.
    fn directory(&self, canister: Principal, trusted: Trusted) -> DirectoryClient<Self::Transport>;

    /// The certified data of the message canister at present.
    fn certified(&self) -> impl Future<Output = Result<Certified, Failure>> + Send;

    /// The configuration that a directory publishes. One replica answers, so it is not verified.
    fn configuration(&self, canister: Principal) -> impl Future<Output = Result<Published, Error>> + Send;
}

/// Data of the message canister from a certificate that was verified against the place's root key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// The certificate's time, in seconds since 1970.
    pub time: u64,
    /// SHA-256 of the canister's module. `None`: no module is installed.
    pub module: Option<Vec<u8>>,
}

/// The Internet Computer, or a local network that speaks its HTTP interface. Needs a runtime of Tokio.
pub struct Agents {
    agent: Agent,
    canister: Principal,
}

impl Agents {
    /// The network of a place.
    ///
    /// # Errors
    ///
    /// [`Error::Place`].
    pub fn new(place: &Place) -> Result<Self, Error> {
        let agent = agent(&place.url)?;
        agent.set_root_key(place.root_key.clone());
        let canister = Principal::try_from_slice(&place.canister).map_err(|error| Error::Place(error.to_string()))?;
        Ok(Self { agent, canister })
    }

    /// Asks a network for its root key, and trusts the answer. Use it only for networks on this
    /// machine.
    ///
    /// # Errors
    ///
    /// [`Error::Place`].
    pub async fn root_key(url: &str) -> Result<Vec<u8>, Error> {
        let agent = agent(url)?;
        agent.fetch_root_key().await.map_err(|error| Error::Place(plain(&format!("{url}: {error}"))))?;
        Ok(agent.read_root_key())
    }

    /// The root key of the Internet Computer.
    ///
    /// # Errors
    ///
    /// [`Error::Place`].
    pub fn known_root_key(url: &str) -> Result<Vec<u8>, Error> {
        Ok(agent(url)?.read_root_key())
    }
}

fn agent(url: &str) -> Result<Agent, Error> {
    builder(url).and_then(AgentBuilder::build).map_err(|error| Error::Place(format!("{url}: {error}")))
}

impl Network for Agents {
    type Transport = AgentTransport;

    fn client(&self, seed: &[u8; 32]) -> Client<AgentTransport> {
        let mut agent = self.agent.clone();
        agent.set_identity(BasicIdentity::from_raw_key(seed));
        Client::with_agent(agent, self.canister).with_retry(RETRY)
    }

    fn directory(&self, canister: Principal, trusted: Trusted) -> DirectoryClient<AgentTransport> {
        DirectoryClient::with_agent(self.agent.clone(), canister, trusted).with_retry(RETRY)
    }

    async fn certified(&self) -> Result<Certified, Failure> {
        const MODULE: &str = "module_hash";
        let state = AgentTransport::new(self.agent.clone(), self.canister).state(&[MODULE]).await?;
        let time = state.time().map_err(Failure::Unverified)? / 1_000_000_000;
        Ok(Certified { time, module: state.value(MODULE.as_bytes()).ok().map(<[u8]>::to_vec) })
    }

    async fn configuration(&self, canister: Principal) -> Result<Published, Error> {
        let read = published(&AgentTransport::new(self.agent.clone(), canister)).await;
        read.map_err(|error| Error::Directory(format!("its configuration was not read: {error}")))
    }
}
