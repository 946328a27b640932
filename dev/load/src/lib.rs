//! Many clients at once on the local network.
//!
//! - [`soak`]: clients mix all calls while the network is killed again and again: nothing confirmed is lost, nothing is
//!   stored twice, nothing unconfirmed is half there;
//! - [`throughput`]: the same calls on the engine itself and through HTTP;
//! - `inbox`, `wire`, [`server`]: a client, the plainest of clients, and the process that they talk to;
//! - `draft`: what is sent, from a seed.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("load runs on 64-bit Linux only: the network that it kills does");

mod draft;
mod inbox;
pub mod server;
pub mod soak;
pub mod throughput;
mod violation;
mod wire;
