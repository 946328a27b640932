//! The contents of a message: argument, caller, rejection, deadline, method.

use wasmtime::Linker;

use super::call::Call;
use super::system_call;
use crate::sandbox::{Context, Host};

pub fn register(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    system_call!(linker, msg_arg_data_size(call) -> u32 {
        Ok(call.context().argument.len() as u32)
    });
    system_call!(linker, msg_arg_data_copy(call, dst: u32, offset: u32, size: u32) {
        call.copy(dst, offset, size, |context| &context.argument)
    });
    system_call!(linker, msg_caller_size(call) -> u32 {
        Ok(call.context().caller.as_slice().len() as u32)
    });
    system_call!(linker, msg_caller_copy(call, dst: u32, offset: u32, size: u32) {
        call.copy(dst, offset, size, |context| context.caller.as_slice())
    });
    register_caller_info(linker)?;
    system_call!(linker, msg_reject_code(call) -> u32 {
        Ok(call.context().rejection.as_ref().map_or(0, |rejection| rejection.code))
    });
    system_call!(linker, msg_reject_msg_size(call) -> u32 {
        Ok(reject_message(call.context()).len() as u32)
    });
    system_call!(linker, msg_reject_msg_copy(call, dst: u32, offset: u32, size: u32) {
        call.copy(dst, offset, size, reject_message)
    });
    system_call!(linker, msg_deadline(call) -> u64 {
        Ok(call.context().deadline)
    });
    system_call!(linker, msg_method_name_size(call) -> u32 {
        Ok(call.context().method.len() as u32)
    });
    system_call!(linker, msg_method_name_copy(call, dst: u32, offset: u32, size: u32) {
        call.copy(dst, offset, size, |context| context.method.as_bytes())
    });
    system_call!(linker, accept_message(call) {
        accept_message(&mut call)
    });
    Ok(())
}

/// Callers here are never authenticated by canister signatures, so there is no information about them.
fn register_caller_info(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    system_call!(linker, msg_caller_info_data_size(_call) -> u32 { Ok(0) });
    system_call!(linker, msg_caller_info_data_copy(call, dst: u32, offset: u32, size: u32) {
        call.copy(dst, offset, size, |_| &[])
    });
    system_call!(linker, msg_caller_info_signer_size(_call) -> u32 { Ok(0) });
    system_call!(linker, msg_caller_info_signer_copy(call, dst: u32, offset: u32, size: u32) {
        call.copy(dst, offset, size, |_| &[])
    });
    Ok(())
}

fn reject_message(context: &Context) -> &[u8] {
    context.rejection.as_ref().map_or(&[], |rejection| rejection.message.as_bytes())
}

fn accept_message(call: &mut Call<'_>) -> Result<(), crate::sandbox::Trap> {
    if call.execution().message_accepted {
        return Err(call.violation("was called twice"));
    }
    call.execution_mut().message_accepted = true;
    Ok(())
}
