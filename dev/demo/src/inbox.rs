//! The canister in the engine: installed from its release Wasm, called by the client, every call accounted for.

use std::time::Duration;

use candid::{Principal, encode_one};
use client::request::{self, Request};
use client::{Client, Refusal, Retry};
use local_ic::{LocalIc, RejectResponse};
use message_canister::api::{Setting, Status, StoreStatus};
use test_support::{OnPlatform, now};

use crate::account::{Account, Cost};
use crate::error::Error;

/// Number of idle rounds after which no more work of timers is expected.
const QUIET_ROUNDS: usize = 3;
/// Rounds that a rebuild of the indexes may take before it counts as stuck.
const MAX_ROUNDS: usize = 100_000;

/// The canister.
pub struct Inbox {
    engine: LocalIc,
    canister: Principal,
    controller: Principal,
    wasm: Vec<u8>,
    /// The cost of every call.
    pub account: Account,
}

impl Inbox {
    /// Installs the module and waits until it has drawn its seed.
    pub fn install(wasm: Vec<u8>) -> Result<Self, Error> {
        let engine = LocalIc::new();
        let controller = Principal::self_authenticating(b"the demo's operator");
        let canister = engine.create_canister_with_settings(Some(controller), None);
        let mut inbox = Inbox { engine, canister, controller, wasm, account: Account::default() };
        inbox.metered("install", 0, |inbox| {
            let arg = no_settings();
            let installed = inbox.engine.try_install_canister(canister, inbox.wasm.clone(), arg, Some(controller));
            installed.map_err(|reject| rejected("install", &reject))
        })?;
        inbox.settle()?;
        Ok(inbox)
    }

    /// Installs the module anew, which keeps stable memory, and waits until the indexes are rebuilt. `messages` is what
    /// the store holds.
    pub fn upgrade(&mut self, messages: usize) -> Result<(), Error> {
        self.metered("upgrade", messages, |inbox| {
            let controller = Some(inbox.controller);
            let upgraded = inbox.engine.upgrade_canister(inbox.canister, inbox.wasm.clone(), no_settings(), controller);
            upgraded.map_err(|reject| rejected("upgrade", &reject))
        })?;
        self.settle()
    }

    /// Runs timers until no work is left.
    fn settle(&mut self) -> Result<(), Error> {
        let mut quiet = 0;
        for _ in 0..MAX_ROUNDS {
            let executions = self.metered_if_any("timers: seed and rebuilds", |inbox| inbox.engine.tick());
            quiet = if executions == 0 { quiet + 1 } else { 0 };
            if quiet >= QUIET_ROUNDS && self.store()?.rebuild.is_none() {
                return Ok(());
            }
        }
        Err(Error::Wrong(format!("the indexes were not rebuilt within {MAX_ROUNDS} rounds")))
    }

    /// The engine, to be served.
    pub fn into_engine(self) -> LocalIc {
        self.engine
    }

    /// Where it is installed.
    pub fn canister(&self) -> Principal {
        self.canister
    }

    /// Lets a second pass.
    pub fn wait_a_second(&self) {
        self.engine.advance_time(Duration::from_secs(1));
    }

    /// Unix seconds.
    pub fn now(&self) -> u32 {
        let seconds = self.engine.get_time().as_nanos_since_unix_epoch() / 1_000_000_000;
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    /// The canister's status.
    pub fn status(&self) -> Result<Status, Error> {
        self.call(request::get_status())
    }

    /// Counts and sizes of the store.
    pub fn store(&self) -> Result<StoreStatus, Error> {
        self.status()?.store.ok_or_else(|| Error::Wrong("the controller sees no store".into()))
    }

    /// An update call about so many messages, entered under `kind`.
    pub fn update<T, E: Refusal>(
        &mut self,
        kind: &'static str,
        messages: usize,
        add: Request<T, E>,
    ) -> Result<T, Error> {
        self.metered(kind, messages, |inbox| inbox.call(add))
    }

    /// A query; `messages` says how many an answer is about.
    pub fn query<T, E: Refusal>(&mut self, query: Request<T, E>, messages: impl Fn(&T) -> usize) -> Result<T, Error> {
        let method = query.method;
        self.engine.clear_executions(self.canister);
        let answer = self.call(query)?;
        self.account.enter(method, messages(&answer), Cost { instructions: self.instructions(), cycles: 0 });
        Ok(answer)
    }

    /// A call by the controller, because only admins may call `check`.
    fn call<T, E: Refusal>(&self, request: Request<T, E>) -> Result<T, Error> {
        let method = request.method;
        let on = OnPlatform { platform: &self.engine, canister: self.canister, caller: self.controller };
        let client = Client::new(on).with_retry(Retry::NEVER);
        now(client.send(request)).map_err(|error| Error::Call { method, reason: error.to_string() })
    }

    /// Runs `call` and enters its cost.
    fn metered<T>(
        &mut self,
        kind: &'static str,
        messages: usize,
        call: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.engine.clear_executions(self.canister);
        let before = self.engine.cycle_balance(self.canister);
        let result = call(self)?;
        let cycles = before.saturating_sub(self.engine.cycle_balance(self.canister));
        self.account.enter(kind, messages, Cost { instructions: self.instructions(), cycles });
        Ok(result)
    }

    /// Runs `work` and enters its cost, if it executed anything. Returns the number of executions.
    fn metered_if_any(&mut self, kind: &'static str, work: impl FnOnce(&Self)) -> usize {
        self.engine.clear_executions(self.canister);
        let before = self.engine.cycle_balance(self.canister);
        work(self);
        let executions = self.engine.executions(self.canister).len();
        if executions > 0 {
            let cycles = before.saturating_sub(self.engine.cycle_balance(self.canister));
            self.account.enter(kind, 0, Cost { instructions: self.instructions(), cycles });
        }
        executions
    }

    /// Instructions of what was executed since that was last cleared.
    fn instructions(&self) -> u64 {
        self.engine.executions(self.canister).iter().map(|execution| execution.usage.instructions).sum()
    }
}

/// `null` to install means the defaults, to upgrade it keeps the settings.
fn no_settings() -> Vec<u8> {
    encode_one(None::<Vec<Setting>>).expect("the interface's types can be encoded")
}

fn rejected(method: &'static str, reject: &RejectResponse) -> Error {
    Error::Call { method, reason: reject.to_string() }
}
