//! A canister: its code, memories, cycles, settings and open calls.

mod calls;
mod code;
mod faults;
mod global;
mod history;
mod log;
mod low_memory;
mod settings;

pub use calls::{CallContext, Callback, Origin};
pub use code::Code;
pub use faults::Faults;
pub use global::Global;
pub use history::{Change, ChangeDetails, ChangeOrigin, History, InstallMode, Source};
pub use log::CanisterLog;
pub use low_memory::LowWasmMemory;
pub use settings::Settings;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use candid::Principal;
use ic_management_canister_types::CanisterStatusType;
use serde::{Deserialize, Serialize};

use crate::fees;
use crate::limits::WASM_PAGE;
use crate::memory::StableMemory;
use crate::metrics::{ExecutionRecord, QueryStatistics};
use crate::sandbox::memory_usage;

/// Executions that are remembered for each canister.
const REMEMBERED_EXECUTIONS: usize = 10_000;

/// A canister. Fields that are skipped here are saved separately, or belong to a test.
#[derive(Serialize, Deserialize)]
pub struct Canister {
    /// Its id.
    pub id: Principal,
    /// Its settings.
    pub settings: Arc<Settings>,
    /// Whether it takes messages.
    pub status: CanisterStatusType,
    /// Incremented with each change of it.
    pub version: u64,
    /// Its cycles.
    pub cycles: u128,
    /// Its module and heap, if one is installed.
    #[serde(skip)]
    pub code: Option<Code>,
    /// Its stable memory.
    #[serde(skip)]
    pub stable: StableMemory,
    /// Its certified data.
    pub certified_data: Vec<u8>,
    /// Its global timer in nanoseconds since the Unix epoch, or 0.
    pub global_timer: u64,
    /// Whether `canister_on_low_wasm_memory` is due.
    pub low_wasm_memory: LowWasmMemory,
    /// Its log.
    pub log: CanisterLog,
    /// Its changes and their origins.
    pub history: History,
    /// Snapshots that were made of it, also those that are gone.
    pub snapshots_made: u64,
    /// Bytes of its snapshots.
    pub snapshot_bytes: u64,
    /// The time until which its storage is paid, in nanoseconds since the Unix epoch.
    pub paid_until: u64,
    /// The calls that it is answering.
    pub contexts: BTreeMap<u64, CallContext>,
    /// The calls that it waits for.
    pub callbacks: BTreeMap<u64, Callback>,
    /// The queries that it has answered.
    pub queries: QueryStatistics,
    /// The faults that tests inject.
    #[serde(skip)]
    pub faults: Faults,
    /// Its latest executions, the last at the end.
    #[serde(skip)]
    pub executions: VecDeque<ExecutionRecord>,
}

impl Canister {
    /// An empty canister.
    pub fn new(id: Principal, settings: Settings, cycles: u128, now: u64) -> Self {
        Self {
            id,
            settings: Arc::new(settings),
            status: CanisterStatusType::Running,
            version: 0,
            cycles,
            code: None,
            stable: StableMemory::default(),
            certified_data: Vec::new(),
            global_timer: 0,
            low_wasm_memory: LowWasmMemory::default(),
            log: CanisterLog::default(),
            history: History::default(),
            snapshots_made: 0,
            snapshot_bytes: 0,
            paid_until: now,
            contexts: BTreeMap::new(),
            callbacks: BTreeMap::new(),
            queries: QueryStatistics::default(),
            faults: Faults::default(),
            executions: VecDeque::new(),
        }
    }

    /// Bytes of its heap.
    pub fn heap_bytes(&self) -> u64 {
        self.code.as_ref().map_or(0, |code| code.heap.size() as u64)
    }

    /// Bytes of its module.
    pub fn module_bytes(&self) -> u64 {
        self.code.as_ref().map_or(0, |code| code.module.size)
    }

    /// Bytes that it pays storage for and that its executions cannot change: its module's and its snapshots'.
    pub fn other_bytes(&self) -> u64 {
        self.module_bytes() + self.snapshot_bytes
    }

    /// Bytes that it pays storage for.
    pub fn memory_usage(&self) -> u64 {
        memory_usage(self.heap_bytes(), self.stable.pages(), self.other_bytes())
    }

    /// Bytes of its stable memory.
    pub fn stable_bytes(&self) -> u64 {
        self.stable.pages() * WASM_PAGE
    }

    /// The balance under which it is frozen.
    pub fn freezing_balance(&self) -> u128 {
        fees::freezing_balance(self.memory_usage(), self.settings.freezing_threshold_secs)
    }

    /// Whether it can pay `cycles` without being frozen.
    pub fn can_pay(&self, cycles: u128) -> bool {
        self.cycles >= self.freezing_balance().saturating_add(cycles)
    }

    /// Whether it answers calls, or waits for answers.
    pub fn has_open_calls(&self) -> bool {
        !self.contexts.is_empty() || !self.callbacks.is_empty()
    }

    /// Notes whether the heap has come close to its limit, or is far from it again.
    pub fn update_low_wasm_memory(&mut self) {
        let low = self.settings.is_wasm_memory_low(self.heap_bytes());
        self.low_wasm_memory = self.low_wasm_memory.next(low);
    }

    /// Whether `principal` controls it.
    pub fn is_controlled_by(&self, principal: Principal) -> bool {
        self.settings.controllers.contains(&principal)
    }

    /// The status as `ic0.canister_status` returns it.
    pub fn status_number(&self) -> u32 {
        match self.status {
            CanisterStatusType::Running => 1,
            CanisterStatusType::Stopping => 2,
            CanisterStatusType::Stopped => 3,
        }
    }

    /// Remembers an execution.
    pub fn record(&mut self, record: ExecutionRecord) {
        if self.executions.len() == REMEMBERED_EXECUTIONS {
            self.executions.pop_front();
        }
        self.executions.push_back(record);
    }

    /// Removes the module, and everything that only code can use. The responses that it waits for still bring cycles back.
    pub fn uninstall(&mut self) {
        self.code = None;
        self.stable = StableMemory::default();
        self.certified_data.clear();
        self.global_timer = 0;
        self.version += 1;
        self.update_low_wasm_memory();
    }
}
