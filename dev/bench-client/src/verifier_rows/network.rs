//! A local network, as a process, with a directory of many labels. The directory is made natively and loaded into the canister
//! as a snapshot of its stable memory.

use super::authors::{Authors, configuration, label};
use crate::beside::local_network;
use candid::{CandidType, Principal, decode_one, encode_one};
use client::agent::AgentTransport;
use client::directory::{DirectoryClient, api, pin, published, request};
use client::{Retry, send};
use directory::directory::{Directory, named};
use directory::memory::StableMemory;
use directory_core::entry::{Entry, realm};
use directory_core::hash::Hash;
use directory_core::label::Label;
use directory_core::policy::{Key, Policy};
use directory_core::store::{Accepted, Registration, Store};
use directory_core::update::LoggedUpdate;
use directory_core::vrf::{PROOF_SIZE, SecretKey};
use ic_agent::Agent;
use ic_management_canister_types::{
    CanisterTimer, ReadCanisterSnapshotDataArgs, ReadCanisterSnapshotDataResult, ReadCanisterSnapshotMetadataArgs,
    ReadCanisterSnapshotMetadataResult, SnapshotDataKind, SnapshotDataOffset, UploadCanisterSnapshotDataArgs,
    UploadCanisterSnapshotMetadataArgs, UploadCanisterSnapshotMetadataResult,
};
use ic_stable_structures::{Memory, VectorMemory};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use test_support::artifact::directory_path;
use test_support::management::{load_snapshot, manage, take_snapshot, upgrade};
use test_support::process::{Process, Start};
use tokio::runtime::Runtime;

/// Labels of the directory, and those of them whose VRF proofs are genuine: look-ups find these.
pub const LABELS: u64 = 100_000;
pub const NAMED: u64 = 7_000;
/// Registrations of an epoch.
const IN_EPOCH: u64 = 1_000;
const SECOND: u64 = 1_000_000_000;
const VRF_SEED: [u8; 32] = [7; 32];
/// Bytes of a snapshot that are uploaded in one call.
const CHUNK: usize = 1_900_000;

/// The network, until it is dropped.
pub struct Network {
    process: Process,
    pub runtime: Runtime,
    pub agent: Agent,
    authors: Authors,
    /// The entries of the labels with genuine VRF proofs.
    entries: Vec<Entry>,
    updates: Vec<LoggedUpdate>,
    module: Vec<u8>,
}

fn vrf() -> SecretKey {
    SecretKey::new(&VRF_SEED)
}

impl Network {
    pub fn start() -> Self {
        let argument = encode_one(Some(named(&configuration()))).expect("it can be encoded");
        let path = directory_path();
        let words = [
            format!("directory={}", path.display()),
            "--argument".to_owned(),
            format!("directory={}", hex::encode(argument)),
        ];
        // The network's speed is not measured, so the development profile will do.
        let program = local_network();
        let start = Start { program, words: words.map(OsString::from).to_vec(), state: None, port: 0 };
        let process = start.run().expect("the network starts: scripts/bench-client builds it");
        let runtime = Runtime::new().expect("threads can be started");
        let agent = Agent::builder().with_url(process.url()).build().expect("its address is one");
        runtime.block_on(agent.fetch_root_key()).expect("it answers");
        let authors = Authors::new(realm(process.canister().as_slice(), vrf().public().bytes()));
        let (memory, updates, entries) = native(process.canister(), &authors);
        let module = std::fs::read(path).expect("the module can be read");
        let network = Self { process, runtime, agent, authors, entries, updates, module };
        network.take_over(&memory);
        network
    }

    pub fn url(&self) -> String {
        self.process.url()
    }

    pub fn canister(&self) -> Principal {
        self.process.canister()
    }

    pub fn root_key(&self) -> Vec<u8> {
        self.agent.read_root_key()
    }

    pub fn vrf_key(&self) -> Hash {
        *vrf().public().bytes()
    }

    /// The hash of the directory's module.
    pub fn module(&self) -> Hash {
        Sha256::digest(&self.module).into()
    }

    /// All updates of the directory's initial log.
    pub fn updates(&self) -> &[LoggedUpdate] {
        &self.updates
    }

    pub fn transport(&self) -> AgentTransport {
        AgentTransport::new(self.agent.clone(), self.canister())
    }

    /// A client that demands the cosignatures of all ratifying verifiers.
    pub fn client(&self) -> DirectoryClient<AgentTransport> {
        let published = self.runtime.block_on(published(&self.transport())).expect("the directory answers");
        let registrars = vec![Policy::one(Key::of(&self.authors.registrar))];
        let pins = pin(&published, &self.canister(), registrars, 3_600).expect("it is a configuration");
        DirectoryClient::new(self.transport(), pins)
    }

    /// The argument of an update that changes this named label.
    pub fn change(&self, number: u64) -> Vec<u8> {
        let newest = self.entries.get(number as usize).expect("there are so many labels");
        request::update(&self.authors.change(number, newest)).arg
    }

    /// Replaces the canister's stable memory by these bytes, and upgrades the canister.
    fn take_over(&self, memory: &[u8]) {
        let canister_id = self.canister();
        let taken = self.runtime.block_on(take_snapshot(&self.agent, canister_id));
        let metadata: ReadCanisterSnapshotMetadataResult = self.ask(
            "read_canister_snapshot_metadata",
            &ReadCanisterSnapshotMetadataArgs { canister_id, snapshot_id: taken.clone() },
        );
        let module = self.module_of(taken, metadata.wasm_module_size);
        let uploaded: UploadCanisterSnapshotMetadataResult = self.ask(
            "upload_canister_snapshot_metadata",
            &UploadCanisterSnapshotMetadataArgs {
                canister_id,
                replace_snapshot: None,
                wasm_module_size: module.len() as u64,
                globals: metadata.globals.into_iter().flatten().collect(),
                wasm_memory_size: metadata.wasm_memory_size,
                stable_memory_size: memory.len() as u64,
                certified_data: metadata.certified_data,
                global_timer: Some(CanisterTimer::Inactive),
                on_low_wasm_memory_hook_status: metadata.on_low_wasm_memory_hook_status,
            },
        );
        let snapshot_id = uploaded.snapshot_id;
        // The heap stays empty: the upgrade makes a new one.
        let module = chunks(&module).map(|(offset, chunk)| (SnapshotDataOffset::WasmModule { offset }, chunk));
        let memory = chunks(memory).map(|(offset, chunk)| (SnapshotDataOffset::StableMemory { offset }, chunk));
        for (kind, chunk) in module.chain(memory) {
            let (snapshot_id, chunk) = (snapshot_id.clone(), chunk.to_vec());
            let argument = UploadCanisterSnapshotDataArgs { canister_id, snapshot_id, kind, chunk };
            self.tell("upload_canister_snapshot_data", &argument);
        }
        self.runtime.block_on(load_snapshot(&self.agent, canister_id, snapshot_id));
        let argument = encode_one(None::<()>).expect("it can be encoded");
        let upgrade = upgrade(&self.agent, canister_id, self.module.clone(), argument);
        self.runtime.block_on(upgrade.call_and_wait()).expect("the module can be installed");
        while self.status().is_none_or(|status| status.indexed < status.to_index) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn module_of(&self, snapshot_id: Vec<u8>, size: u64) -> Vec<u8> {
        let mut module = Vec::new();
        while (module.len() as u64) < size {
            let offset = module.len() as u64;
            let kind = SnapshotDataKind::WasmModule { offset, size: (size - offset).min(CHUNK as u64) };
            let (canister_id, snapshot_id) = (self.canister(), snapshot_id.clone());
            let argument = ReadCanisterSnapshotDataArgs { canister_id, snapshot_id, kind };
            let read: ReadCanisterSnapshotDataResult = self.ask("read_canister_snapshot_data", &argument);
            module.extend(read.chunk);
        }
        module
    }

    /// The directory's status, once it is ready.
    pub fn status(&self) -> Option<api::Status> {
        self.runtime.block_on(status(&self.transport()))
    }

    fn tell(&self, method: &str, argument: &impl CandidType) -> Vec<u8> {
        let call = manage(&self.agent, self.canister(), method, argument);
        self.runtime.block_on(call.call_and_wait()).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn ask<T: CandidType + DeserializeOwned>(&self, method: &str, argument: &impl CandidType) -> T {
        decode_one(&self.tell(method, argument)).unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}

/// The directory's status, once it is ready.
pub async fn status(transport: &AgentTransport) -> Option<api::Status> {
    send(transport, &Retry::NEVER, &request::get_status()).await.ok().filter(|status| status.ready)
}

/// Pieces of the bytes with their positions. Pieces of zeros are left out, because a snapshot begins with zeros.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    (0..).step_by(CHUNK).zip(bytes.chunks(CHUNK)).filter(|(_, chunk)| chunk.iter().any(|byte| *byte != 0))
}

/// Makes a directory in this process. Returns its bytes, its updates, and the entries of the labels that look-ups find.
fn native(canister: Principal, authors: &Authors) -> (Vec<u8>, Vec<LoggedUpdate>, Vec<Entry>) {
    let raw = VectorMemory::default();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    let mut now = since.as_nanos() as u64 - (LABELS / IN_EPOCH + 10) * 60 * SECOND;
    let mut directory = Directory::create(raw.clone(), canister, configuration()).expect("there is memory");
    directory.set_randomness(&VRF_SEED).expect("there is memory");
    let mut close = |directory: &mut Directory<VectorMemory>| {
        now += 60 * SECOND;
        assert!(directory.close_if_due(now).expect("there is memory"), "an epoch is due after a minute");
        now + SECOND
    };
    let mut at = close(&mut directory);
    let registrars = authors.registrars_own(&Label::Registrar, &vrf());
    directory.update(&registrars, true, at).expect("the registrar is registered");
    let mut entries = Vec::new();
    for number in 0..NAMED {
        let (entry, new) = authors.named(number, &vrf());
        directory.update(&new, false, at).expect("it is registered");
        entries.push(entry);
        if number % IN_EPOCH == IN_EPOCH - 1 {
            at = close(&mut directory);
        }
    }
    drop(directory);

    // The other labels have worthless VRF proofs. No verifier sees these proofs, and nobody looks the labels up.
    let store = StableMemory::open(raw.clone()).expect("it is a directory's").store();
    let mut store = Store::open(store, authors.realm()).expect("it is a directory's");
    let configuration = configuration().hash(vrf().public().bytes());
    for number in NAMED..LABELS {
        let registration = Registration { label: label(number), vrf: [0; PROOF_SIZE], address: None };
        let update = &authors.registration(number);
        let accepted = Accepted { update, time: at, opened: None, registration: Some(&registration) };
        store.accept(&accepted).expect("there is memory");
        if number % IN_EPOCH == IN_EPOCH - 1 {
            at += 60 * SECOND;
            store.close_epoch(at, configuration).expect("there is memory");
        }
    }
    let updates = (0..store.updates()).map(|position| store.logged(position)).collect();
    let mut memory = vec![0; raw.size() as usize * 65_536];
    raw.read(0, &mut memory);
    (memory, updates, entries)
}
