//! Tests of the key cache through its public face.

mod ages;
mod crashes;
mod flights;
mod local;
mod memory;
mod model;
mod races;
mod runtimes;
mod spans;
mod support;
mod values;
mod vectors;
