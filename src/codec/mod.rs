//! Argument decoding and reply encoding.
//!
//! The common types are hand-written ([`arguments`] and [`replies`], with canister-base's headers and values). The candid library
//! does the rest ([`general`], which the directory canister uses too). Tests show that both read and write the same.

pub mod arguments;
pub mod replies;
mod values;

pub use canister_base::general;

#[cfg(test)]
mod tests;
