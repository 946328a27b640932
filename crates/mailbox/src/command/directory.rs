//! `mailbox directory`, `register` and `monitor`.

use super::print::out;
use super::{DONE, Failure};
use candid::Principal;
use directory_core::registration::answer_from_text;
use directory_core::signatures::Signatures;
use mailbox::{Agents, Mailbox, Registration};
use std::path::Path;

pub async fn pin(
    mailbox: &Mailbox,
    canister: &str,
    registrars: Vec<[u8; 32]>,
    certified_only: bool,
) -> Result<u8, Failure> {
    let id = Principal::from_text(canister).map_err(|error| Failure::error(format!("{canister}: {error}")))?;
    let network = Agents::new(&mailbox.place().await?)?;
    let hash = mailbox.set_directory(&network, id, registrars, certified_only).await?;
    out(&format!("directory {id}, configuration {}", hex::encode(hash)))?;
    eprintln!("Compare the canister with the one that the directory's operator names elsewhere.");
    Ok(DONE)
}

pub async fn register(mailbox: &Mailbox, name: Option<&str>, vouched: Option<&Path>) -> Result<u8, Failure> {
    let network = Agents::new(&mailbox.place().await?)?;
    let vouched = vouched.map(answer).transpose()?;
    match mailbox.register(&network, name, vouched).await? {
        Registration::Done(label) => out(&format!("registered {label}"))?,
        Registration::Asked(request) => {
            out(&request)?;
            eprintln!(
                "Nothing is registered yet. Hand this request to the registrar, and come back with the answer: --vouched FILE"
            );
        }
    }
    Ok(DONE)
}

/// The registrar's answer in a file.
fn answer(path: &Path) -> Result<Signatures, Failure> {
    let bad = |why: String| Failure::error(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    answer_from_text(&text).map_err(|error| bad(format!("this is not a registrar's answer: {error:?}")))
}

pub async fn monitor(mailbox: &Mailbox) -> Result<u8, Failure> {
    let network = Agents::new(&mailbox.place().await?)?;
    let mut code = DONE;
    for finding in mailbox.monitor(&network).await? {
        match finding.result {
            Ok(text) => out(&format!("{}: {text}", finding.label))?,
            Err(text) => {
                code = Failure::ERROR;
                out(&format!("{}: {text}", finding.label))?;
            }
        }
    }
    Ok(code)
}
