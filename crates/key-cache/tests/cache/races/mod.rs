//! The twelve races of Aegis, CouchDB's encryption at rest: its first key cache, a server in the middle, and the last one,
//! in which callers unwrap by themselves. Each test is named by what must hold instead.

mod first_version;
mod last_version;
