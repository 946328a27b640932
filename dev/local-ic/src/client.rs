//! The public interface. It follows PocketIC's blocking client as far as this engine supports it.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use candid::Principal;
use ic_management_canister_types::{CanisterLogRecord, CanisterSettings, CanisterStatusResult, CanisterStatusType};
use serde::{Deserialize, Serialize};

use crate::canister::InstallMode;
use crate::engine::{Engine, Query, Sender, logs, status};
use crate::fees::INITIAL_CYCLES;
use crate::reject::RejectResponse;
use crate::time::Time;
use crate::wasm::Visibility;

/// Rounds after which waiting for a response is given up, as PocketIC does.
const MAX_ROUNDS: usize = 100;

/// An ingress message that was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageId(pub(crate) u64);

/// An Internet Computer of one subnet, in this process.
///
/// Unless said otherwise, methods panic if the canister does not exist.
pub struct LocalIc {
    engine: Mutex<Engine>,
}

impl Default for LocalIc {
    fn default() -> Self {
        Self::new()
    }
}

impl LocalIc {
    /// An instance without canisters.
    pub fn new() -> Self {
        Self::with(Engine::new(&[]))
    }

    pub(crate) fn with(engine: Engine) -> Self {
        Self { engine: Mutex::new(engine) }
    }

    pub(crate) fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().expect("an earlier call into the engine panicked")
    }

    /// Executes one round, and with it one nanosecond passes.
    pub fn tick(&self) {
        self.engine().round();
    }

    /// The time.
    pub fn get_time(&self) -> Time {
        Time::from_nanos_since_unix_epoch(self.engine().now)
    }

    /// Sets the time.
    ///
    /// # Panics
    ///
    /// If it would go backwards.
    pub fn set_time(&self, time: Time) {
        let mut engine = self.engine();
        let nanos = time.as_nanos_since_unix_epoch();
        let forwards = nanos >= engine.now;
        if forwards {
            engine.now = nanos;
        }
        drop(engine);
        assert!(forwards, "time cannot go backwards");
    }

    /// Lets time pass, without executing a round.
    pub fn advance_time(&self, duration: Duration) {
        self.set_time(self.get_time() + duration);
    }

    /// Creates a canister that the anonymous principal controls, with 100 T cycles.
    pub fn create_canister(&self) -> Principal {
        self.create_canister_with_settings(None, None)
    }

    /// Creates a canister with 100 T cycles. `sender`, or the anonymous principal, controls it unless the settings
    /// name others.
    ///
    /// # Panics
    ///
    /// If a setting is illegal, or one that this engine does not apply.
    pub fn create_canister_with_settings(
        &self,
        sender: Option<Principal>,
        settings: Option<CanisterSettings>,
    ) -> Principal {
        let created = self.engine().create(sender_of(sender), settings.unwrap_or_default(), INITIAL_CYCLES);
        created.expect("the settings are legal")
    }

    /// Whether there is a canister with this id. Does not panic.
    pub fn canister_exists(&self, canister_id: Principal) -> bool {
        self.engine().canister(canister_id).is_ok()
    }

    /// Adds cycles to a canister. Returns its new balance.
    pub fn add_cycles(&self, canister_id: Principal, amount: u128) -> u128 {
        self.with_canister(canister_id, |canister| {
            canister.cycles += amount;
            canister.cycles
        })
    }

    /// The cycles of a canister.
    pub fn cycle_balance(&self, canister_id: Principal) -> u128 {
        self.with_canister(canister_id, |canister| canister.cycles)
    }

    /// Installs a module on an empty canister.
    ///
    /// # Panics
    ///
    /// If that fails. See [`LocalIc::try_install_canister`].
    pub fn install_canister(
        &self,
        canister_id: Principal,
        wasm_module: Vec<u8>,
        arg: Vec<u8>,
        sender: Option<Principal>,
    ) {
        let installed = self.try_install_canister(canister_id, wasm_module, arg, sender);
        installed.expect("the module installs");
    }

    /// Installs a module on an empty canister. PocketIC has no such method.
    pub fn try_install_canister(
        &self,
        canister_id: Principal,
        wasm_module: Vec<u8>,
        arg: Vec<u8>,
        sender: Option<Principal>,
    ) -> Result<(), RejectResponse> {
        let mode = InstallMode::Install;
        self.engine().install(mode, canister_id, &wasm_module, arg, sender_of(sender))
    }

    /// Replaces a canister's module, heap and stable memory.
    pub fn reinstall_canister(
        &self,
        canister_id: Principal,
        wasm_module: Vec<u8>,
        arg: Vec<u8>,
        sender: Option<Principal>,
    ) -> Result<(), RejectResponse> {
        let mode = InstallMode::Reinstall;
        self.engine().install(mode, canister_id, &wasm_module, arg, sender_of(sender))
    }

    /// Replaces a canister's module and heap, and keeps its stable memory.
    pub fn upgrade_canister(
        &self,
        canister_id: Principal,
        wasm_module: Vec<u8>,
        arg: Vec<u8>,
        sender: Option<Principal>,
    ) -> Result<(), RejectResponse> {
        let mode = InstallMode::Upgrade;
        self.engine().install(mode, canister_id, &wasm_module, arg, sender_of(sender))
    }

    /// Removes a canister's module, heap and stable memory.
    pub fn uninstall_canister(&self, canister_id: Principal, sender: Option<Principal>) -> Result<(), RejectResponse> {
        self.engine().uninstall(canister_id, sender_of(sender))
    }

    /// Starts a stopped canister.
    pub fn start_canister(&self, canister_id: Principal, sender: Option<Principal>) -> Result<(), RejectResponse> {
        self.engine().start(canister_id, or_anonymous(sender))
    }

    /// Stops a canister, executing rounds until the calls that it is answering are answered.
    ///
    /// # Panics
    ///
    /// If they are not after 100 rounds.
    pub fn stop_canister(&self, canister_id: Principal, sender: Option<Principal>) -> Result<(), RejectResponse> {
        self.engine().stop(canister_id, or_anonymous(sender))?;
        for _ in 0..MAX_ROUNDS {
            let status = self.with_canister(canister_id, |canister| canister.status);
            if status != CanisterStatusType::Stopping {
                return Ok(());
            }
            self.tick();
        }
        panic!("canister {canister_id} did not stop within {MAX_ROUNDS} rounds");
    }

    /// The controllers of a canister.
    pub fn get_controllers(&self, canister_id: Principal) -> Vec<Principal> {
        self.with_canister(canister_id, |canister| canister.settings.controllers.clone())
    }

    /// Sets the controllers of a canister.
    pub fn set_controllers(
        &self,
        canister_id: Principal,
        sender: Option<Principal>,
        new_controllers: Vec<Principal>,
    ) -> Result<(), RejectResponse> {
        let controllers = Some(new_controllers);
        let settings = CanisterSettings { controllers, ..CanisterSettings::default() };
        self.update_canister_settings(canister_id, sender, settings)
    }

    /// Changes a canister's settings.
    pub fn update_canister_settings(
        &self,
        canister_id: Principal,
        sender: Option<Principal>,
        settings: CanisterSettings,
    ) -> Result<(), RejectResponse> {
        self.engine().update_settings(canister_id, sender_of(sender), settings)
    }

    /// The status of a canister, for its controllers.
    pub fn canister_status(
        &self,
        canister_id: Principal,
        sender: Option<Principal>,
    ) -> Result<CanisterStatusResult, RejectResponse> {
        status(self.engine().canister(canister_id)?, or_anonymous(sender))
    }

    /// The log of a canister, for the readers that its settings permit.
    pub fn fetch_canister_logs(
        &self,
        canister_id: Principal,
        sender: Principal,
    ) -> Result<Vec<CanisterLogRecord>, RejectResponse> {
        logs(self.engine().canister(canister_id)?, sender)
    }

    /// Submits an update call, to be executed in the next round.
    pub fn submit_call(
        &self,
        canister_id: Principal,
        sender: Principal,
        method: &str,
        payload: Vec<u8>,
    ) -> Result<MessageId, RejectResponse> {
        self.engine().submit(canister_id, sender, method, payload).map(MessageId)
    }

    /// Executes rounds until a submitted call is answered, and returns the response.
    ///
    /// # Panics
    ///
    /// If it is not after 100 rounds, or its response was taken already.
    pub fn await_call(&self, message_id: MessageId) -> Result<Vec<u8>, RejectResponse> {
        let MessageId(number) = message_id;
        assert!(self.engine().is_pending(number), "the response to {message_id:?} was taken");
        for _ in 0..MAX_ROUNDS {
            self.tick();
            if let Some(response) = self.engine().take_response(number) {
                return response;
            }
        }
        panic!("{message_id:?} was not answered within {MAX_ROUNDS} rounds");
    }

    /// Executes an update call: submits it, and executes rounds until it is answered.
    pub fn update_call(
        &self,
        canister_id: Principal,
        sender: Principal,
        method: &str,
        payload: Vec<u8>,
    ) -> Result<Vec<u8>, RejectResponse> {
        let message_id = self.submit_call(canister_id, sender, method, payload)?;
        self.await_call(message_id)
    }

    /// Executes a query call.
    pub fn query_call(
        &self,
        canister_id: Principal,
        sender: Principal,
        method: &str,
        payload: Vec<u8>,
    ) -> Result<Vec<u8>, RejectResponse> {
        let query = Query { callee: canister_id, caller: sender, method: method.to_owned(), argument: payload };
        self.engine().query(query)
    }

    /// A copy of a canister's stable memory.
    pub fn get_stable_memory(&self, canister_id: Principal) -> Vec<u8> {
        self.with_canister(canister_id, |canister| canister.stable.contents().to_vec())
    }

    /// Replaces a canister's stable memory. The rest of its last 64-KiB page is zero.
    pub fn set_stable_memory(&self, canister_id: Principal, data: Vec<u8>) {
        self.with_canister(canister_id, |canister| canister.stable.replace(&data));
    }

    /// SHA-256 of the module that was installed on a canister, compressed or not, if there is one.
    pub fn module_hash(&self, canister_id: Principal) -> Option<[u8; 32]> {
        self.with_canister(canister_id, |canister| canister.code.as_ref().map(|code| code.module.hash))
    }

    /// The contents of the module's custom section `icp:public <name>`, or for the canister's controllers
    /// `icp:private <name>`.
    pub fn canister_metadata(&self, canister_id: Principal, sender: Option<Principal>, name: &str) -> Option<Vec<u8>> {
        let sender = or_anonymous(sender);
        self.with_canister(canister_id, |canister| {
            let (visibility, contents) = canister.code.as_ref()?.module.metadata.get(name)?;
            let visible = visibility == Visibility::Public || canister.is_controlled_by(sender);
            visible.then(|| contents.to_vec())
        })
    }

    /// The data that a canister certifies.
    pub fn certified_data(&self, canister_id: Principal) -> Vec<u8> {
        self.with_canister(canister_id, |canister| canister.certified_data.clone())
    }

    pub(crate) fn with_canister<T>(&self, id: Principal, f: impl FnOnce(&mut crate::canister::Canister) -> T) -> T {
        let result = self.engine().canister_mut(id).map(f);
        result.unwrap_or_else(|reject| panic!("{}", reject.reject_message))
    }
}

fn sender_of(sender: Option<Principal>) -> Sender {
    or_anonymous(sender).into()
}

fn or_anonymous(sender: Option<Principal>) -> Principal {
    sender.unwrap_or_else(Principal::anonymous)
}
