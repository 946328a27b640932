//! The canister in the engine: installed from its release Wasm, called through candid, every call accounted for.

use std::fmt::Debug;
use std::time::Duration;

use candid::utils::{ArgumentEncoder, encode_args};
use candid::{CandidType, Principal};
use local_ic::{LocalIc, RejectResponse};
use message_canister::api::{Settings, Status, StatusError};
use serde::de::DeserializeOwned;

use crate::account::{Account, Cost};
use crate::error::Error;

/// Rounds without anything to do after which nothing more is to be expected of timers.
const QUIET_ROUNDS: usize = 3;
/// Rounds that a rebuild of the indexes may take before it counts as stuck.
const MAX_ROUNDS: usize = 100_000;

/// The canister.
pub struct Inbox {
    engine: LocalIc,
    canister: Principal,
    controller: Principal,
    wasm: Vec<u8>,
    /// What every call has cost.
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
            inbox.engine.try_install_canister(canister, inbox.wasm.clone(), no_settings(), Some(controller))
        })?;
        inbox.settle()?;
        Ok(inbox)
    }

    /// Installs the module anew, which keeps stable memory, and waits until the indexes are rebuilt. `messages` is what
    /// the store holds.
    pub fn upgrade(&mut self, messages: usize) -> Result<(), Error> {
        self.metered("upgrade", messages, |inbox| {
            let controller = Some(inbox.controller);
            inbox.engine.upgrade_canister(inbox.canister, inbox.wasm.clone(), no_settings(), controller)
        })?;
        self.settle()
    }

    /// Runs what timers have to do until there is nothing left.
    fn settle(&mut self) -> Result<(), Error> {
        let mut quiet = 0;
        for _ in 0..MAX_ROUNDS {
            let executions = self.metered_if_any("timers: seed and rebuilds", |inbox| inbox.engine.tick());
            quiet = if executions == 0 { quiet + 1 } else { 0 };
            if quiet >= QUIET_ROUNDS && self.status()?.rebuild.is_none() {
                return Ok(());
            }
        }
        Err(Error::Wrong(format!("the indexes were not rebuilt within {MAX_ROUNDS} rounds")))
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

    /// What the canister says of itself.
    pub fn status(&self) -> Result<Status, Error> {
        let method = "get_status";
        let reply = self.engine.query_call(self.canister, Principal::anonymous(), method, encode(()));
        answer::<Status, StatusError>(method, &reply.map_err(|reject| rejected(method, &reject))?)
    }

    /// An update call about so many messages, from anybody, entered under `kind`.
    pub fn update<A, T, E>(
        &mut self,
        kind: &'static str,
        method: &'static str,
        messages: usize,
        arguments: A,
    ) -> Result<T, Error>
    where
        A: ArgumentEncoder,
        T: CandidType + DeserializeOwned,
        E: CandidType + DeserializeOwned + Debug,
    {
        let arguments = encode(arguments);
        let reply = self.metered(kind, messages, |inbox| {
            inbox.engine.update_call(inbox.canister, Principal::anonymous(), method, arguments)
        })?;
        answer::<T, E>(method, &reply)
    }

    /// A query; `messages` says how many an answer is about.
    pub fn query<A, T, E>(
        &mut self,
        method: &'static str,
        arguments: A,
        messages: impl Fn(&T) -> usize,
    ) -> Result<T, Error>
    where
        A: ArgumentEncoder,
        T: CandidType + DeserializeOwned,
        E: CandidType + DeserializeOwned + Debug,
    {
        let arguments = encode(arguments);
        self.engine.clear_executions(self.canister);
        // As its controller: `check` is for no one else.
        let reply = self.engine.query_call(self.canister, self.controller, method, arguments);
        let answer = answer::<T, E>(method, &reply.map_err(|reject| rejected(method, &reject))?)?;
        self.account.enter(method, messages(&answer), Cost { instructions: self.instructions(), cycles: 0 });
        Ok(answer)
    }

    /// Runs `call` and enters what it cost.
    fn metered<T>(
        &mut self,
        kind: &'static str,
        messages: usize,
        call: impl FnOnce(&Self) -> Result<T, RejectResponse>,
    ) -> Result<T, Error> {
        self.engine.clear_executions(self.canister);
        let before = self.engine.cycle_balance(self.canister);
        let result = call(self).map_err(|reject| rejected(kind, &reject))?;
        let cycles = before.saturating_sub(self.engine.cycle_balance(self.canister));
        self.account.enter(kind, messages, Cost { instructions: self.instructions(), cycles });
        Ok(result)
    }

    /// Runs `work` and enters what it cost, if it executed anything. Says how many executions that were.
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
    encode((None::<Settings>,))
}

fn encode(arguments: impl ArgumentEncoder) -> Vec<u8> {
    encode_args(arguments).expect("the interface's types can be encoded")
}

fn answer<T, E>(method: &'static str, reply: &[u8]) -> Result<T, Error>
where
    T: CandidType + DeserializeOwned,
    E: CandidType + DeserializeOwned + Debug,
{
    match candid::decode_one::<Result<T, E>>(reply) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Error::Refused { method, answer: format!("{error:?}") }),
        Err(error) => {
            Err(Error::Wrong(format!("{method} answered with something else than its interface says: {error}")))
        }
    }
}

fn rejected(method: &'static str, reject: &RejectResponse) -> Error {
    Error::Rejected { method, reason: reject.to_string() }
}
