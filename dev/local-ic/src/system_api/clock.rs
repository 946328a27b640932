//! Time, the global timer, and the instruction counters.

use wasmtime::Linker;

use super::system_call;
use crate::sandbox::Host;

pub fn register(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    system_call!(linker, time(call) -> u64 { Ok(call.context().now) });
    system_call!(linker, global_timer_set(call, timestamp: u64) -> u64 {
        Ok(std::mem::replace(&mut call.execution_mut().global_timer, timestamp))
    });
    system_call!(linker, performance_counter(call, counter: u32) -> u64 {
        match counter {
            0 => Ok(call.instructions()),
            1 => Ok(call.context().earlier_instructions + call.instructions()),
            _ => Err(call.violation(format!("there is no counter {counter}"))),
        }
    });
    Ok(())
}
