//! The hand-written code and the candid library agree on every input, legal or not.

mod arguments;
mod replies;
