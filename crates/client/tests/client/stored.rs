//! A transport to a store in this process. Its certificates are not signed, and a replica in between may lie.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::future::ready;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use candid::{CandidType, Empty, Principal, decode_args, decode_one, encode_args, encode_one};
use client::api::*;
use client::proofs::certified::certified_data;
use client::proofs::hash::label;
use client::proofs::heads::HeadsProof;
use client::{Certificates, Certified, Client, Failure, Transport};
use message_canister::access::{Caller, Sight};
use message_canister::settings::Configuration;
use message_canister::store::{AcknowledgementRef, Capacity, MessageStore, NewMessageRef, Rebuilt};
use serde_bytes::ByteBuf;
use test_support::SparseMemory;

/// Certificates older than this are refused, in seconds.
pub const FRESH: u64 = 300;

/// A key id that [`owner`] owns without a claim.
pub fn key() -> Vec<u8> {
    owner().as_slice().to_vec()
}

/// The owner of [`key`].
fn owner() -> Principal {
    Principal::self_authenticating([1; 44])
}

/// Changes a reply.
type Lie = Box<dyn Fn(Vec<u8>) -> Vec<u8>>;

/// A store with tampered replies.
pub struct Stored {
    memory: RefCell<SparseMemory>,
    store: RefCell<MessageStore<SparseMemory>>,
    /// The epoch, if the store was resumed: it takes no message before this second.
    epoch: Cell<u32>,
    /// Number of messages of others.
    others: Cell<u32>,
    root: Cell<[u8; 32]>,
    lie: RefCell<Option<Lie>>,
}

impl Stored {
    /// An empty store.
    pub fn new() -> Self {
        let memory = SparseMemory::default();
        let created = MessageStore::create(memory.clone(), Configuration::default(), Capacity::default(), now());
        let mut store = created.expect("there is memory");
        store.set_randomness(&[7; 32]);
        let (memory, store) = (RefCell::new(memory), RefCell::new(store));
        Self {
            memory,
            store,
            epoch: Cell::default(),
            others: Cell::default(),
            root: Cell::default(),
            lie: RefCell::default(),
        }
    }

    /// A snapshot of the sealed store, which goes on afterwards.
    pub fn snapshot(&self) -> SparseMemory {
        self.store.borrow_mut().seal();
        let snapshot = self.copy();
        self.resume();
        snapshot
    }

    /// A copy of the store's memory, without a seal.
    pub fn copy(&self) -> SparseMemory {
        self.memory.borrow().copy()
    }

    /// Replaces the store by a copy.
    pub fn restore(&self, copy: &SparseMemory) {
        let memory = copy.copy();
        let mut store = MessageStore::open(memory.clone(), Capacity::default()).expect("it is a store");
        while store.rebuild_step().expect("it is sound") == Rebuilt::Unfinished {}
        self.memory.replace(memory);
        self.store.replace(store);
    }

    /// Resumes a sealed store.
    pub fn resume(&self) {
        let epoch = self.store.borrow_mut().resume(self.second()).expect("it is sealed");
        self.epoch.set(u32::try_from(epoch).expect("it is a second"));
    }

    /// Adds a message of [`key`] with this id: the ids between are those of others.
    pub fn add_as(&self, id: Id, text: &str) {
        self.add_others_below(id);
        assert_eq!(self.add(&key(), text), id);
    }

    /// Adds messages of others until this is the next id.
    pub fn add_others_below(&self, id: Id) {
        while self.add(b"other", &format!("{}", self.others.replace(self.others.get() + 1))) + 1 < id {}
    }

    fn second(&self) -> u32 {
        now().max(self.epoch.get())
    }

    /// Adds a message of this text, and returns its id.
    pub fn add(&self, key_id: &[u8], text: &str) -> Id {
        let new = NewMessageRef { key_id, ciphertext: text.as_bytes(), send_key: None };
        self.store.borrow_mut().add_message(new, &caller(), self.second()).expect("it is taken").id
    }

    /// Acknowledges [`key`] through a message.
    pub fn acknowledge(&self, through: Id) {
        let (mut store, key_id) = (self.store.borrow_mut(), key());
        let owned = store.first_owned(std::iter::once(&key_id[..]), &caller());
        let items = [AcknowledgementRef { key_id: &key_id, through }];
        let acknowledged = store.acknowledge_all(&items, owned, &caller(), now());
        assert!(acknowledged.is_ok_and(|each| each.iter().all(Result::is_ok)), "the caller owns it");
    }

    /// Changes a setting.
    pub fn set(&self, setting: Setting) {
        self.store.borrow_mut().set_settings(&[setting], now()).expect("it is legal");
    }

    /// The label of [`key`], from a proof while reads are open.
    pub fn label(&self) -> [u8; 32] {
        let arg = encode_args((vec![ByteBuf::from(key())], Some(true))).expect("it encodes");
        let heads = decode_one::<Result<Heads, LookupError>>(&self.reply("get_key_heads", &arg)).expect("it is heads");
        let proof = heads.expect("the key is legal").proof.expect("a proof was asked for");
        label(&HeadsProof::from_bytes(&proof.bytes).expect("it is a proof").state.salt, &key())
    }

    /// A client.
    pub fn client(self) -> Client<Self> {
        Client::new(self)
    }

    /// From now on, replies of this type are changed.
    pub fn lie<T>(&self, lie: impl Fn(&mut T) + 'static)
    where
        T: CandidType + for<'a> candid::Deserialize<'a>,
    {
        self.lie_in_bytes(move |reply| {
            let mut answer = decode_one::<Result<T, Empty>>(&reply).expect("it is the type").expect("it is no error");
            lie(&mut answer);
            encode_one(Ok::<T, Empty>(answer)).expect("it encodes")
        });
    }

    /// From now on, replies are changed.
    pub fn lie_in_bytes(&self, lie: impl Fn(Vec<u8>) -> Vec<u8> + 'static) {
        self.lie.replace(Some(Box::new(lie)));
    }

    /// The bytes of an honest reply.
    pub fn reply(&self, method: &str, arg: &[u8]) -> Vec<u8> {
        if let Some(root) = self.store.borrow_mut().take_changed_root() {
            self.root.set(root);
        }
        let store = self.store.borrow();
        let view = store.view(Sight::new(store.settings().reads, &caller()), now);
        let certified = |bytes: Option<Vec<u8>>| {
            let certificate = [&certified_data(&self.root.get())[..], &u64::from(now()).to_le_bytes()].concat();
            bytes.map(|bytes| Proof { certificate: ByteBuf::from(certificate), bytes: ByteBuf::from(bytes) })
        };
        match method {
            "get_messages_by_key" => {
                let (key_id, cursor): (ByteBuf, KeyCursor) = decode_args(arg).expect("it is a question for a page");
                let page = view.records_by_key(&key_id, cursor).map(|records| {
                    let proof = certified(view.prove_page(&key_id, &cursor, &records).filter(|_| cursor.prove));
                    Page { proof, ..view.get_messages_by_key(&key_id, cursor).expect("it is there") }
                });
                encode_one(page)
            }
            "get_message_by_id" => {
                let (id, prove): (Id, Option<bool>) = decode_args(arg).expect("it is a question for a message");
                let found = view.record_by_id(id).map(|record| {
                    let proof = certified(view.prove_message(&record).filter(|_| prove == Some(true)));
                    Found { proof, ..view.get_message_by_id(id).expect("it is there") }
                });
                encode_one(found)
            }
            "get_key_heads" => {
                let (keys, prove): (Vec<ByteBuf>, Option<bool>) = decode_args(arg).expect("it is a question for heads");
                let keys: Vec<_> = keys.iter().map(|key| &key[..]).collect();
                let heads = view.get_key_heads(&keys).map(|heads| Heads {
                    heads,
                    first_id: view.shown_first_id(),
                    proof: certified(view.prove_heads(&keys).filter(|_| prove == Some(true))),
                });
                encode_one(heads)
            }
            other => panic!("nobody asks for {other} here"),
        }
        .expect("the interface's types encode")
    }
}

impl Transport for Stored {
    /// The subnet certifies this reply as a whole, so nobody in between can lie.
    fn update(&self, method: &'static str, arg: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send {
        ready(Ok(self.reply(method, &arg)))
    }

    fn query(&self, method: &'static str, arg: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send {
        let reply = self.reply(method, &arg);
        ready(Ok(match &*self.lie.borrow() {
            Some(lie) => lie(reply),
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

impl Certificates for Stored {
    fn check(&self, certificate: &[u8]) -> Result<Certified, Box<dyn Error + Send + Sync>> {
        let (data, time) = certificate.split_at_checked(32).ok_or("it is too short")?;
        let seconds = u64::from_le_bytes(time.try_into()?);
        if seconds + FRESH < u64::from(now()) {
            return Err("it is too old".into());
        }
        Ok(Certified { data: data.try_into()?, time: seconds * 1_000_000_000 })
    }
}

fn caller() -> Caller {
    Caller::new(owner(), None, false, true)
}

/// Unix seconds.
pub fn now() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs() as u32
}
