//! A development network for one machine: the Internet Computer's HTTP interface on the embedded engine.
//!
//! It follows the interface specification far enough for every client: `icp`, dfx, the agents, a browser behind the
//! gateway. It is one node and one subnet, with its own keys, to which its own root key delegates. So its certificates
//! prove nothing to anybody who did not ask this process for its root key. Production is the Internet Computer itself.
//!
//! The folders and modules are the layers, each using those after it:
//! - `http`: connections, routes, and the translation between HTTP, CBOR and the node;
//! - `node`: checks requests and passes them on;
//! - `executor`: updates, round by round;
//! - `state`, `folder`: the state that a network starts from, in memory or on disk;
//! - `signer`: signs for calls that were answered;
//! - `clock`: the present time;
//! - `certificate`, `state_tree`: the certified state tree, and the root key's delegation to the subnet;
//! - `cbor`: encoding and decoding;
//! - `sender`: authenticates the sender of a request;
//! - `requests`: the calls and their progress;
//! - `keys`: the subnet's and the node's keys;
//! - [`limits`]: every limit, named once.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("local-network runs on 64-bit Linux only: its engine does");

mod cbor;
mod certificate;
mod clock;
mod executor;
mod folder;
mod http;
mod keys;
pub mod limits;
mod node;
mod requests;
mod sender;
mod signer;
mod state;
mod state_tree;

pub use folder::{Canisters, FolderError};
pub use http::{Page, serve};
pub use keys::{BLS_DER_PREFIX, Keys};
pub use node::{ExecutorThread, Node};
pub use state::State;
