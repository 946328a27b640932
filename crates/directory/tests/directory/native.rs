//! A directory without the platform.

use crate::bundles::signed_bundle;
use crate::site::*;
use candid::Principal;
use directory::api::*;
use directory::directory::{Directory, configured};
use directory_core::checkpoint::Cosignature;
use directory_core::entry::{Entry, realm};
use directory_core::label::Label;
use directory_core::verify::{Memory, Query, Quorum, Trusted, Verified, VerifyError};
use directory_core::vrf::SecretKey;
use ed25519_dalek::Signer as _;
use ic_stable_structures::RestrictedMemory;
use serde_bytes::ByteBuf;
use test_support::SparseMemory;

const RANDOM: [u8; 32] = [42; 32];
const START: u64 = 1_795_000_000_000_000_000;

type Raw = RestrictedMemory<SparseMemory>;

pub struct Native {
    pub directory: Directory<Raw>,
    pub now: u64,
    /// Stable memory.
    pub memory: SparseMemory,
    /// The same with a limit.
    raw: Raw,
    id: Principal,
    vrf: SecretKey,
    configuration: Configuration,
}

impl Native {
    pub fn new(configuration: &Configuration) -> Self {
        Self::within(configuration, 1 << 20)
    }

    /// A directory that has at most so many Wasm pages.
    pub fn within(configuration: &Configuration, pages: u64) -> Self {
        Self::of(Principal::from_slice(&[0, 0, 0, 0, 0, 16, 0, 7, 1, 1]), configuration, pages, START)
    }

    /// The directory of a canister at a time. Its epoch 0 is closed.
    pub fn of(id: Principal, configuration: &Configuration, pages: u64, now: u64) -> Self {
        let memory = SparseMemory::default();
        let raw = RestrictedMemory::new(memory.clone(), 0..pages);
        let fixed = configured(configuration).expect("a good configuration");
        let mut directory = Directory::create(raw.clone(), id, fixed).expect("memory for an empty directory");
        directory.set_randomness(&RANDOM).expect("memory for an empty store");
        assert!(directory.close_if_due(now).expect("memory for a head"));
        Self { directory, now, memory, raw, id, vrf: SecretKey::new(&RANDOM), configuration: configuration.clone() }
    }

    /// Opens the same memory again, and rebuilds the index or leaves it.
    pub fn upgrade(&mut self, index: bool) {
        self.directory = Directory::open(self.raw.clone(), self.id).expect("it was a directory");
        if index {
            self.directory.rebuild_while(|| true);
        }
    }

    /// Opens a copy of stable memory: what an operator restores.
    pub fn restore(&mut self, saved: &SparseMemory) {
        self.memory = saved.copy();
        self.raw = RestrictedMemory::new(self.memory.clone(), 0..1 << 20);
        self.upgrade(true);
    }

    pub fn first(&self, label: &Label, number: u8) -> Entry {
        let (index, _) = self.vrf.prove(&label.encode());
        first(realm(self.id.as_slice(), self.vrf.public().bytes()), index, label, number)
    }

    pub fn cosign(&self, number: u8, time: u64) -> Vec<u8> {
        let log = self.directory.log().expect("it is ready").checkpoint;
        let signature = secret(number).sign(&log.cosigned_bytes(&self.directory.origin(), time)).to_bytes();
        Cosignature { key_id: witness(number).key_id(), time, signature }.encode()
    }

    /// A bundle of the device of all profiles here.
    pub fn bundle(&self, label: &Label, issued: u64) -> Vec<u8> {
        let entry = self.first(label, 1);
        signed_bundle(entry.realm, entry.index, 200, issued).encode()
    }

    pub fn look_up(
        &self,
        label: &Label,
        view: View,
        memory: Option<Memory>,
        time: u64,
    ) -> Result<Result<Verified, VerifyError>, LookupError> {
        let known = memory.map_or(0, |memory| memory.log.size);
        let asked = Lookup { label: ByteBuf::from(label.encode()), view, known, history: Changes::newest };
        let proof = self.directory.lookup(&asked)?;
        let configuration = configured(&self.configuration).expect("a good configuration");
        let trusted = Trusted {
            realm: realm(self.id.as_slice(), self.vrf.public().bytes()),
            origin: self.directory.origin(),
            vrf: self.vrf.public(),
            configuration: configuration.hash(self.vrf.public().bytes()),
            registrars: Vec::new(),
            quorum: Quorum::new(configuration.verifiers().to_vec(), configuration.threshold().into(), 3_600),
        };
        let certified = self.directory.log().expect("it is ready").checkpoint;
        let now = time / 1_000_000_000;
        let query = Query { label, view: view.into(), certified, certified_time: time, memory, contact: None, now };
        Ok(trusted.verify(&query, &proof))
    }

    /// The violations that the check finds.
    pub fn violations(&self) -> Vec<String> {
        let (mut found, mut next) = (Vec::new(), Some(CheckCursor::default()));
        while let Some(from) = next {
            let report = self.directory.check(from).expect("a part");
            found.extend(report.violations);
            next = report.next;
        }
        found
    }
}
