//! Tests of the store through its public interface, and with real processes.

mod ages;
mod basics;
mod caching;
mod faults;
mod growth;
mod image;
mod olm;
mod place;
mod processes;
mod retrying;
mod rotation;
mod sharing;
mod support;
