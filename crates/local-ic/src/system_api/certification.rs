//! Certified data.
//!
//! This engine has no subnet key, so there is no certificate, and queries are told so.

use wasmtime::Linker;

use super::system_call;
use crate::limits::MAX_CERTIFIED_DATA;
use crate::sandbox::Host;

pub fn register(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    system_call!(linker, certified_data_set(call, src: u32, size: u32) {
        call.charge(size.into())?;
        if size as usize > MAX_CERTIFIED_DATA {
            return Err(call.violation(format!("sets {size} bytes, more than {MAX_CERTIFIED_DATA}")));
        }
        let data = call.read(src, size)?.to_vec();
        call.execution_mut().certified_data = Some(data);
        Ok(())
    });
    system_call!(linker, data_certificate_present(_call) -> u32 { Ok(0) });
    system_call!(linker, data_certificate_size(call) -> u32 {
        Err(call.violation("was called, but there is no certificate"))
    });
    system_call!(linker, data_certificate_copy(call, _dst: u32, _offset: u32, _size: u32) {
        Err(call.violation("was called, but there is no certificate"))
    });
    system_call!(linker, root_key_size(call) -> u32 {
        Err(call.violation("was called, but this engine has no root key"))
    });
    system_call!(linker, root_key_copy(call, _dst: u32, _offset: u32, _size: u32) {
        Err(call.violation("was called, but this engine has no root key"))
    });
    Ok(())
}
