//! The demo's output.

use std::io::Write;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::error::Error;

/// A step that is faster is printed without its time.
const WORTH_A_TIME: Duration = Duration::from_millis(100);

/// The heading of the lines that follow.
pub fn heading(text: &str) {
    println!("\n{text}");
}

/// One fact.
pub fn item(name: &str, text: &str) {
    println!("  {name:<14} {text}");
}

/// Runs a step and prints a line of what it says it did, once it is done.
pub fn line(step: impl FnOnce() -> Result<String, Error>) -> Result<(), Error> {
    let start = Instant::now();
    // Standard output may be a pipe. The line must be visible while the step runs.
    let _ = std::io::stdout().flush();
    let done = step()?;
    let time = start.elapsed();
    if time >= WORTH_A_TIME {
        println!("  ok  {done} ({:.1} s)", time.as_secs_f64());
    } else {
        println!("  ok  {done}");
    }
    Ok(())
}

/// The SHA-256 in hexadecimal.
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
