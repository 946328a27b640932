//! What many clients at once do to the local network.
//!
//! - [`soak`]: clients mix all calls while the network is killed again and again: nothing confirmed is lost, nothing is
//!   stored twice, nothing unconfirmed is half there;
//! - [`inbox`], [`server`]: one client, and the process that it talks to;
//! - [`draft`], [`random`]: what is sent, from a seed.

pub mod draft;
pub mod inbox;
pub mod random;
pub mod server;
pub mod soak;
pub mod violation;
