//! The verifier. Its process catches up over HTTP with a directory on a local network, and is compared with the signature
//! checks alone. Three verifiers ratify heads while updates come in. The last rows are the memory and the disk for a million
//! labels.

mod authors;
mod catching_up;
mod million;
mod network;
mod place;
mod ratifying;

pub use million::work;

use crate::record::{Limit, Row};
use network::Network;

/// All rows.
pub fn measure() -> Vec<Row> {
    let network = Network::start();
    let mut rows = catching_up::measure(&network);
    rows.extend(ratifying::measure(&network));
    drop(network);
    rows.extend(million::measure());
    rows
}

/// A row. It is printed at once, because the whole benchmark takes minutes.
fn row(name: &str, value: f64, limit: Limit) -> Row {
    let row = Row { name: name.into(), value, limit };
    eprintln!("{}", row.to_line());
    row
}
