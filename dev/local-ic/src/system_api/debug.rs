//! The log, and traps.

use wasmtime::Linker;

use super::call::Call;
use super::catalogue::TRANSMITTED_BYTE;
use super::system_call;
use crate::limits::MAX_LOG_BYTES;
use crate::sandbox::{Host, Trap};

pub fn register(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    system_call!(linker, debug_print(call, src: u32, size: u32) {
        let charge = log_charge(&call, size);
        call.charge(charge)?;
        let message = call.read(src, size).map_or_else(
            |_| b"(debug_print message out of memory bounds)".to_vec(),
            <[u8]>::to_vec,
        );
        let now = call.context().now;
        call.execution_mut().log.push(now, message);
        Ok(())
    });
    system_call!(linker, trap(call, src: u32, size: u32) {
        let charge = u64::from(size) + log_charge(&call, size);
        call.charge(charge)?;
        let message = call.read(src, size).map_or_else(
            |_| "(trap message out of memory bounds)".into(),
            |bytes| String::from_utf8_lossy(bytes).into_owned(),
        );
        Err(Trap::Called(message))
    });
    Ok(())
}

/// Adding a record moves each of its bytes twice, and sends those that the log still had room for.
fn log_charge(call: &Call<'_>, size: u32) -> u64 {
    let kept = (size as usize).min(MAX_LOG_BYTES) as u64;
    let sent = (size as usize).min(call.execution().log.remaining_bytes()) as u64;
    2 * kept + TRANSMITTED_BYTE * sent
}
