//! The directory's canister on the engine.

use super::native::{configuration, secret, verifier};
use crate::inbox::Cost;
use candid::{Principal, encode_one};
use client::directory::api::{Accepted, Changes, Submission, View};
use client::directory::request;
use client::request::Request;
use client::{Refusal, Retry, send};
use directory::certified::CertifiedLog;
use directory::directory::named;
use directory_core::bundle::Bundle;
use directory_core::checkpoint::{Cosignature, origin};
use directory_core::label::Label;
use ed25519_dalek::Signer;
use local_ic::{LocalIc, Time};
use std::time::Duration;
use test_support::{OnPlatform, now};

/// Cycles that no measurement uses up.
const CYCLES: u128 = 1 << 100;

/// A directory on an engine of its own.
pub struct Site {
    engine: LocalIc,
    id: Principal,
    wasm: Vec<u8>,
}

impl Site {
    /// An empty one.
    pub fn install(wasm: &[u8]) -> Self {
        let engine = LocalIc::new();
        let id = engine.create_canister_with_settings(Some(controller()), None);
        engine.add_cycles(id, CYCLES);
        let argument = encode_one(Some(named(&configuration()))).expect("it can be encoded");
        engine.install_canister(id, wasm.to_vec(), argument, Some(controller()));
        let site = Self { engine, id, wasm: wasm.to_vec() };
        while !site.status().ready {
            site.engine.tick();
        }
        site
    }

    pub fn id(&self) -> Principal {
        self.id
    }

    /// Replaces stable memory by these bytes, at a time in nanoseconds since 1970, and upgrades. Returns the instructions of
    /// the upgrade, and of all steps in which the index is rebuilt.
    pub fn take_over(&self, memory: &[u8], now: u64) -> (u64, u64) {
        self.engine.set_time(Time::from_nanos_since_unix_epoch(now));
        self.engine.set_stable_memory(self.id, memory.to_vec());
        self.engine.clear_executions(self.id);
        let null = encode_one(None::<()>).expect("it can be encoded");
        self.engine
            .upgrade_canister(self.id, self.wasm.clone(), null, Some(controller()))
            .expect("the memory is a directory's");
        let upgrade = self.instructions("");
        self.engine.clear_executions(self.id);
        while self.status().indexed < self.status().to_index {
            self.engine.tick();
        }
        (upgrade, self.instructions("get_status"))
    }

    /// Instructions of all executions but those of a method.
    fn instructions(&self, except: &str) -> u64 {
        let executions = self.engine.executions(self.id);
        executions
            .iter()
            .filter(|each| except.is_empty() || each.method != except)
            .map(|each| each.usage.instructions)
            .sum()
    }

    /// Heap in use, in bytes of whole Wasm pages.
    pub fn heap_bytes(&self) -> u64 {
        self.engine.last_execution(self.id).map_or(0, |execution| execution.heap_pages) * 65_536
    }

    /// The time, in seconds since 1970.
    pub fn seconds(&self) -> u64 {
        self.engine.get_time().as_nanos_since_unix_epoch() / 1_000_000_000
    }

    /// Lets seconds pass in which nothing runs.
    pub fn pass(&self, seconds: u64) {
        self.engine.advance_time(Duration::from_secs(seconds));
    }

    /// Waits until the open epoch closes, a minute after the last one. Returns what closing it costs.
    pub fn close_epoch(&self) -> Cost {
        self.pass(60);
        self.engine.clear_executions(self.id);
        self.engine.tick();
        let executions = self.engine.executions(self.id);
        let dearest = executions.iter().map(|execution| execution.usage).max_by_key(|usage| usage.instructions);
        assert_eq!(self.status().pending, 0, "the epoch has closed");
        let usage = dearest.expect("the timer ran");
        Cost { instructions: usage.instructions, usage }
    }

    /// Sends an update. Returns whether its epoch has closed at once.
    pub fn update(&self, new: &Submission) -> (Cost, bool) {
        let (Accepted { closed, .. }, cost) = self.call(request::update(new));
        (cost, closed)
    }

    /// Hands in a verifier's cosignature of the newest log.
    pub fn ratify(&self, number: u8) -> Cost {
        let checkpoint = self.call(request::get_checkpoint(0)).0;
        let log = CertifiedLog::decode(&checkpoint.certified.log).expect("it is a log").checkpoint;
        let time = self.seconds();
        let signature = secret(number).sign(&log.cosigned_bytes(&origin(self.id), time)).to_bytes();
        let cosignature = Cosignature { key_id: verifier(number).key_id(), time, signature };
        self.call(request::ratify(log.size, &cosignature.encode())).1
    }

    /// Stores a device's bundle.
    pub fn put_bundle(&self, label: &Label, bundle: &Bundle) -> Cost {
        self.call(request::put_bundle(label, &bundle.encode())).1
    }

    /// Looks a label up, whether it is there or not.
    pub fn look_up(&self, label: &Label) -> Cost {
        self.call(request::lookup(label, View::newest, 0, Changes::newest)).1
    }

    fn status(&self) -> client::directory::api::Status {
        self.call(request::get_status()).0
    }

    /// Calls a method, which must succeed.
    fn call<T, E: Refusal>(&self, request: Request<T, E>) -> (T, Cost) {
        let transport = OnPlatform { platform: &self.engine, canister: self.id, caller: Principal::anonymous() };
        let answer = now(send(&transport, &Retry::NEVER, &request));
        let usage = self.engine.last_execution(self.id).expect("a call was executed").usage;
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", request.method));
        (answer, Cost { instructions: usage.instructions, usage })
    }
}

fn controller() -> Principal {
    Principal::self_authenticating([1])
}
