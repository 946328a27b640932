//! Metrics in the text format of Prometheus. Each canister says which.

use ic_metrics_encoder::MetricsEncoder;
use std::io;

/// Collects metrics as text.
pub type Encoder = MetricsEncoder<Vec<u8>>;

/// The text of the metrics that `write` writes, at `now` in unix milliseconds.
pub fn text(now: u64, write: impl FnOnce(&mut Encoder) -> io::Result<()>) -> String {
    let mut encoder = MetricsEncoder::new(Vec::new(), i64::try_from(now).unwrap_or(i64::MAX));
    // Writing to memory does not fail, and all bytes are ASCII.
    write(&mut encoder).map(|()| String::from_utf8(encoder.into_inner()).unwrap_or_default()).unwrap_or_default()
}

/// 1 for true.
pub fn flag(set: bool) -> f64 {
    f64::from(u8::from(set))
}
