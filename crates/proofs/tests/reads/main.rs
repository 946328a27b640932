//! True and false proofs of a naive store.

mod golden;
mod honest;
mod lies;
mod mutations;
mod seen;
mod sizes;
mod store;
mod vectors;
