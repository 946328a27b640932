//! The functions by which a canister learns about itself.

use wasmtime::Linker;

use super::system_call;
use crate::sandbox::Host;

pub fn register(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    system_call!(linker, canister_self_size(call) -> u32 {
        Ok(call.context().canister_id.as_slice().len() as u32)
    });
    system_call!(linker, canister_self_copy(call, dst: u32, offset: u32, size: u32) {
        call.copy(dst, offset, size, |context| context.canister_id.as_slice())
    });
    system_call!(linker, subnet_self_size(call) -> u32 {
        Ok(call.context().subnet_id.as_slice().len() as u32)
    });
    system_call!(linker, subnet_self_copy(call, dst: u32, offset: u32, size: u32) {
        call.copy(dst, offset, size, |context| context.subnet_id.as_slice())
    });
    system_call!(linker, canister_status(call) -> u32 { Ok(call.context().status) });
    system_call!(linker, canister_version(call) -> u64 { Ok(call.context().version) });
    system_call!(linker, in_replicated_execution(call) -> u32 {
        Ok(call.context().entry.is_replicated().into())
    });
    system_call!(linker, is_controller(call, src: u32, size: u32) -> u32 {
        call.charge(size.into())?;
        let principal = call.read(src, size)?;
        if principal.len() > candid::Principal::MAX_LENGTH_IN_BYTES {
            return Err(call.violation("was given bytes that are not a principal"));
        }
        let controllers = &call.context().settings.controllers;
        Ok(controllers.iter().any(|controller| controller.as_slice() == principal).into())
    });
    Ok(())
}
