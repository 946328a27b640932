//! Responding to a call.

use wasmtime::Linker;

use super::call::Call;
use super::catalogue::TRANSMITTED_BYTE;
use super::system_call;
use crate::reject::{ErrorCode, RejectResponse};
use crate::sandbox::{Host, Trap};

pub fn register(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    system_call!(linker, msg_reply_data_append(call, src: u32, size: u32) {
        append(&mut call, src, size)
    });
    system_call!(linker, msg_reply(call) {
        check_unanswered(&call)?;
        let execution = call.execution_mut();
        execution.response = Some(Ok(std::mem::take(&mut execution.reply_data)));
        Ok(())
    });
    system_call!(linker, msg_reject(call, src: u32, size: u32) {
        call.charge(TRANSMITTED_BYTE * u64::from(size))?;
        check_unanswered(&call)?;
        check_size(&call, u64::from(size))?;
        let message = call.read_text(src, size)?.to_owned();
        let reject = RejectResponse::new(ErrorCode::CanisterRejectedMessage, message);
        let execution = call.execution_mut();
        execution.reply_data.clear();
        execution.response = Some(Err(reject));
        Ok(())
    });
    Ok(())
}

fn append(call: &mut Call<'_>, src: u32, size: u32) -> Result<(), Trap> {
    call.charge(TRANSMITTED_BYTE * u64::from(size))?;
    check_unanswered(call)?;
    check_size(call, call.execution().reply_data.len() as u64 + u64::from(size))?;
    let bytes = call.read(src, size)?.to_vec();
    call.execution_mut().reply_data.extend_from_slice(&bytes);
    Ok(())
}

fn check_size(call: &Call<'_>, bytes: u64) -> Result<(), Trap> {
    let limit = call.execution().limits.reply;
    if bytes <= limit { Ok(()) } else { Err(call.violation(format!("replies {bytes} bytes, more than {limit}"))) }
}

fn check_unanswered(call: &Call<'_>) -> Result<(), Trap> {
    if call.execution().may_respond() { Ok(()) } else { Err(call.violation("was called after the call was answered")) }
}
