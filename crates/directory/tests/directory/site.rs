//! A directory on an engine, its clients and owners.

use candid::utils::{ArgumentDecoder, ArgumentEncoder};
use candid::{Principal, decode_args, decode_one, encode_args, encode_one};
use directory::api::*;
use directory::certified::CertifiedLog;
use directory::directory::configured;
use directory_core::change::State;
use directory_core::checkpoint::{Checkpoint as Log, Verifier as Witness};
use directory_core::commitment::commit;
use directory_core::entry::{Entry, Kind};
use directory_core::hash::{Hash, ZERO};
use directory_core::label::{AddressProof, Label, address_bytes};
use directory_core::policy::{Key, Policy};
use directory_core::profile::{Device, Profile};
use directory_core::signatures::Signatures;
use directory_core::update::Update;
use directory_core::verify::{Memory, Query, Quorum, Trusted, Verified, VerifyError};
use directory_core::vrf::PublicKey;
use ed25519_dalek::{Signer as _, SigningKey};
use local_ic::{LocalIc, RejectResponse};
use serde_bytes::ByteBuf;
use std::time::Duration;
use test_support::artifact::directory_wasm;

/// Version 0 of a label in a directory, for one key.
pub fn first(realm: Hash, index: Hash, label: &Label, number: u8) -> Entry {
    Entry {
        realm,
        index,
        version: 0,
        previous: ZERO,
        kind: Kind::Set,
        commitment: commit(&[1; 16], label, 0, &profile(0)),
        policy: policy(number),
        recovery: None,
    }
}

/// An installed directory.
pub struct Site {
    pub engine: LocalIc,
    pub id: Principal,
}

pub fn operator() -> Principal {
    Principal::self_authenticating(b"operator")
}

pub fn open() -> Configuration {
    Configuration { registration: Registration::open, ratification: Ratification::certified_only }
}

pub fn secret(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub fn key(number: u8) -> Key {
    Key::of(&secret(number))
}

pub fn policy(number: u8) -> Policy {
    Policy::one(key(number))
}

pub fn name(text: &str) -> Label {
    Label::Name(text.to_string())
}

pub fn sign(message: &[u8], numbers: &[u8]) -> Signatures {
    let one = |number: &u8| (key(*number), secret(*number).sign(message).to_bytes());
    Signatures::new(numbers.iter().map(one).collect()).expect("few signatures")
}

/// The profile of these tests: one device, 200 bytes.
pub fn profile(version: u32) -> Vec<u8> {
    let device = Device { signing: key(200), identity: [version as u8; 32] };
    Profile::new(vec![device], vec![7; 131]).expect("a small profile").encode()
}

impl Site {
    /// A directory whose VRF key is drawn.
    pub fn new(configuration: &Configuration) -> Self {
        let site = Self::installed(configuration);
        for _ in 0..3 {
            site.engine.tick();
        }
        assert!(site.status().ready, "the VRF key is drawn");
        site
    }

    /// A directory as it is right after the installation.
    pub fn installed(configuration: &Configuration) -> Self {
        let engine = LocalIc::new();
        let id = engine.create_canister_with_settings(Some(operator()), None);
        let argument = encode_one(Some(configuration)).expect("encoded");
        engine.install_canister(id, directory_wasm().to_vec(), argument, Some(operator()));
        Self { engine, id }
    }

    pub fn upgrade(&self) -> Result<(), RejectResponse> {
        let null = encode_one(None::<Configuration>).expect("encoded");
        self.engine.upgrade_canister(self.id, directory_wasm().to_vec(), null, Some(operator()))
    }

    pub fn now(&self) -> u64 {
        self.engine.get_time().as_nanos_since_unix_epoch()
    }

    /// Lets time pass, and the timers that are due fire.
    pub fn pass(&self, seconds: u64) {
        self.engine.advance_time(Duration::from_secs(seconds));
        self.engine.tick();
        self.engine.tick();
    }

    pub fn query<T: for<'a> ArgumentDecoder<'a>>(&self, method: &str, arguments: impl ArgumentEncoder) -> T {
        let arguments = encode_args(arguments).expect("encoded");
        let reply = self.engine.query_call(self.id, Principal::anonymous(), method, arguments).expect("a reply");
        decode_args(&reply).expect("the interface's types")
    }

    pub fn call<T: for<'a> candid::Deserialize<'a> + candid::CandidType>(
        &self,
        caller: Principal,
        method: &str,
        arguments: impl ArgumentEncoder,
    ) -> Result<T, RejectResponse> {
        let arguments = encode_args(arguments).expect("encoded");
        let reply = self.engine.update_call(self.id, caller, method, arguments)?;
        Ok(decode_one(&reply).expect("the interface's types"))
    }

    pub fn status(&self) -> Status {
        let (status,): (Result<Status, StatusError>,) = self.query("get_status", ());
        status.expect("a status")
    }

    pub fn published(&self) -> Published {
        let (published,): (Result<Published, StatusError>,) = self.query("get_configuration", ());
        published.expect("the VRF key is drawn")
    }

    /// The values that a client pins, from the configuration that it was told.
    pub fn trusted(&self) -> Trusted {
        let published = self.published();
        let configuration = configured(&published.configuration).expect("a good configuration");
        let vrf_key = hash(&published.vrf_key);
        assert_eq!(published.hash, configuration.hash(&vrf_key));
        let quorum = Quorum::new(configuration.verifiers().to_vec(), configuration.threshold().into(), 3_600);
        Trusted {
            realm: hash(&published.realm),
            origin: published.origin,
            vrf: PublicKey::new(&vrf_key).expect("a good key"),
            configuration: configuration.hash(&vrf_key),
            registrars: if configuration.has_registrar() { vec![policy(11)] } else { Vec::new() },
            quorum,
        }
    }

    /// The certified log, compared with the platform's certified data.
    pub fn certified(&self, certified: &Certified) -> Log {
        let log = CertifiedLog::decode(&certified.log).expect("a log");
        assert_eq!(self.engine.certified_data(self.id), log.certified_data(), "the platform certifies the log");
        log.checkpoint
    }

    pub fn ask(&self, label: &Label, view: View, known: u64, history: Changes) -> Result<Found, LookupError> {
        let asked = Lookup { label: ByteBuf::from(label.encode()), view, known, history };
        self.query::<(Result<Found, LookupError>,)>("lookup", (asked,)).0
    }

    /// A look-up of a client that remembers nothing, or something.
    pub fn look_up(
        &self,
        label: &Label,
        view: View,
        memory: Option<Memory>,
        contact: Option<&State>,
    ) -> Result<Verified, VerifyError> {
        let history = contact.map_or(Changes::newest, |state| Changes::version(state.newest().version + 1));
        let found = self.ask(label, view, memory.map_or(0, |memory| memory.log.size), history).expect("an answer");
        self.verify(label, view, &found, memory, contact)
    }

    pub fn verify(
        &self,
        label: &Label,
        view: View,
        found: &Found,
        memory: Option<Memory>,
        contact: Option<&State>,
    ) -> Result<Verified, VerifyError> {
        let (certified, time) = (self.certified(&found.certified), self.now());
        let now = time / 1_000_000_000;
        let query = Query { label, view: view.into(), certified, certified_time: time, memory, contact, now };
        self.trusted().verify(&query, &found.proof)
    }

    /// The index of a label, from the proof that it is absent or present.
    pub fn index(&self, label: &Label) -> Hash {
        let found = self.ask(label, View::newest, 0, Changes::newest).expect("an answer");
        let proof = directory_core::proof::Proof::decode(&found.proof).expect("a proof");
        self.trusted().vrf.verify(&label.encode(), &proof.vrf).expect("the proof of the index")
    }

    /// Version 0 of a label, for one key.
    pub fn first(&self, index: Hash, label: &Label, number: u8) -> Entry {
        first(self.trusted().realm, index, label, number)
    }

    pub fn update(&self, new: &Submission) -> Result<Accepted, UpdateError> {
        self.call(Principal::anonymous(), "update", (new,)).expect("a reply")
    }

    /// Registers a label for one key.
    pub fn register(&self, label: &Label, number: u8) -> Result<Accepted, UpdateError> {
        self.update(&self.registration(label, number, &[]))
    }

    pub fn registration(&self, label: &Label, number: u8, registrars: &[u8]) -> Submission {
        let entry = self.first(self.index(label), label, number);
        let address = matches!(label, Label::Address(_)).then(|| {
            let signature = secret(number).sign(&address_bytes(&entry)).to_bytes();
            AddressProof { key: key(number), signature }
        });
        let mut update = signed(entry, &[number]);
        update.registration = sign(&update.registration_bytes(), registrars);
        let mut new = submission(label, &update);
        new.address = address.map(|proof| {
            let mut bytes = vec![1];
            bytes.extend(proof.key.bytes());
            bytes.extend(proof.signature);
            ByteBuf::from(bytes)
        });
        new
    }

    /// The lines of the log, in order.
    pub fn log(&self) -> Vec<String> {
        let records = self.engine.fetch_canister_logs(self.id, operator()).expect("a controller may read it");
        records.into_iter().map(|record| String::from_utf8(record.content).expect("it is text")).collect()
    }

    pub fn checkpoint(&self, known: u64) -> Checkpoint {
        self.query::<(Result<Checkpoint, LookupError>,)>("get_checkpoint", (known,)).0.expect("a checkpoint")
    }
}

pub fn signed(entry: Entry, numbers: &[u8]) -> Update {
    Update { signatures: sign(&entry.signed_bytes(), numbers), entry, registration: Signatures::default() }
}

/// The next entry, with another key.
pub fn next(old: &Entry, label: &Label, number: u8) -> Entry {
    let version = old.version + 1;
    let commitment = commit(&[version as u8 + 1; 16], label, version, &profile(version));
    Entry { version, previous: old.hash(), commitment, policy: policy(number), ..old.clone() }
}

/// An update with the profile of its version.
pub fn submission(label: &Label, update: &Update) -> Submission {
    let version = update.entry.version;
    let opened =
        Opened { opening: ByteBuf::from(vec![version as u8 + 1; 16]), profile: ByteBuf::from(profile(version)) };
    Submission {
        label: ByteBuf::from(label.encode()),
        update: ByteBuf::from(update.encode()),
        opened: Some(opened).filter(|_| update.entry.kind != Kind::Close),
        address: None,
    }
}

pub fn witness(number: u8) -> Witness {
    Witness::new(format!("verifier.example/{number}"), key(number)).expect("a good name")
}

pub fn hash(bytes: &[u8]) -> Hash {
    bytes.try_into().expect("32 bytes")
}
