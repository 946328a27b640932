//! `verifier new-key`.

use super::DONE;
use ed25519_dalek::SigningKey;
use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

pub fn run(path: &Path) -> Result<u8, Box<dyn Error>> {
    let mut seed = [0; 32];
    getrandom::getrandom(&mut seed)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(|error| format!("{}: {error}", path.display()))?;
    writeln!(file, "{}", hex::encode(seed))?;
    file.sync_all()?;
    println!("{}", hex::encode(SigningKey::from_bytes(&seed).verifying_key().to_bytes()));
    Ok(DONE)
}
