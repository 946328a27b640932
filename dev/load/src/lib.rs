//! Many clients at once on the local network.
//!
//! - [`soak`]: clients mix all calls while the network is killed again and again. No confirmed message is lost, none is stored
//!   twice, and no call is half executed;
//! - [`throughput`]: the same calls on the engine itself and through HTTP;
//! - `inbox`: a client; `wire`: the simplest client;
//! - `usage`: the resources of the network's process;
//! - `draft`: the messages to send, from a seed.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("load runs on 64-bit Linux only: the network that it kills does");

mod draft;
mod inbox;
pub mod soak;
pub mod throughput;
mod usage;
mod violation;
mod wire;
