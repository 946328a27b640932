//! Tests of the store through its public interface, and with real processes.

mod basics;
mod caching;
mod faults;
mod image;
mod olm;
mod processes;
mod sharing;
mod support;
