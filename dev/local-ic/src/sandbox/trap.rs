//! The failures of an execution.

use std::fmt;

use candid::Principal;

use crate::reject::{ErrorCode, RejectResponse};

/// The reason why an execution was ended before it returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trap {
    /// WebAssembly trapped, or a system call was given memory that is out of bounds.
    Wasm(String),
    /// The canister called `ic0.trap`.
    Called(String),
    /// The canister broke a rule of the System API.
    Contract(String),
    /// The execution ran more instructions than its limit.
    Instructions(u64),
    /// The execution touched more 4-KiB pages of stable memory than its limit.
    StablePages(u64),
    /// The heap would exceed the canister's `wasm_memory_limit`, in bytes.
    WasmMemoryLimit(u64),
    /// The memory would need this balance to grow.
    CyclesForMemory(u128),
    /// The callback is no function of the table.
    NoFunction(u32),
    /// A 32-bit stable memory function was called on more than 4 GiB.
    StableMemoryTooBig,
    /// The test asked for it.
    Injected(u64),
}

impl Trap {
    /// The platform's name for the cause.
    pub fn error_code(&self) -> ErrorCode {
        match self {
            Self::Wasm(_) | Self::StableMemoryTooBig | Self::Injected(_) => ErrorCode::CanisterTrapped,
            Self::Called(_) => ErrorCode::CanisterCalledTrap,
            Self::Contract(_) => ErrorCode::CanisterContractViolation,
            Self::Instructions(_) => ErrorCode::CanisterInstructionLimitExceeded,
            Self::StablePages(_) => ErrorCode::CanisterMemoryAccessLimitExceeded,
            Self::WasmMemoryLimit(_) => ErrorCode::CanisterWasmMemoryLimitExceeded,
            Self::CyclesForMemory(_) => ErrorCode::InsufficientCyclesInMemoryGrow,
            Self::NoFunction(_) => ErrorCode::CanisterFunctionNotFound,
        }
    }

    /// The failure of a call to `canister`.
    pub fn into_reject(self, canister: Principal) -> RejectResponse {
        let message = format!("Error from Canister {canister}: {self}");
        RejectResponse::new(self.error_code(), message)
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wasm(cause) => write!(f, "Canister trapped: {cause}"),
            Self::Called(message) => {
                write!(f, "Canister called `ic0.trap` with message: '{message}'")
            }
            Self::Contract(rule) => write!(f, "Canister violated contract: {rule}"),
            Self::Instructions(limit) => {
                write!(f, "Canister exceeded the limit of {limit} instructions for single message execution.")
            }
            Self::StablePages(limit) => write!(
                f,
                "Canister exceeded memory access limits: more than {limit} 4-KiB pages of stable \
                 memory in a single message execution"
            ),
            Self::WasmMemoryLimit(limit) => {
                write!(f, "Canister exceeded its current Wasm memory limit of {limit} bytes")
            }
            Self::CyclesForMemory(needed) => {
                write!(f, "Canister cannot grow memory: its balance would have to be {needed} cycles")
            }
            Self::NoFunction(index) => {
                write!(f, "Canister requested to invoke a non-existent function {index}")
            }
            Self::StableMemoryTooBig => {
                write!(f, "Canister trapped: 32 bit stable memory api used on a memory larger than 4GB")
            }
            Self::Injected(call) => write!(f, "Canister trapped: injected at system call {call}"),
        }
    }
}

impl std::error::Error for Trap {}
