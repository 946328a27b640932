//! The library against models, foreign vectors, oracles and adversaries.

mod attackers;
mod bundles;
mod checks;
mod codecs;
mod faults;
mod goldens;
mod keys;
mod layouts;
mod logs;
mod lookups;
mod maps;
mod naive;
mod oracles;
mod rules;
mod server;
mod sizes;
mod speed;
mod stores;
mod support;
mod transitions;
mod twins;
mod vectors;
mod vrfs;
