//! Argument decoding and reply encoding.
//!
//! The common types are hand-written ([`arguments`] and [`replies`], with `header`s and `values`). The candid library
//! does the rest ([`general`]). Tests show that both read and write the same.

pub mod arguments;
pub mod general;
mod header;
pub mod replies;
mod values;

#[cfg(test)]
mod tests;
