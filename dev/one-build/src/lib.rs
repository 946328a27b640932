//! No code, for every platform: `Cargo.toml` fixes the features of dependencies that the engine and the network share with other
//! crates. They are the features that these have in the tests.
//!
//! Cargo unites the features of the packages that one command builds. Without this crate, building a program alone and
//! building the tests choose different features, and each choice compiles the engine once more.
