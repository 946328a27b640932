//! Argument decoding and reply encoding.
//!
//! The common types are hand-written ([`arguments`] and [`replies`], with `header`s and `values`). The candid library
//! does the rest ([`general`], which the directory canister uses too). Tests show that both read and write the same.

pub mod arguments;
mod header;
pub mod replies;
mod values;

pub use canister_base::general;

#[cfg(test)]
mod tests;
