//! `verifier new-key`.

use super::DONE;
use std::error::Error;
use std::path::Path;

pub fn run(path: &Path) -> Result<u8, Box<dyn Error>> {
    println!("{}", hex::encode(key_file::create(path)?.verifying_key().to_bytes()));
    Ok(DONE)
}
