//! A served directory, a registrar's folder, and people who want labels.

use candid::encode_args;
use client::agent::AgentTransport;
use client::directory::api::{self, Accepted, Submission, UpdateError, View};
use client::directory::{DirectoryClient, Draft, pin, published, request};
use client::{CallError, Retry};
use directory_core::change::State;
use directory_core::label::Label;
use directory_core::policy::{Key, Policy};
use directory_core::profile::Profile;
use directory_core::proof::Proof;
use directory_core::registration::Request;
use directory_core::signatures::Signatures;
use directory_core::update::Update;
use ed25519_dalek::SigningKey;
use ic_agent::Agent;
use local_ic::{LocalIc, Time};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;
use test_support::artifact::directory_wasm;
use test_support::network::{Server, served, settle};
use tokio::runtime::Runtime;

/// Maximum time that an epoch may take to close, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Place {
    folder: TempDir,
    server: Server,
    runtime: Runtime,
    transport: AgentTransport,
    canister: candid::Principal,
    /// The registrar's key file, and its public key.
    pub key: String,
    pub public: String,
    /// The directory's VRF key.
    pub vrf: String,
    published: api::Published,
}

/// The result of the command.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

pub fn name(text: &str) -> Label {
    Label::Name(text.to_owned())
}

pub fn secret(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn policy(key: &SigningKey) -> Policy {
    Policy::one(Key::of(key))
}

fn done(output: Output) -> Done {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

impl Place {
    /// A directory whose controller is everybody, and a registrar's key that is not entered yet.
    pub fn new() -> Self {
        let engine = LocalIc::new();
        engine.set_time(Time::from(SystemTime::now()));
        let canister = engine.create_canister_with_settings(Some(candid::Principal::anonymous()), None);
        let configuration = api::Configuration {
            registration: api::Registration::registrar,
            ratification: api::Ratification::certified_only,
        };
        let argument = encode_args((Some(configuration),)).unwrap();
        let controller = Some(candid::Principal::anonymous());
        engine.install_canister(canister, directory_wasm().to_vec(), argument, controller);
        settle(&engine);
        let (server, runtime, folder) = (served(engine), Runtime::new().unwrap(), tempfile::tempdir().unwrap());
        let agent = Agent::builder().with_url(server.url()).build().unwrap();
        runtime.block_on(agent.fetch_root_key()).unwrap();
        let transport = AgentTransport::new(agent, canister);
        let published = runtime.block_on(published(&transport)).unwrap();
        let key = folder.path().join("key").to_str().unwrap().to_owned();
        let vrf = hex::encode(&published.vrf_key);
        let mut place =
            Self { folder, server, runtime, transport, canister, key, public: String::new(), vrf, published };
        place.public = place.run(&["new-key", &place.key]).stdout.trim().to_owned();
        place
    }

    pub fn id(&self) -> String {
        self.canister.to_text()
    }

    pub fn run(&self, arguments: &[&str]) -> Done {
        self.pipe(arguments, "")
    }

    /// Runs the command with this on standard input.
    pub fn pipe(&self, arguments: &[impl AsRef<std::ffi::OsStr>], input: &str) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_registrar"));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        done(child.wait_with_output().unwrap())
    }

    /// A file with this text.
    pub fn file(&self, text: &str) -> String {
        let path = self.folder.path().join("request");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn enter(&self) -> Done {
        let (url, id) = (self.server.url(), self.id());
        self.run(&["enter", "--key", &self.key, "--canister", &id, "--network", &url, "--fetch-root-key"])
    }

    /// The arguments that sign a request for a label.
    pub fn arguments(&self, label: &str, path: &str) -> Vec<String> {
        let id = self.id();
        let all = ["sign", label, path, "--key", &self.key, "--canister", &id, "--vrf-key", &self.vrf];
        all.map(ToOwned::to_owned).to_vec()
    }

    /// Signs a request.
    pub fn sign(&self, label: &str, request: &str) -> Done {
        self.pipe(&self.arguments(label, &self.file(request)), "")
    }

    /// A client that pins the registrar's key.
    fn client(&self) -> DirectoryClient<AgentTransport> {
        let bytes = hex::decode(&self.public).unwrap().try_into().unwrap();
        let registrar = Policy::one(Key::new(bytes).unwrap());
        let trusted = pin(&self.published, &self.canister, vec![registrar], 3_600).unwrap();
        DirectoryClient::new(self.transport.clone(), trusted).with_retry(Retry::NEVER)
    }

    /// The request of a person with a key to the registrar, and the entry.
    pub fn request(&self, label: &str) -> (Draft, Request) {
        self.request_by(&name(label), 1)
    }

    pub fn request_by(&self, label: &Label, number: u8) -> (Draft, Request) {
        let (key, client) = (secret(number), self.client());
        let asked = request::lookup(label, View::newest, 0, api::Changes::newest);
        let found = self.runtime.block_on(client.send(asked)).unwrap();
        let vrf = Proof::decode(&found.proof).unwrap().vrf;
        let trusted = client.trusted();
        let index = trusted.vrf.verify(&label.encode(), &vrf).unwrap();
        let profile = Profile::new(Vec::new(), Vec::new()).unwrap();
        let draft = Draft::first(trusted.realm, index, label, policy(&key), &profile, [number; 16]);
        let update =
            Update { entry: draft.entry.clone(), signatures: own(&draft), registration: Signatures::default() };
        (draft, Request { label: label.clone(), vrf, update })
    }

    /// Sends an entry with the registrar's signatures.
    pub fn submit(&self, draft: &Draft, vouched: Signatures) -> Result<Accepted, CallError<UpdateError>> {
        let new: Submission = draft.clone().signed(own(draft), vouched, None);
        self.runtime.block_on(self.client().update(&new))
    }

    pub fn look_up(&self, label: &Label, view: View) -> Option<State> {
        self.runtime.block_on(self.client().lookup(label, view, None)).unwrap().state
    }

    /// Waits until a look-up proves the label.
    pub fn wait_for(&self, label: &Label) {
        let start = Instant::now();
        while self.look_up(label, View::newest).is_none() {
            assert!(start.elapsed() < PATIENCE, "the epoch does not close");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// The signature of the entry's owner.
fn own(draft: &Draft) -> Signatures {
    let key = (0..=255).map(secret).find(|key| policy(key) == draft.entry.policy).unwrap();
    Signatures::by(&key, &draft.entry.signed_bytes())
}
