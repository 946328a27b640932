//! Abilities that only an embedded engine has: measuring executions, making them fail, and comparing states.

use candid::Principal;
use sha2::{Digest, Sha256};

use crate::canister::{Canister, Global};
use crate::client::LocalIc;
use crate::memory::nonzero_pages;
use crate::metrics::{ExecutionRecord, Usage};
use crate::system_api::EntryPoint;

/// The state of a canister, comparable.
///
/// A message that traps changes only `cycles`, which pay for the execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanisterState {
    /// SHA-256 of the module.
    pub module_hash: Option<[u8; 32]>,
    /// Size of the heap, in 64-KiB pages.
    pub heap_pages: u64,
    /// SHA-256 of the heap's pages that are not all zeros.
    pub heap_hash: [u8; 32],
    /// The bits of the module's mutable globals.
    pub globals: Vec<u64>,
    /// Size of stable memory, in 64-KiB pages.
    pub stable_pages: u64,
    /// SHA-256 of stable memory's pages that are not all zeros.
    pub stable_hash: [u8; 32],
    /// The certified data.
    pub certified_data: Vec<u8>,
    /// The global timer in nanoseconds since the Unix epoch, or 0.
    pub global_timer: u64,
    /// The version.
    pub version: u64,
    /// The cycles.
    pub cycles: u128,
    /// Calls that are being answered.
    pub open_calls: usize,
    /// Calls whose response is awaited.
    pub awaited_calls: usize,
}

impl CanisterState {
    fn of(canister: &Canister) -> Self {
        let code = canister.code.as_ref();
        let heap = code.and_then(|code| code.heap.read(0..code.heap.size())).unwrap_or_default();
        Self {
            module_hash: code.map(|code| code.module.hash),
            heap_pages: heap.len() as u64 / crate::limits::WASM_PAGE,
            heap_hash: hash(heap),
            globals: code.iter().flat_map(|code| code.saved_globals()).map(Global::bits).collect(),
            stable_pages: canister.stable.pages(),
            stable_hash: hash(canister.stable.contents()),
            certified_data: canister.certified_data.clone(),
            global_timer: canister.global_timer,
            version: canister.version,
            cycles: canister.cycles,
            open_calls: canister.contexts.len(),
            awaited_calls: canister.callbacks.len(),
        }
    }
}

/// SHA-256 of the 4-KiB pages that are not all zeros, each after its number. Most pages are all zeros.
fn hash(memory: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for (number, page) in nonzero_pages(memory) {
        hasher.update((number as u64).to_le_bytes());
        hasher.update(page);
    }
    hasher.finalize().into()
}

/// Measurements.
impl LocalIc {
    /// The latest execution of a canister, if there was one.
    pub fn last_execution(&self, canister_id: Principal) -> Option<ExecutionRecord> {
        self.with_canister(canister_id, |canister| canister.executions.back().cloned())
    }

    /// The executions of a canister, oldest first: the last 10,000 since they were cleared.
    pub fn executions(&self, canister_id: Principal) -> Vec<ExecutionRecord> {
        self.with_canister(canister_id, |canister| canister.executions.iter().cloned().collect())
    }

    /// Forgets the executions of a canister.
    pub fn clear_executions(&self, canister_id: Principal) {
        self.with_canister(canister_id, |canister| canister.executions.clear());
    }

    /// The resources that a canister used for the last update or query that was called: the execution of the
    /// method, and those of the calls and callbacks that it led to. Inspection before it is not charged, and not
    /// counted.
    pub fn last_call_usage(&self, canister_id: Principal) -> Option<Usage> {
        use EntryPoint::{CompositeQuery, InspectMessage, Query, ReplicatedQuery, Update};
        let is_method = |entry| matches!(entry, Update | ReplicatedQuery | Query | CompositeQuery);
        self.with_canister(canister_id, |canister| {
            let executions = &canister.executions;
            let root = executions.iter().rfind(|execution| is_method(execution.entry))?.root;
            let of_call = executions.iter().filter(|one| one.root == root && one.entry != InspectMessage);
            Some(of_call.map(|execution| execution.usage).sum())
        })
    }

    /// The state of a canister. Reads all its memory.
    pub fn canister_state(&self, canister_id: Principal) -> CanisterState {
        self.with_canister(canister_id, |canister| CanisterState::of(canister))
    }
}

/// Faults.
impl LocalIc {
    /// Makes stable memory fail to grow beyond `pages` of 64 KiB. `None` removes this limit.
    pub fn set_stable_memory_limit(&self, canister_id: Principal, pages: Option<u64>) {
        self.with_canister(canister_id, |canister| canister.faults.stable_memory_limit = pages);
    }

    /// Makes the `call`-th system call of the next execution trap, counted from 1. `None` removes this fault. The
    /// hooks of an installation or upgrade count as one execution. Inspection is not affected, because it changes
    /// nothing.
    pub fn trap_at_system_call(&self, canister_id: Principal, call: Option<u64>) {
        self.with_canister(canister_id, |canister| canister.faults.trap_at = call);
    }

    /// Limits the instructions of `entry`, or of every entry point that has no limit of its own, until the limit
    /// is removed. The hooks of an installation or upgrade share the limit of [`EntryPoint::Init`].
    pub fn set_instruction_limit(&self, canister_id: Principal, entry: Option<EntryPoint>, limit: Option<u64>) {
        self.with_canister(canister_id, |canister| canister.faults.limit_instructions(entry, limit));
    }
}
