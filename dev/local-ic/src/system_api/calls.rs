//! Calls to canisters.

use wasmtime::Linker;

use super::call::Call;
use super::catalogue::TRANSMITTED_BYTE;
use super::cycles::{liquid_balance, wide};
use super::entry_point::EntryPoint;
use super::system_call;
use crate::fees;
use crate::limits::{MAX_CALL_TIMEOUT_SECS, MAX_INTER_CANISTER_PAYLOAD, MAX_METHOD_NAME};
use crate::reject::RejectCode;
use crate::sandbox::{Closure, Host, Request, Trap};

pub fn register(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    system_call!(linker, call_new(
        call,
        callee_src: u32, callee_size: u32, name_src: u32, name_size: u32,
        reply_fun: u32, reply_env: u32, reject_fun: u32, reject_env: u32
    ) {
        call.charge(u64::from(callee_size) + u64::from(name_size))?;
        check_entry_point(&call)?;
        call.execution_mut().drop_pending();
        if name_size as usize > MAX_METHOD_NAME {
            return Err(call.violation(format!("names a method of {name_size} bytes")));
        }
        let request = Request {
            callee: call.read(callee_src, callee_size)?.to_vec(),
            method: call.read_text(name_src, name_size)?.to_owned(),
            argument: Vec::new(),
            cycles: 0,
            reply: Closure { function: reply_fun, environment: reply_env },
            reject: Closure { function: reject_fun, environment: reject_env },
            cleanup: None,
            timeout: None,
            prepaid: 0,
        };
        call.execution_mut().pending = Some(request);
        Ok(())
    });
    system_call!(linker, call_on_cleanup(call, function: u32, environment: u32) {
        if pending(&mut call)?.cleanup.is_some() {
            return Err(call.violation("was called twice for one call"));
        }
        pending(&mut call)?.cleanup = Some(Closure { function, environment });
        Ok(())
    });
    system_call!(linker, call_data_append(call, src: u32, size: u32) {
        append(&mut call, src, size)
    });
    system_call!(linker, call_with_best_effort_response(call, timeout: u32) {
        if pending(&mut call)?.timeout.is_some() {
            return Err(call.violation("was called twice for one call"));
        }
        pending(&mut call)?.timeout = Some(timeout.min(MAX_CALL_TIMEOUT_SECS));
        Ok(())
    });
    system_call!(linker, call_cycles_add(call, amount: u64) {
        attach(&mut call, amount.into())
    });
    system_call!(linker, call_cycles_add128(call, high: u64, low: u64) {
        attach(&mut call, wide(high, low))
    });
    system_call!(linker, call_perform(call) -> u32 { perform(&mut call) });
    Ok(())
}

/// The cycles that a canister must be able to set aside for a call.
pub fn call_cost(method_bytes: u64, argument_bytes: u64) -> u128 {
    fees::request(method_bytes.saturating_add(argument_bytes)) + fees::response_prepayment()
}

/// Composite queries run here, but not the calls that they make.
fn check_entry_point(call: &Call<'_>) -> Result<(), Trap> {
    match call.context().entry {
        EntryPoint::CompositeQuery => Err(call.violation("is not supported in composite queries by this engine")),
        _ => Ok(()),
    }
}

fn pending<'a>(call: &'a mut Call<'_>) -> Result<&'a mut Request, Trap> {
    let none = call.violation("was called when no call is under construction");
    call.execution_mut().pending.as_mut().ok_or(none)
}

fn append(call: &mut Call<'_>, src: u32, size: u32) -> Result<(), Trap> {
    call.charge(TRANSMITTED_BYTE * u64::from(size))?;
    let total = pending(call)?.argument.len() as u64 + u64::from(size);
    if total > MAX_INTER_CANISTER_PAYLOAD {
        let rule = format!("sends {total} bytes, more than {MAX_INTER_CANISTER_PAYLOAD}");
        return Err(call.violation(rule));
    }
    let bytes = call.read(src, size)?.to_vec();
    pending(call)?.argument.extend_from_slice(&bytes);
    Ok(())
}

fn attach(call: &mut Call<'_>, cycles: u128) -> Result<(), Trap> {
    pending(call)?;
    if cycles > call.execution().balance {
        return Err(call.violation(format!("attaches {cycles} cycles, more than the balance")));
    }
    call.execution_mut().balance -= cycles;
    pending(call)?.cycles += cycles;
    Ok(())
}

/// Returns 0, or the reject code because of which the call was not made.
fn perform(call: &mut Call<'_>) -> Result<u32, Trap> {
    let request = pending(call)?;
    let cost = call_cost(request.method.len() as u64, request.argument.len() as u64);
    let full = call.execution().requests.len() >= call.execution().limits.calls;
    if full || liquid_balance(call) < cost {
        call.execution_mut().drop_pending();
        return Ok(RejectCode::SysTransient as u32);
    }
    let execution = call.execution_mut();
    execution.balance -= cost;
    if let Some(mut request) = execution.pending.take() {
        request.prepaid = fees::response_prepayment();
        execution.requests.push(request);
    }
    Ok(0)
}
