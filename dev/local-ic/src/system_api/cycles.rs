//! Cycles of the canister, and those that come with messages.

use wasmtime::Linker;

use super::call::Call;
use super::system_call;
use crate::fees;
use crate::sandbox::{Host, Trap, memory_usage};

pub fn register(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    system_call!(linker, canister_cycle_balance(call) -> u64 {
        narrow(&call, call.execution().balance)
    });
    system_call!(linker, canister_cycle_balance128(call, dst: u32) {
        call.write_u128(dst, call.execution().balance)
    });
    system_call!(linker, canister_liquid_cycle_balance128(call, dst: u32) {
        call.write_u128(dst, liquid_balance(&call))
    });
    system_call!(linker, msg_cycles_available(call) -> u64 {
        narrow(&call, available(&call))
    });
    system_call!(linker, msg_cycles_available128(call, dst: u32) {
        call.write_u128(dst, available(&call))
    });
    system_call!(linker, msg_cycles_refunded(call) -> u64 {
        narrow(&call, call.context().refunded)
    });
    system_call!(linker, msg_cycles_refunded128(call, dst: u32) {
        call.write_u128(dst, call.context().refunded)
    });
    system_call!(linker, msg_cycles_accept(call, max: u64) -> u64 {
        Ok(accept(&mut call, max.into()) as u64)
    });
    system_call!(linker, msg_cycles_accept128(call, high: u64, low: u64, dst: u32) {
        let accepted = accept(&mut call, wide(high, low));
        call.write_u128(dst, accepted)
    });
    system_call!(linker, cycles_burn128(call, high: u64, low: u64, dst: u32) {
        let burned = wide(high, low).min(liquid_balance(&call));
        call.execution_mut().balance -= burned;
        call.write_u128(dst, burned)
    });
    Ok(())
}

/// The number with these halves.
pub fn wide(high: u64, low: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// The cycles that the canister can spend without being frozen.
pub fn liquid_balance(call: &Call<'_>) -> u128 {
    let (execution, context) = (call.execution(), call.context());
    let heap = call.host().heap.size() as u64;
    let bytes = memory_usage(heap, execution.stable.pages(), context.other_bytes);
    let frozen = fees::freezing_balance(bytes, context.settings.freezing_threshold_secs);
    execution.balance.saturating_sub(frozen)
}

/// Cycles that can still be accepted: none once the call is answered, because then they went
/// back.
fn available(call: &Call<'_>) -> u128 {
    if call.execution().may_respond() { call.execution().available } else { 0 }
}

fn accept(call: &mut Call<'_>, max: u128) -> u128 {
    let accepted = max.min(available(call));
    let execution = call.execution_mut();
    execution.available -= accepted;
    execution.balance += accepted;
    accepted
}

fn narrow(call: &Call<'_>, cycles: u128) -> Result<u64, Trap> {
    u64::try_from(cycles).map_err(|_| call.violation(format!("cannot return {cycles} in 64 bits")))
}
