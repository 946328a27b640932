//! Proofs of a naive store, told truly and falsely.

mod golden;
mod honest;
mod lies;
mod mutations;
mod seen;
mod sizes;
mod store;
mod vectors;
