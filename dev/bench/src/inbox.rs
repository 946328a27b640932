//! The measured canister, and the calls to it.

use candid::{Principal, encode_one};
use client::request::{self, Request};
use client::{Client, Refusal, Retry};
use local_ic::{LocalIc, StateReader, Time, Usage};
use message_canister::api::{NewMessage, Setting, Status, StoreStatus};
use serde_bytes::ByteBuf;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use test_support::{OnPlatform, bytes, now};

/// Bytes of a key id: as long as a group id.
pub const KEY_BYTES: usize = 41;
/// Bytes of a ciphertext, unless a row says otherwise.
pub const CIPHERTEXT_BYTES: usize = 180;

/// Cycles that no measurement uses up.
const CYCLES: u128 = 1 << 100;
const START: u64 = 1_800_000_000;
/// Messages stored in the same second.
const PER_SECOND: u64 = 100;

/// The cost of one call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Instructions, as the replica charges them.
    pub instructions: u64,
    /// Everything the engine counts.
    pub usage: Usage,
}

/// An inbox in an engine of its own. Everything in it follows from the number of keys: the same calls cost the same.
pub struct Inbox {
    engine: LocalIc,
    id: Principal,
    wasm: Vec<u8>,
    keys: u64,
    stored: u64,
    certified: Option<StateReader>,
}

impl Inbox {
    /// An empty one whose messages will belong to so many keys in turn.
    pub fn install(wasm: &[u8], keys: u64) -> Self {
        let engine = LocalIc::new();
        engine.set_time(Time::from_nanos_since_unix_epoch(START * 1_000_000_000));
        let id = engine.create_canister_with_settings(Some(controller()), None);
        engine.add_cycles(id, CYCLES);
        engine.install_canister(id, wasm.to_vec(), no_settings(), Some(controller()));
        let inbox = Self { engine, id, wasm: wasm.to_vec(), keys, stored: 0, certified: None };
        inbox.settle();
        inbox
    }

    /// The cost of the installation, on an engine of its own.
    pub fn installation(wasm: &[u8]) -> Cost {
        let engine = LocalIc::new();
        let id = engine.create_canister_with_settings(Some(controller()), None);
        engine.add_cycles(id, CYCLES);
        engine.install_canister(id, wasm.to_vec(), no_settings(), Some(controller()));
        let usage = engine.last_execution(id).expect("it was installed").usage;
        Cost { instructions: usage.instructions, usage }
    }

    /// Messages stored by [`Self::add_next`] and [`Self::add_next_batch`].
    pub fn stored(&self) -> u64 {
        self.stored
    }

    /// The key id of message `number`.
    pub fn key(&self, number: u64) -> ByteBuf {
        ByteBuf::from(bytes(KEYS + number % self.keys, KEY_BYTES))
    }

    /// The ciphertext of message `number`.
    pub fn ciphertext(number: u64) -> ByteBuf {
        ByteBuf::from(bytes(number, CIPHERTEXT_BYTES))
    }

    /// Adds the next message by itself.
    pub fn add_next(&mut self) -> Cost {
        let cost = self.update(request::add_message(&self.key(self.stored), &Self::ciphertext(self.stored)));
        self.count(1);
        cost
    }

    /// Adds the next messages as one batch.
    pub fn add_next_batch(&mut self, count: u64) -> Cost {
        let cost = self.add_batch(self.stored..self.stored + count);
        self.count(count);
        cost
    }

    /// Adds the messages of these numbers as one batch.
    pub fn add_batch(&self, numbers: Range<u64>) -> Cost {
        let message =
            |number| NewMessage { key_id: self.key(number), ciphertext: Self::ciphertext(number), send_key: None };
        self.update(request::add_messages(&numbers.map(message).collect::<Vec<_>>()))
    }

    /// Seconds pass as messages come.
    fn count(&mut self, messages: u64) {
        let before = self.stored / PER_SECOND;
        self.stored += messages;
        self.engine.advance_time(Duration::from_secs(self.stored / PER_SECOND - before));
    }

    /// The second in which message `number` was stored.
    pub fn second(number: u64) -> u32 {
        (START + number / PER_SECOND) as u32
    }

    /// Calls an update.
    pub fn update<T, E>(&self, request: Request<T, E>) -> Cost {
        self.update_raw(request.method, request.arg)
    }

    /// The key id that [`Self::update_as_owner`] calls as the owner of.
    pub fn own_key(&self) -> ByteBuf {
        ByteBuf::from(controller().as_slice())
    }

    /// Calls an update as the owner of [`Self::own_key`].
    pub fn update_as_owner<T, E>(&self, request: Request<T, E>) -> Cost {
        let reply = self.engine.update_call(self.id, controller(), request.method, request.arg);
        reply.unwrap_or_else(|reject| panic!("{} was rejected: {}", request.method, reject.reject_message));
        self.last_cost()
    }

    /// Calls an update with bytes that need not be candid. A call that is rejected has a cost too.
    pub fn update_raw(&self, method: &str, arg: Vec<u8>) -> Cost {
        // The cost of a rejection is a figure too.
        let _ = self.engine.update_call(self.id, Principal::anonymous(), method, arg);
        self.last_cost()
    }

    /// Replaces the settings that are named, as the canister's controller.
    pub fn set_settings(&self, settings: &[Setting]) -> Cost {
        self.answer(controller(), request::set_settings(self.status().settings.version, settings));
        self.last_cost()
    }

    /// Lets time pass in which nothing runs.
    pub fn pass(&self, time: Duration) {
        self.engine.advance_time(time);
    }

    /// Calls a query, which must be answered: "not found" is an answer too.
    pub fn query<T, E>(&self, request: Request<T, E>) -> Cost {
        self.query_by(Principal::anonymous(), request)
    }

    /// The same as the canister's controller.
    pub fn query_as_controller<T, E>(&self, request: Request<T, E>) -> Cost {
        self.query_by(controller(), request)
    }

    fn query_by<T, E>(&self, caller: Principal, request: Request<T, E>) -> Cost {
        let reply = self.engine.query_call(self.id, caller, request.method, request.arg);
        reply.unwrap_or_else(|reject| panic!("{} was rejected: {}", request.method, reject.reject_message));
        self.last_cost()
    }

    /// As [`Self::query`], with a certificate. The certificate has no bytes, so only the proof costs more.
    pub fn certified_query<T, E>(&mut self, request: Request<T, E>) -> Cost {
        let reader = match self.certified.take() {
            Some(reader) => {
                self.engine.take_changes(|changes| reader.apply(changes));
                reader
            }
            None => {
                let reader =
                    self.engine.take_changes(|changes| StateReader::new(changes, Some(Arc::new(|_, _| vec![]))));
                reader.expect("the system can answer queries beside updates")
            }
        };
        reader.take_query_statistics();
        let reply = reader.query_call(self.id, Principal::anonymous(), request.method, request.arg);
        reply.unwrap_or_else(|reject| panic!("{} was rejected: {}", request.method, reject.reject_message));
        let instructions = reader.take_query_statistics().iter().map(|(_, queries)| queries.instructions).sum();
        self.certified = Some(reader);
        Cost { instructions, ..Cost::default() }
    }

    /// Counts and sizes of the store.
    pub fn store(&self) -> StoreStatus {
        self.status().store.expect("reads are open")
    }

    fn status(&self) -> Status {
        self.answer(Principal::anonymous(), request::get_status())
    }

    /// Heap in use, in bytes of whole Wasm pages.
    pub fn heap_bytes(&self) -> u64 {
        self.engine.last_execution(self.id).map_or(0, |execution| execution.heap_pages) * 65_536
    }

    /// Upgrades to the same module and waits until every index is rebuilt. Returns the instructions of all
    /// executions.
    pub fn upgrade(&self) -> u64 {
        self.engine.clear_executions(self.id);
        let upgraded = self.engine.upgrade_canister(self.id, self.wasm.clone(), no_settings(), Some(controller()));
        upgraded.expect("the upgrade succeeds");
        while self.is_rebuilding() {
            self.engine.tick();
        }
        let executions = self.engine.executions(self.id);
        executions.iter().filter(|execution| execution.method != "get_status").map(|each| each.usage.instructions).sum()
    }

    fn is_rebuilding(&self) -> bool {
        self.store().rebuild.is_some()
    }

    /// Lets timers run: the canister draws its seed, and overwrites acknowledged messages.
    pub fn settle(&self) {
        for _ in 0..5 {
            self.engine.tick();
        }
    }

    fn answer<T, E: Refusal>(&self, caller: Principal, request: Request<T, E>) -> T {
        let on = OnPlatform { platform: &self.engine, canister: self.id, caller };
        let answer = now(Client::new(on).with_retry(Retry::NEVER).send(request));
        answer.unwrap_or_else(|error| panic!("the measured call must succeed: {error}"))
    }

    fn last_cost(&self) -> Cost {
        let usage = self.engine.last_execution(self.id).expect("a call was executed").usage;
        Cost { instructions: usage.instructions, usage }
    }
}

/// Numbers from here on make keys, smaller ones ciphertexts.
const KEYS: u64 = 1 << 40;

fn controller() -> Principal {
    Principal::self_authenticating([1])
}

/// The argument of installations and upgrades: no settings.
fn no_settings() -> Vec<u8> {
    encode_one(None::<Vec<Setting>>).expect("settings can be encoded")
}
