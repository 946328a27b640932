//! The twelve races of Aegis, CouchDB's encryption at rest. Its first key cache is a server, and in its last one callers
//! unwrap by themselves. Each test has the name of the correct behaviour.

mod first_version;
mod last_version;
