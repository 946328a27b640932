//! Between candid's bytes and the store.
//!
//! What every caller sends and gets is read and written by hand ([`arguments`], [`replies`], over the `header`s they
//! share); everything else goes through the candid library ([`general`]). Tests hold the two equal on every input.

pub mod arguments;
pub mod general;
mod header;
pub mod replies;

#[cfg(test)]
mod tests;
