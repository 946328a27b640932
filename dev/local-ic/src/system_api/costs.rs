//! The functions that return the costs of calls.
//!
//! Fees of management methods that this engine does not offer are not invented: asking for them traps.

use wasmtime::Linker;

use super::call::Call;
use super::calls::call_cost;
use super::system_call;
use crate::fees;
use crate::sandbox::{Host, Trap};

pub fn register(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    system_call!(linker, cost_call(call, method_size: u64, payload_size: u64, dst: u32) {
        call.write_u128(dst, call_cost(method_size, payload_size))
    });
    system_call!(linker, cost_create_canister(call, dst: u32) {
        call.write_u128(dst, fees::CREATE_CANISTER)
    });
    system_call!(linker, cost_http_request(call, _request: u64, _response: u64, _dst: u32) {
        Err(unsupported(&call))
    });
    system_call!(linker, cost_http_request_v2(call, _src: u32, _size: u32, _dst: u32) {
        Err(unsupported(&call))
    });
    system_call!(linker, cost_sign_with_ecdsa(call, _src: u32, _size: u32, _curve: u32, _dst: u32) -> u32 {
        Err(unsupported(&call))
    });
    system_call!(linker, cost_sign_with_schnorr(call, _src: u32, _size: u32, _algorithm: u32, _dst: u32) -> u32 {
        Err(unsupported(&call))
    });
    system_call!(linker, cost_vetkd_derive_key(call, _src: u32, _size: u32, _curve: u32, _dst: u32) -> u32 {
        Err(unsupported(&call))
    });
    Ok(())
}

fn unsupported(call: &Call<'_>) -> Trap {
    call.violation("is not supported by this engine")
}
