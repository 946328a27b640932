//! `mailbox shared`.

use super::arguments::Shared;
use super::print::{out, tell};
use super::{DONE, Failure, passphrase};
use mailbox::{Mailbox, Secret};
use zeroize::Zeroizing;

/// Maximum size of a key file in bytes.
const MAX_KEY_FILE: u64 = 1 << 20;

pub async fn run(mailbox: &Mailbox, command: Shared) -> Result<u8, Failure> {
    match command {
        Shared::Add { name, key: Some(path), .. } => {
            let bad = |why: String| Failure::error(format!("{}: {why}", path.display()));
            let size = std::fs::metadata(&path).map_err(|error| bad(error.to_string()))?.len();
            if size > MAX_KEY_FILE {
                return Err(bad(format!("a key file has at most {MAX_KEY_FILE} bytes, not {size}")));
            }
            let bytes = std::fs::read(&path).map_err(|error| bad(error.to_string()))?;
            add(mailbox, &name, &Secret::File(Zeroizing::new(bytes))).await?;
        }
        Shared::Add { name, key: None, secret_fd } => {
            let passphrase = passphrase::read(secret_fd, &format!("Passphrase of {name}: "))?;
            add(mailbox, &name, &Secret::Passphrase(passphrase)).await?;
        }
        Shared::List => {
            for (id, name) in mailbox.shared().await? {
                out(&format!("{name}\t{}", hex::encode(id)))?;
            }
        }
    }
    Ok(DONE)
}

async fn add(mailbox: &Mailbox, name: &str, secret: &Secret) -> Result<(), Failure> {
    let id = mailbox.add_shared(name, secret).await?;
    out(&format!("{name}: {}", hex::encode(id)))?;
    tell!("Whoever has the passphrase or the key file reads this inbox and writes to it. Nothing proves who wrote.");
    Ok(())
}
