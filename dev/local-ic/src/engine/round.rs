//! Rounds: time passes, tasks fall due, messages are executed.

use candid::Principal;
use ic_management_canister_types::CanisterStatusType;

use super::call::check_prepayment;
use super::execute::Input;
use super::management::INSTALL_CODE;
use super::{Engine, Message};
use crate::canister::{CallContext, LowWasmMemory, Origin};
use crate::fees;
use crate::limits::{EXECUTION_OVERHEAD_INSTRUCTIONS, ROUND_INSTRUCTIONS};
use crate::sandbox::Target;
use crate::system_api::EntryPoint;

/// Storage is paid when so many nanoseconds of it are due.
const PAYMENT_INTERVAL: u64 = 10_000_000_000;

impl Engine {
    /// Executes a round: storage is paid, due timers and heartbeats run, then messages, those included that the
    /// round's own executions send, until none is left or the round's instructions are spent.
    pub fn round(&mut self) {
        self.now += 1;
        self.charge_storage();
        self.expire_calls();
        let ids: Vec<Principal> = self.canisters.keys().copied().collect();
        let mut spent = 0;
        for &id in &ids {
            spent += self.run_timer(id);
            spent += self.run_heartbeat(id);
        }
        while spent < ROUND_INSTRUCTIONS {
            spent += self.run_low_memory_hooks();
            let Some(message) = self.queue.pop_front() else { break };
            spent += EXECUTION_OVERHEAD_INSTRUCTIONS + self.execute_message(message);
        }
        for id in ids {
            self.finish_stopping(id);
        }
        self.answer_stopped();
    }

    fn execute_message(&mut self, message: Message) -> u64 {
        match message {
            Message::Call(call) if call.callee == Principal::management_canister() => {
                let installs = call.method == INSTALL_CODE;
                self.management_call(call);
                // An installation may run more instructions than a round has: no further message is begun after it.
                if installs { ROUND_INSTRUCTIONS } else { 0 }
            }
            Message::Call(call) => self.execute_call(call),
            Message::Response { canister, callback, response, refund } => {
                self.execute_response(canister, callback, response, refund)
            }
        }
    }

    /// Runs the global timer if it is due. It is deactivated before it runs.
    fn run_timer(&mut self, id: Principal) -> u64 {
        let now = self.now;
        let Some(canister) = self.canisters.get_mut(&id) else { return 0 };
        let due = canister.global_timer != 0 && canister.global_timer <= now;
        if !due || canister.status != CanisterStatusType::Running {
            return 0;
        }
        canister.global_timer = 0;
        self.run_task(id, EntryPoint::GlobalTimer, "canister_global_timer")
    }

    fn run_heartbeat(&mut self, id: Principal) -> u64 {
        let Some(canister) = self.canisters.get(&id) else { return 0 };
        if canister.status != CanisterStatusType::Running {
            return 0;
        }
        self.run_task(id, EntryPoint::Heartbeat, "canister_heartbeat")
    }

    /// Runs `canister_on_low_wasm_memory` of the canisters where it is due, before any further message.
    fn run_low_memory_hooks(&mut self) -> u64 {
        let due = self.canisters.values_mut().filter(|canister| {
            canister.low_wasm_memory == LowWasmMemory::Ready && canister.status == CanisterStatusType::Running
        });
        let due = due.map(|canister| {
            canister.low_wasm_memory = LowWasmMemory::Executed;
            canister.id
        });
        let due: Vec<Principal> = due.collect();
        let run = |id| self.run_task(id, EntryPoint::OnLowWasmMemory, "canister_on_low_wasm_memory");
        due.into_iter().map(run).sum()
    }

    fn run_task(&mut self, id: Principal, entry: EntryPoint, export: &str) -> u64 {
        let canister = self.canisters.get(&id).expect("the canister exists");
        let code = canister.code.as_ref();
        let exported = code.is_some_and(|code| code.module.methods.has_hook(export));
        if !exported || check_prepayment(canister, entry).is_err() {
            return 0;
        }
        let root = self.number();
        let output = self.execute(id, entry, Target::Export(export), Input::system(root));
        let instructions = output.instructions;
        let context = self.open_context(
            id,
            CallContext {
                origin: Origin::System,
                caller: Principal::management_canister(),
                available: 0,
                deadline: 0,
                responded: true,
                outstanding: 0,
                instructions: 0,
                root,
            },
        );
        self.finish(id, context, output);
        EXECUTION_OVERHEAD_INSTRUCTIONS + instructions
    }

    /// Charges the storage of the time that passed. A canister that cannot pay loses its code and its memory.
    fn charge_storage(&mut self) {
        let now = self.now;
        let mut broke = Vec::new();
        for canister in self.canisters.values_mut() {
            let due = now.saturating_sub(canister.paid_until);
            if due < PAYMENT_INTERVAL {
                continue;
            }
            canister.paid_until = now;
            let fee = fees::storage(canister.memory_usage(), due);
            match canister.cycles.checked_sub(fee) {
                Some(rest) => canister.cycles = rest,
                None => {
                    canister.cycles = 0;
                    broke.push(canister.id);
                }
            }
        }
        for id in broke {
            self.remove_code(id, Principal::management_canister().into());
        }
    }
}
