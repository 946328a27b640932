//! Certified data.
//!
//! This engine has no subnet key. Only queries of a reader that was given a certifier have a certificate.

use wasmtime::Linker;

use super::call::Call;
use super::system_call;
use crate::limits::MAX_CERTIFIED_DATA;
use crate::sandbox::{DataCertificate, Host, Trap};

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
    system_call!(linker, data_certificate_present(call) -> u32 {
        Ok(u32::from(call.context().data_certificate.is_some()))
    });
    system_call!(linker, data_certificate_size(call) -> u32 {
        Ok(certificate(&call)?.bytes().len() as u32)
    });
    system_call!(linker, data_certificate_copy(call, dst: u32, offset: u32, size: u32) {
        certificate(&call)?;
        call.copy(dst, offset, size, |context| context.data_certificate.as_ref().map_or(&[], DataCertificate::bytes))
    });
    system_call!(linker, root_key_size(call) -> u32 {
        Err(call.violation("was called, but this engine has no root key"))
    });
    system_call!(linker, root_key_copy(call, _dst: u32, _offset: u32, _size: u32) {
        Err(call.violation("was called, but this engine has no root key"))
    });
    Ok(())
}

fn certificate<'a>(call: &'a Call<'_>) -> Result<&'a DataCertificate, Trap> {
    let certificate = call.context().data_certificate.as_ref();
    certificate.ok_or_else(|| call.violation("was called, but there is no certificate"))
}
