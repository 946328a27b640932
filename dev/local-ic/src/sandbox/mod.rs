//! Running one entry point of a canister.
//!
//! A [`Sandbox`] holds an instance of a module on a canister's heap. It runs an [`Execution`] and returns it with
//! everything that the entry point did through the System API. The caller begins, commits and rolls back the
//! transactions of the memories, because an upgrade is one transaction of several entry points.

mod certificate;
mod execution;
mod host;
mod instance;
mod trap;

pub use certificate::{Certifier, DataCertificate};
pub use execution::{Closure, Context, Execution, Limits, Rejection, Request, Response, memory_usage};
pub use host::Host;
pub use instance::{Finished, Sandbox, Target};
pub use trap::Trap;
