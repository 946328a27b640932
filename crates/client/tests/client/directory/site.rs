//! A directory in this process, its owners, and a replica in between that may lie.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::future::ready;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use candid::{CandidType, Empty, Principal, decode_args, decode_one, encode_one};
use client::directory::api::*;
use client::directory::directory_core::bundle::{Bundle, Content};
use client::directory::directory_core::configuration;
use client::directory::directory_core::entry::Entry;
use client::directory::directory_core::hash::Hash;
use client::directory::directory_core::label::Label;
use client::directory::directory_core::policy::{Key, Policy};
use client::directory::directory_core::profile::{Device, Profile};
use client::directory::directory_core::proof::Proof;
use client::directory::directory_core::signatures::Signatures;
use client::directory::{DirectoryClient, Draft, pin};
use client::{Certificates, Certified as Proved, Failure, Retry, Transport};
use directory::directory::Directory;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_bytes::ByteBuf;
use test_support::{SparseMemory, now};

/// A client of the directory here.
pub type Client = DirectoryClient<&'static Site>;

/// Nanoseconds of a second.
pub const SECOND: u64 = 1_000_000_000;

/// Changes the reply of a method.
type Lie = Box<dyn Fn(&str, Vec<u8>) -> Vec<u8>>;

/// A directory with tampered replies. Its time starts a day ago.
pub struct Site {
    directory: RefCell<Directory<SparseMemory>>,
    memory: SparseMemory,
    now: Cell<u64>,
    lie: RefCell<Option<Lie>>,
}

pub fn canister(number: u8) -> Principal {
    Principal::from_slice(&[0, 0, 0, 0, 0, 0, 0, number, 1, 1])
}

pub fn name(text: &str) -> Label {
    Label::Name(text.to_string())
}

fn secret(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub fn key(number: u8) -> Key {
    Key::of(&secret(number))
}

pub fn policy(number: u8) -> Policy {
    Policy::one(key(number))
}

/// A profile with one device.
pub fn profile(device: u8) -> Profile {
    Profile::new(vec![Device { signing: key(device), identity: [device; 32] }], b"hello".to_vec()).expect("a small one")
}

/// The signatures of these keys.
pub fn sign(entry: &Entry, numbers: &[u8]) -> Signatures {
    let one = |number: &u8| (key(*number), secret(*number).sign(&entry.signed_bytes()).to_bytes());
    Signatures::new(numbers.iter().map(one).collect()).expect("few signatures")
}

/// A bundle that a device signs.
pub fn bundle(realm: Hash, index: Hash, device: u8, issued: u64, expiry: u64) -> Bundle {
    let (hpke, fallback, inbox) = ([2; 32], [3; 32], vec![4; 29]);
    let content = Content { realm, index, device: key(device), hpke, fallback, issued, expiry, inbox };
    Bundle { signature: secret(device).sign(&content.signed_bytes()).to_bytes(), content }
}

impl Site {
    /// A directory of open registration, whose first epoch has closed.
    pub fn new() -> &'static Self {
        let memory = SparseMemory::default();
        let configuration = configuration::Configuration::new(false, Vec::new(), 0).expect("it is for development");
        let mut directory = Directory::create(memory.clone(), canister(1), configuration).expect("there is memory");
        directory.set_randomness(&[7; 32]).expect("there is memory");
        let day = Duration::from_secs(86_400);
        let now = (SystemTime::now() - day).duration_since(UNIX_EPOCH).expect("it is after 1970").as_nanos() as u64;
        let site = Self { directory: RefCell::new(directory), memory, now: Cell::new(now), lie: RefCell::default() };
        site.pass(0);
        Box::leak(Box::new(site))
    }

    /// A copy of the directory, which an operator restores or forks.
    pub fn copy(&self) -> &'static Self {
        let memory = self.memory.copy();
        let directory = Directory::open(memory.clone(), canister(1));
        let directory = RefCell::new(directory.unwrap_or_else(|error| panic!("{error}")));
        Box::leak(Box::new(Self { directory, memory, now: self.now.clone(), lie: RefCell::default() }))
    }

    /// A client that pins its published configuration.
    pub fn client(&'static self) -> Client {
        let trusted = pin(&self.published(), &canister(1), Vec::new(), 3_600).expect("it is a configuration");
        DirectoryClient::new(self, trusted).with_retry(Retry::NEVER)
    }

    /// The configuration that it publishes.
    pub fn published(&self) -> Published {
        self.directory.borrow().published().expect("the VRF key is drawn")
    }

    /// Lets time pass, and an epoch close that is due.
    pub fn pass(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds * SECOND);
        self.directory.borrow_mut().close_if_due(self.now.get()).expect("there is memory");
    }

    /// The directory's time in seconds since 1970.
    pub fn seconds(&self) -> u64 {
        self.now.get() / SECOND
    }

    /// Sends an update, and closes its epoch.
    pub fn submit(&self, new: &Submission) {
        self.pass(5);
        self.directory.borrow_mut().update(new, false, self.now.get()).expect("it is accepted");
        self.pass(5);
    }

    /// Registers a label for a key, with the profile of its device.
    pub fn register(&'static self, label: &Label, number: u8, device: u8) {
        let client = &mut self.client();
        let absent = now(client.lookup(label, View::newest, None)).expect("its absence is proved");
        let realm = client.trusted().realm;
        let draft = Draft::first(realm, absent.index, label, policy(number), &profile(device), [1; 16]);
        let signatures = sign(&draft.entry, &[number]);
        self.submit(&draft.signed(signatures, Signatures::default(), None));
    }

    /// Gives a label to another key.
    pub fn change(&self, label: &Label, newest: &Entry, from: u8, to: u8) {
        let draft = Draft::next(newest, label, policy(to), &profile(to + 100), [newest.version as u8 + 2; 16]);
        let mut signers = vec![from, to];
        signers.dedup();
        let signatures = sign(&draft.entry, &signers);
        self.submit(&draft.signed(signatures, Signatures::default(), None));
    }

    /// From now on the replies of a method are changed.
    pub fn lie<T>(&self, method: &'static str, lie: impl Fn(&mut T) + 'static)
    where
        T: CandidType + for<'a> candid::Deserialize<'a>,
    {
        self.lie_in_bytes(move |asked, reply| {
            if asked != method {
                return reply;
            }
            let mut answer = decode_one::<Result<T, Empty>>(&reply).expect("it is the type").expect("it is no error");
            lie(&mut answer);
            encode_one(Ok::<T, Empty>(answer)).expect("it encodes")
        });
    }

    /// From now on replies are changed.
    pub fn lie_in_bytes(&self, lie: impl Fn(&str, Vec<u8>) -> Vec<u8> + 'static) {
        self.lie.replace(Some(Box::new(lie)));
    }

    /// An honest answer to a look-up.
    pub fn answer(&self, label: &Label, known: u64, history: Changes) -> Found {
        let asked = Lookup { label: ByteBuf::from(label.encode()), view: View::newest, known, history };
        self.found(&asked).expect("it is answered")
    }

    /// The proof of an old answer, which leads to the log of now: a replica asks for that part of it.
    pub fn led_to_newest(&self, old: &Found) -> ByteBuf {
        let mut proof = Proof::decode(&old.proof).expect("it is a proof");
        let checkpoint = self.directory.borrow().checkpoint(proof.head.epoch + 1, None).expect("it knows the log");
        let hashes = checkpoint.consistency.iter().map(|hash| hash[..].try_into().expect("32 bytes"));
        proof.to_newest = hashes.collect();
        ByteBuf::from(proof.encode())
    }

    fn found(&self, asked: &Lookup) -> Result<Found, LookupError> {
        let directory = self.directory.borrow();
        let proof = ByteBuf::from(directory.lookup(asked)?);
        let certificate =
            certificate(1, directory.log().expect("the VRF key is drawn").certified_data(), self.now.get());
        let certified = directory.certified(Some(certificate)).expect("the VRF key is drawn");
        Ok(Found { proof, certified })
    }

    fn reply(&self, method: &str, arg: &[u8]) -> Vec<u8> {
        let now = self.now.get();
        let directory = &self.directory;
        match method {
            "lookup" => encode_one(self.found(&decode_one(arg).expect("it is a look-up"))),
            "get_history" => encode_one(directory.borrow().history(&decode_one(arg).expect("it is a question"))),
            "put_bundle" => {
                let (label, bundle): (ByteBuf, ByteBuf) = decode_args(arg).expect("it is a bundle");
                encode_one(directory.borrow_mut().put_bundle(&label, &bundle, now))
            }
            "get_bundles" => {
                let label: ByteBuf = decode_one(arg).expect("it is a label");
                encode_one(directory.borrow().bundles(&label, now))
            }
            other => panic!("nobody asks for {other} here"),
        }
        .expect("the interface's types encode")
    }
}

/// A certificate that nobody signs: canister, certified data, time.
pub fn certificate(number: u8, data: Hash, time: u64) -> Vec<u8> {
    [&[number][..], &data, &time.to_le_bytes()].concat()
}

impl Transport for &'static Site {
    fn update(&self, method: &'static str, arg: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send {
        ready(Ok(self.reply(method, &arg)))
    }

    fn query(&self, method: &'static str, arg: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send {
        let reply = self.reply(method, &arg);
        ready(Ok(match &*self.lie.borrow() {
            Some(lie) => lie(method, reply),
            None => reply,
        }))
    }

    fn certificates(&self) -> Option<&dyn Certificates> {
        Some(self)
    }

    fn pause(&self, _: Duration) -> impl Future<Output = ()> + Send {
        ready(())
    }
}

impl Certificates for &'static Site {
    fn check(&self, certificate: &[u8]) -> Result<Proved, Box<dyn Error + Send + Sync>> {
        let (canister, rest) = certificate.split_at_checked(1).ok_or("it is too short")?;
        let (data, time) = rest.split_at_checked(32).ok_or("it is too short")?;
        if canister != [1] {
            return Err("it is of another canister".into());
        }
        Ok(Proved { data: data.try_into()?, time: u64::from_le_bytes(time.try_into()?) })
    }
}
