//! Installing, reinstalling and upgrading a canister.
//!
//! All hooks of an installation are one transaction on stable memory, and share one limit of instructions. The old code
//! is kept until the last hook has returned. If a hook fails, the old code is restored.

use std::sync::Arc;

use candid::Principal;

use super::execute::{Input, Moment, context, limits, usage};
use super::{Engine, Sender, out_of_cycles};
use crate::canister::{Canister, CanisterLog, ChangeDetails, Code, InstallMode};
use crate::fees;
use crate::limits::WASM_PAGE;
use crate::memory::StableMemory;
use crate::metrics::ExecutionRecord;
use crate::reject::{ErrorCode, RejectResponse};
use crate::sandbox::{Context, Execution, Limits, Target};
use crate::system_api::EntryPoint;
use crate::wasm::{CompiledModule, START, compile};

/// An installation in progress.
struct Installation<'a> {
    canister: &'a mut Canister,
    sender: Principal,
    argument: Vec<u8>,
    moment: Moment,
    root: u64,
    /// The limits of the hooks that have not run yet.
    limits: Limits,
    /// The stable memory, in a transaction.
    stable: StableMemory,
    certified_data: Vec<u8>,
    global_timer: u64,
    version: u64,
    balance: u128,
    system_calls: u64,
    log: CanisterLog,
}

impl Engine {
    /// Installs `wasm` on a canister that `sender` controls, and pays for it.
    pub fn install(
        &mut self,
        mode: InstallMode,
        id: Principal,
        wasm: &[u8],
        argument: Vec<u8>,
        sender: Sender,
    ) -> Result<(), RejectResponse> {
        self.check_controller(id, sender.id)?;
        let (moment, root) = (self.moment(), self.number());
        let canister = self.canister_mut(id)?;
        check_mode(canister, mode)?;
        let module = compile(wasm).map_err(|error| invalid_wasm(id, &error))?;
        let limits = limits(canister, EntryPoint::Init);
        let prepayment = fees::execution(limits.instructions);
        if !canister.can_pay(prepayment) {
            return Err(out_of_cycles(canister, prepayment));
        }
        let module_hash = module.hash;
        let old_stable = std::mem::take(&mut canister.stable);
        let (mut stable, set_aside) = match mode {
            InstallMode::Upgrade => (old_stable, None),
            _ => (StableMemory::default(), Some(old_stable)),
        };
        stable.begin();
        let before = canister.cycles;
        let mut installation = Installation {
            sender: sender.id,
            argument,
            moment,
            root,
            limits,
            stable,
            certified_data: match mode {
                InstallMode::Upgrade => canister.certified_data.clone(),
                _ => Vec::new(),
            },
            global_timer: canister.global_timer,
            version: canister.version,
            balance: before - prepayment,
            system_calls: 0,
            log: CanisterLog::default(),
            canister,
        };
        let mut old_code = installation.canister.code.take();
        let result = installation.run(mode, &mut old_code, module);

        let Installation { canister, mut stable, certified_data, global_timer, version, .. } = installation;
        let fee = fees::execution(limits.instructions - installation.limits.instructions);
        canister.faults.trap_at = None;
        match result {
            Ok(code) => {
                stable.commit();
                canister.stable = stable;
                canister.code = Some(code);
                canister.update_low_wasm_memory();
                canister.certified_data = certified_data;
                canister.global_timer = global_timer;
                canister.version = version;
                canister.cycles = installation.balance + prepayment - fee;
                canister.log.append(installation.log);
                self.note(id, sender, ChangeDetails::Installed { mode, module_hash });
                Ok(())
            }
            Err(reject) => {
                stable.rollback();
                canister.stable = set_aside.unwrap_or(stable);
                canister.code = old_code;
                canister.cycles = before - fee;
                canister.log.append(installation.log);
                let trap = format!("[TRAP]: {}", reject.reject_message);
                canister.log.push(moment.now, trap.into_bytes());
                Err(reject)
            }
        }
    }
}

impl Installation<'_> {
    /// Runs the hooks. The old code is unchanged unless they all return.
    fn run(
        &mut self,
        mode: InstallMode,
        old_code: &mut Option<Code>,
        module: Arc<CompiledModule>,
    ) -> Result<Code, RejectResponse> {
        let mut old_code = old_code.as_mut().filter(|_| mode == InstallMode::Upgrade);
        let retired = old_code.as_mut().map_or(Ok(()), |code| {
            code.begin();
            self.hook(code, EntryPoint::PreUpgrade, "canister_pre_upgrade")
        });
        let result = retired.and_then(|()| self.run_new(mode, module));
        if let Some(code) = old_code {
            // A successful installation would have dropped the old code.
            code.rollback();
        }
        result
    }

    fn run_new(&mut self, mode: InstallMode, module: Arc<CompiledModule>) -> Result<Code, RejectResponse> {
        let id = self.canister.id;
        self.global_timer = 0;
        self.version += 1;
        let mut code = Code::new(module).map_err(|error| invalid_wasm(id, &error))?;
        if code.module.has_start {
            self.entry(&mut code, EntryPoint::Start, START)?;
        }
        match mode {
            InstallMode::Upgrade => {
                self.hook(&mut code, EntryPoint::PostUpgrade, "canister_post_upgrade")?;
            }
            _ => self.hook(&mut code, EntryPoint::Init, "canister_init")?,
        }
        code.commit();
        Ok(code)
    }

    /// Runs a hook, if the module exports it.
    fn hook(&mut self, code: &mut Code, entry: EntryPoint, export: &str) -> Result<(), RejectResponse> {
        if code.module.methods.has_hook(export) { self.entry(code, entry, export) } else { Ok(()) }
    }

    fn entry(&mut self, code: &mut Code, entry: EntryPoint, export: &str) -> Result<(), RejectResponse> {
        let before = self.stable.footprint();
        let earlier_calls = self.system_calls;
        let execution = self.execution(entry, code.module.size + self.canister.snapshot_bytes);
        let finished = code.run(Target::Export(export), execution);
        let (execution, instructions) = (finished.execution, finished.instructions);
        let mut usage = usage(&execution, instructions, before);
        usage.system_calls -= earlier_calls;
        self.stable = execution.stable;
        self.log.append(execution.log);
        self.limits.instructions -= instructions;
        self.system_calls = execution.system_calls;
        let id = self.canister.id;
        let result = finished.result.map_err(|trap| trap.into_reject(id));
        self.canister.record(ExecutionRecord {
            entry,
            method: String::new(),
            root: self.root,
            usage,
            heap_pages: code.heap.size() as u64 / WASM_PAGE,
            stable_pages: self.stable.pages(),
            error: result.as_ref().err().cloned(),
        });
        result?;
        self.balance = execution.balance;
        self.global_timer = execution.global_timer;
        if let Some(data) = execution.certified_data {
            self.certified_data = data;
        }
        Ok(())
    }

    fn execution(&mut self, entry: EntryPoint, other_bytes: u64) -> Execution {
        let argument = match entry {
            EntryPoint::Init | EntryPoint::PostUpgrade => std::mem::take(&mut self.argument),
            _ => Vec::new(),
        };
        let input = Input { caller: self.sender, argument, ..Input::system(self.root) };
        let context = context(self.canister, entry, input, self.moment);
        let context = Context { version: self.version, other_bytes, ..context };
        let stable = std::mem::take(&mut self.stable);
        let execution = Execution::new(context, self.limits, stable, self.balance, self.global_timer);
        Execution { system_calls: self.system_calls, ..execution }
    }
}

fn check_mode(canister: &Canister, mode: InstallMode) -> Result<(), RejectResponse> {
    let id = canister.id;
    match (mode, canister.code.is_some()) {
        (InstallMode::Install, true) => {
            let message = format!("Canister {id} cannot be installed because it is not empty");
            Err(RejectResponse::new(ErrorCode::CanisterNonEmpty, message))
        }
        (InstallMode::Upgrade, false) => {
            let message = format!("Canister {id} cannot be upgraded because it is empty");
            Err(RejectResponse::new(ErrorCode::CanisterWasmModuleNotFound, message))
        }
        _ => Ok(()),
    }
}

fn invalid_wasm(id: Principal, error: &str) -> RejectResponse {
    let message = format!("Error from Canister {id}: Canister's Wasm module is not valid: {error}");
    RejectResponse::new(ErrorCode::CanisterInvalidWasm, message)
}
