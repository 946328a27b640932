//! `mailbox directory`, `register` and `monitor`.

use super::print::{out, tell, warning};
use super::{DONE, Failure, canister_id};
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
    let id = canister_id(canister)?;
    let network = Agents::new(&mailbox.place().await?)?;
    let hash = mailbox.set_directory(&network, id, registrars, certified_only).await?;
    out(&format!("directory {id}, configuration {}", hex::encode(hash)))?;
    tell!("Compare the canister with the one that the directory's operator names elsewhere.");
    Ok(DONE)
}

pub async fn register(mailbox: &Mailbox, name: Option<&str>, vouched: Option<&Path>) -> Result<u8, Failure> {
    let network = Agents::new(&mailbox.place().await?)?;
    let vouched = vouched.map(answer).transpose()?;
    match mailbox.register(&network, name, vouched).await? {
        Registration::Done(label) => out(&format!("registered {label}"))?,
        Registration::Asked(request) => {
            out(&request)?;
            tell!(
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
    let findings = mailbox.monitor(&network).await?;
    if findings.is_empty() {
        tell!("Nothing was looked up: neither you nor any of your contacts is in a directory.");
    }
    for finding in findings {
        match finding.result {
            Ok(text) => out(&format!("{}: {text}", finding.label))?,
            Err(text) => {
                code = Failure::ERROR;
                out(&format!("{}: {}", finding.label, warning(&text)))?;
            }
        }
    }
    Ok(code)
}
