//! The served network with a directory, and its controller's acts.

use crate::forged::{Forged, SECRET, key, submission};
use candid::{Principal, encode_args};
use client::agent::AgentTransport;
use client::directory::{DirectoryClient, api, pin, published};
use directory::directory::named;
use directory_core::checkpoint::Verifier;
use directory_core::configuration::Configuration;
use directory_core::entry::Entry;
use directory_core::label::Label;
use directory_core::vrf::SecretKey;
use ic_agent::Agent;
use local_ic::{LocalIc, Time};
use std::time::SystemTime;
use test_support::artifact::directory_wasm;
use test_support::management::{load_snapshot, take_snapshot};
use test_support::network::{Server, served};
use tokio::runtime::Runtime;

/// The numbers of the verifiers' keys.
pub const VERIFIERS: [u8; 3] = [51, 52, 53];
/// The number of the registrar's key.
pub const REGISTRAR: u8 = 90;

/// A network with one directory, served until it is dropped. The anonymous principal controls the directory.
pub struct Network {
    server: Server,
    pub canister: Principal,
    pub configuration: Configuration,
    pub runtime: Runtime,
    pub agent: Agent,
}

pub fn name(number: u8) -> String {
    format!("verifier.example/{number}")
}

/// Two of three verifiers ratify.
pub fn configuration(registrar: bool) -> Configuration {
    let verifiers = VERIFIERS.map(|number| Verifier::new(name(number), key(number)).unwrap());
    Configuration::new(registrar, verifiers.to_vec(), 2).unwrap()
}

impl Network {
    /// With a directory whose memory a controller has replaced by what `forge` makes of an empty one.
    pub fn start(registrar: bool, forge: impl FnOnce(&mut Forged)) -> Self {
        let engine = LocalIc::new();
        let now = Time::from(SystemTime::now());
        engine.set_time(now);
        let controller = Some(Principal::anonymous());
        let canister = engine.create_canister_with_settings(controller, None);
        let configuration = configuration(registrar);
        let argument = encode_args((Some(named(&configuration)),)).unwrap();
        engine.install_canister(canister, directory_wasm().to_vec(), argument, controller);
        let start = now.as_nanos_since_unix_epoch() - 1_000_000_000_000;
        let mut forged = Forged::new(canister, &configuration, start);
        forge(&mut forged);
        assert!(forged.now < now.as_nanos_since_unix_epoch(), "the future is a lie of its own");
        engine.set_stable_memory(canister, forged.bytes());
        let upgraded = engine.upgrade_canister(
            canister,
            directory_wasm().to_vec(),
            encode_args((None::<()>,)).unwrap(),
            controller,
        );
        upgraded.unwrap();
        engine.tick();
        let server = served(engine);
        let runtime = Runtime::new().unwrap();
        let agent = Agent::builder().with_url(server.url()).build().unwrap();
        runtime.block_on(agent.fetch_root_key()).unwrap();
        Self { server, canister, configuration, runtime, agent }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// A client that demands two verifiers' cosignatures.
    pub fn client(&self, registrars: Vec<directory_core::policy::Policy>) -> DirectoryClient<AgentTransport> {
        let transport = AgentTransport::new(self.agent.clone(), self.canister);
        let published = self.published();
        DirectoryClient::new(transport, pin(&published, &self.canister, registrars, 3_600).unwrap())
    }

    pub fn published(&self) -> api::Published {
        self.runtime.block_on(published(&AgentTransport::new(self.agent.clone(), self.canister))).unwrap()
    }

    pub fn status(&self) -> api::Status {
        self.runtime.block_on(async {
            let reply = self.query("get_status", encode_args(()).unwrap()).await;
            candid::decode_one::<Result<api::Status, api::StatusError>>(&reply).unwrap().unwrap()
        })
    }

    async fn query(&self, method: &str, argument: Vec<u8>) -> Vec<u8> {
        self.agent.query(&self.canister, method).with_arg(argument).call().await.unwrap()
    }

    /// Registers a label, with the registrar's signature where the directory asks for it, or changes it.
    pub fn update(&self, label: &Label, old: Option<&Entry>, signers: &[u8]) -> Entry {
        let registrar = Some(REGISTRAR).filter(|_| old.is_none() && self.configuration.has_registrar());
        let (new, update) = submission(self.canister, &SecretKey::new(&SECRET), label, old, signers, registrar);
        self.runtime.block_on(async {
            let reply = self.agent.update(&self.canister, "update").with_arg(encode_args((new,)).unwrap());
            let reply = reply.call_and_wait().await.unwrap();
            candid::decode_one::<Result<api::Accepted, api::UpdateError>>(&reply).unwrap().unwrap();
        });
        update.entry
    }

    /// Takes a snapshot of the directory.
    pub fn snapshot(&self) -> Vec<u8> {
        self.runtime.block_on(take_snapshot(&self.agent, self.canister))
    }

    /// Rolls the directory back to a snapshot.
    pub fn load(&self, snapshot: Vec<u8>) {
        self.runtime.block_on(load_snapshot(&self.agent, self.canister, snapshot));
    }
}
