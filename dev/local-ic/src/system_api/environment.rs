//! Environment variables, from the canister's settings.

use wasmtime::Linker;

use super::call::Call;
use super::system_call;
use crate::sandbox::{Host, Trap};

pub fn register(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    system_call!(linker, env_var_count(call) -> u32 {
        Ok(call.context().settings.environment_variables.len() as u32)
    });
    system_call!(linker, env_var_name_size(call, index: u32) -> u32 {
        Ok(name(&call, index)?.len() as u32)
    });
    system_call!(linker, env_var_name_copy(call, index: u32, dst: u32, offset: u32, size: u32) {
        name(&call, index)?;
        call.copy(dst, offset, size, |context| {
            context.settings.environment_variables[index as usize].0.as_bytes()
        })
    });
    system_call!(linker, env_var_name_exists(call, src: u32, size: u32) -> u32 {
        Ok(position(&call, src, size)?.is_some().into())
    });
    system_call!(linker, env_var_value_size(call, src: u32, size: u32) -> u32 {
        let index = existing(&call, src, size)?;
        Ok(call.context().settings.environment_variables[index].1.len() as u32)
    });
    system_call!(linker, env_var_value_copy(call, src: u32, name_size: u32, dst: u32, offset: u32, size: u32) {
        let index = existing(&call, src, name_size)?;
        call.copy(dst, offset, size, |context| {
            context.settings.environment_variables[index].1.as_bytes()
        })
    });
    Ok(())
}

fn name<'a>(call: &'a Call<'_>, index: u32) -> Result<&'a str, Trap> {
    let variables = &call.context().settings.environment_variables;
    let variable = variables.get(index as usize);
    let (name, _) = variable.ok_or_else(|| call.violation(format!("there is no variable {index}")))?;
    Ok(name)
}

fn position(call: &Call<'_>, src: u32, size: u32) -> Result<Option<usize>, Trap> {
    let name = call.read_text(src, size)?;
    let variables = &call.context().settings.environment_variables;
    Ok(variables.iter().position(|(candidate, _)| candidate == name))
}

fn existing(call: &Call<'_>, src: u32, size: u32) -> Result<usize, Trap> {
    position(call, src, size)?.ok_or_else(|| call.violation("there is no variable of this name"))
}
