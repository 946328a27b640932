//! The embedded engine as a [`Platform`], and what only it can do.

use candid::Principal;
use local_ic::{ExecutionRecord, LocalIc, RejectResponse, Time, Usage};
use std::rc::Rc;

use super::client::Inbox;
use super::controller;
use super::platform::{Platform, Reject};

/// A new network.
pub fn start() -> LocalIc {
    LocalIc::new()
}

/// An inbox on the embedded engine, whatever engine was chosen for the run: for tests that measure, or cause faults.
pub fn inbox() -> (Rc<LocalIc>, Inbox) {
    let engine = Rc::new(start());
    let inbox = Inbox::on(engine.clone());
    (engine, inbox)
}

/// What the last update or query used.
pub fn usage(engine: &LocalIc, inbox: &Inbox) -> Usage {
    engine.last_call_usage(inbox.id).expect("a call was made")
}

/// The last execution.
pub fn last_execution(engine: &LocalIc, inbox: &Inbox) -> ExecutionRecord {
    engine.last_execution(inbox.id).expect("something was executed")
}

impl From<RejectResponse> for Reject {
    fn from(reject: RejectResponse) -> Self {
        Self { code: reject.error_code as u64, message: reject.reject_message }
    }
}

impl Platform for LocalIc {
    fn create(&self) -> Principal {
        self.create_canister_with_settings(Some(controller()), None)
    }

    fn install(&self, id: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject> {
        Ok(self.try_install_canister(id, wasm.to_vec(), arg, Some(controller()))?)
    }

    fn upgrade(&self, id: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject> {
        Ok(self.upgrade_canister(id, wasm.to_vec(), arg, Some(controller()))?)
    }

    fn update(&self, id: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject> {
        Ok(self.update_call(id, sender, method, arg)?)
    }

    fn query(&self, id: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject> {
        Ok(self.query_call(id, sender, method, arg)?)
    }

    fn time(&self) -> u64 {
        self.get_time().as_nanos_since_unix_epoch()
    }

    fn set_time(&self, nanos: u64) {
        LocalIc::set_time(self, Time::from_nanos_since_unix_epoch(nanos));
    }

    fn tick(&self) {
        LocalIc::tick(self);
    }

    fn stable_memory(&self, id: Principal) -> Vec<u8> {
        self.get_stable_memory(id)
    }

    fn set_stable_memory(&self, id: Principal, bytes: Vec<u8>) {
        LocalIc::set_stable_memory(self, id, bytes);
    }

    fn cycle_balance(&self, id: Principal) -> u128 {
        LocalIc::cycle_balance(self, id)
    }
}
