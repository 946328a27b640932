//! The served network in this process, with one message canister.

use candid::Principal;
use client::Client;
use client::agent::AgentTransport;
use client::directory::api::{Configuration, Ratification, Registration, View};
use client::directory::{DirectoryClient, Draft, pin, published};
use directory_core::label::Label;
use directory_core::policy::{Key, Policy};
use directory_core::profile::Profile;
use directory_core::signatures::Signatures;
use ed25519_dalek::SigningKey;
use ic_agent::identity::BasicIdentity;
use ic_agent::{Agent, Identity};
use local_ic::{LocalIc, Time};
use message_canister::api::Setting;
use std::time::SystemTime;
use test_support::artifact::{canister_wasm, directory_wasm};
use test_support::network::{Server, served, settle};

/// The key of the canister's controller.
const OPERATOR: [u8; 32] = [9; 32];

/// A network, served until it is dropped.
pub struct Network {
    server: Server,
    /// Its message canister.
    pub canister: Principal,
    /// Its directory. The platform's certificate suffices there.
    pub directory: Principal,
}

impl Network {
    /// A network with a message canister of these settings, and a directory that is open to all.
    pub fn with(settings: Vec<Setting>) -> Self {
        Self::of(settings, Registration::open)
    }

    /// A network whose directory needs a registrar. The registrar is not entered yet.
    pub fn with_registrar() -> Self {
        Self::of(Vec::new(), Registration::registrar)
    }

    fn of(settings: Vec<Setting>, registration: Registration) -> Self {
        let engine = LocalIc::new();
        engine.set_time(Time::from(SystemTime::now()));
        // Closed reads are refused while everybody is a controller.
        let (canister, directory) = install(&engine, settings, registration);
        Self { server: served(engine), canister, directory }
    }

    /// A network with a message canister that is open to all, as by default.
    pub fn start() -> Self {
        Self::with(Vec::new())
    }

    /// The operator's client. Needs a runtime of Tokio.
    pub async fn operator(&self) -> Client<AgentTransport> {
        Client::with_agent(operator(&self.url()).await, self.canister)
    }

    /// Enters the registrar's key in the directory, as the operator, and returns its public half.
    pub fn enter_registrar(&self, key: &SigningKey) -> [u8; 32] {
        let public = Key::of(key);
        let policy = Policy::one(public);
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let transport = AgentTransport::new(operator(&self.url()).await, self.directory);
            let published = published(&transport).await.unwrap();
            let trusted = pin(&published, &self.directory, vec![policy.clone()], 3_600).unwrap();
            let mut client = DirectoryClient::new(transport, trusted);
            let index = client.lookup(&Label::Registrar, View::newest, None).await.unwrap().index;
            let profile = Profile::new(Vec::new(), Vec::new()).unwrap();
            let draft = Draft::first(client.trusted().realm, index, &Label::Registrar, policy, &profile, [1; 16]);
            let own = Signatures::by(key, &draft.entry.signed_bytes());
            client.update(&draft.signed(own, Signatures::default(), None)).await.unwrap();
        });
        *public.bytes()
    }

    /// Changes a setting, as the operator.
    pub fn set(&self, setting: Setting) {
        tokio::runtime::Runtime::new().unwrap().block_on(async { set(&self.operator().await, setting).await });
    }

    pub fn url(&self) -> String {
        self.server.url()
    }
}

/// Creates and installs a message canister and a directory. The operator controls both.
pub fn install(engine: &LocalIc, settings: Vec<Setting>, registration: Registration) -> (Principal, Principal) {
    let controller = Some(BasicIdentity::from_raw_key(&OPERATOR).sender().unwrap());
    let install = |module: &[u8], argument| {
        let canister = engine.create_canister_with_settings(controller, None);
        engine.install_canister(canister, module.to_vec(), argument, controller);
        canister
    };
    let canister = install(canister_wasm(), candid::encode_args((Some(settings),)).unwrap());
    let configuration = Configuration { registration, ratification: Ratification::certified_only };
    let directory = install(directory_wasm(), candid::encode_args((Some(configuration),)).unwrap());
    settle(engine);
    (canister, directory)
}

/// The operator's agent. Needs a runtime of Tokio.
pub async fn operator(url: &str) -> Agent {
    let agent = Agent::builder().with_url(url).with_identity(BasicIdentity::from_raw_key(&OPERATOR)).build().unwrap();
    agent.fetch_root_key().await.unwrap();
    agent
}

/// Changes a setting, as the operator.
pub async fn set(operator: &Client<AgentTransport>, setting: Setting) {
    let version = operator.get_status().await.unwrap().settings.version;
    operator.set_settings(version, &[setting]).await.unwrap();
}
