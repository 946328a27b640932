//! No code, for every platform: `Cargo.toml` fixes the features of dependencies that the engine shares with other crates.
//!
//! Cargo unites the features of the packages that one command builds. Without this crate, building a program alone and
//! building the tests choose different features, and Wasmtime is compiled once for each choice.
