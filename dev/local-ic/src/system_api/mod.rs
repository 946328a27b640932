//! The System API: the functions of `ic0`.
//!
//! [`catalogue`] lists the functions, their prices, and the entry points that may call them. The other modules
//! implement them, one topic each. A function that is misused traps, as the interface specification demands.

mod call;
mod calls;
mod canister;
pub mod catalogue;
mod certification;
mod clock;
mod costs;
mod cycles;
mod debug;
mod entry_point;
mod environment;
mod message;
mod response;
mod stable;

pub use entry_point::EntryPoint;

use wasmtime::{Engine, Linker};

use crate::sandbox::Host;

/// Registers a function of the System API under its own name. The body sees the call as `$call`, after the
/// catalogue's checks and charges, and returns a result or a trap.
macro_rules! system_call {
    ($linker:expr, $name:ident($call:ident $(, $arg:ident: $ty:ty)*) $(-> $result:ty)? $body:block) => {{
        let spec = $crate::system_api::catalogue::find(stringify!($name));
        let spec = spec.expect("the catalogue lists every function");
        $linker.func_wrap(
            "ic0",
            spec.name,
            move |caller: wasmtime::Caller<'_, $crate::sandbox::Host> $(, $arg: $ty)*| {
                #[allow(unused_mut, reason = "only some bodies change the execution")]
                let mut $call = $crate::system_api::call::Call::enter(caller, spec)?;
                #[allow(unused_mut, reason = "as above")]
                let mut run = move || -> Result<_, $crate::sandbox::Trap> { $body };
                let result: system_call!(@result $($result)?) = run()?;
                wasmtime::Result::Ok(result)
            },
        )?;
    }};
    (@result) => { () };
    (@result $result:ty) => { $result };
}
pub(crate) use system_call;

/// A linker with the whole System API.
pub fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    register(&mut linker).expect("every function is registered once");
    linker
}

fn register(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    message::register(linker)?;
    response::register(linker)?;
    canister::register(linker)?;
    environment::register(linker)?;
    cycles::register(linker)?;
    calls::register(linker)?;
    stable::register(linker)?;
    certification::register(linker)?;
    clock::register(linker)?;
    costs::register(linker)?;
    debug::register(linker)
}
