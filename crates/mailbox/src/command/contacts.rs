//! `mailbox contacts`.

use super::arguments::Contacts;
use super::print::{out, tell};
use super::{DONE, Failure};
use mailbox::{Address, Agents, Mailbox, Trust};
use std::io::Read;
use std::path::Path;

pub async fn run(mailbox: &Mailbox, command: Contacts) -> Result<u8, Failure> {
    match command {
        Contacts::Add { card, name } => {
            let stem = || card.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let is_stdin = card == Path::new("-");
            let name = name.or_else(|| if is_stdin { None } else { stem() });
            let name = name.ok_or_else(|| Failure::error("a card from standard input needs a name: --as NAME"))?;
            let address = mailbox.add_contact(&read(&card)?, &name).await?;
            out(&format!("{name}: {address}"))?;
            tell!("Compare the address with {name}. If it is the same, run: mailbox contacts verify {name} ADDRESS");
        }
        Contacts::Find { label, name } => {
            let name = name.unwrap_or_else(|| label.clone());
            let network = Agents::new(&mailbox.place().await?)?;
            let address = mailbox.find_contact(&network, &label, &name).await?;
            out(&format!("{name}: {address}"))?;
        }
        Contacts::Verify { name, address } => {
            let address: Address =
                address.parse().map_err(|error: mailbox::NoAddress| Failure::error(error.to_string()))?;
            mailbox.verify_contact(&name, address).await?;
            out(&format!("{name}: {address}, verified"))?;
        }
        Contacts::List => {
            for (address, contact) in mailbox.contacts().await? {
                let trust = match contact.trust {
                    Trust::Unknown => "unknown",
                    Trust::Changed => "changed",
                    Trust::Added => "added",
                    Trust::Verified => "verified",
                };
                let name = if contact.name.is_empty() { "-" } else { &contact.name };
                out(&format!("{name}\t{trust}\t{address}"))?;
            }
        }
    }
    Ok(DONE)
}

/// Maximum size of a card's text that is read, in bytes.
const MAX_TEXT: u64 = 32_768;

fn read(card: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match card == Path::new("-") {
        true => std::io::stdin().take(MAX_TEXT).read_to_string(&mut text),
        false => std::fs::File::open(card).and_then(|file| file.take(MAX_TEXT).read_to_string(&mut text)),
    };
    read.map_err(|error| Failure::error(format!("{}: {error}", card.display())))?;
    Ok(text)
}
