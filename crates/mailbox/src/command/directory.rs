//! `mailbox directory`, `register` and `monitor`.

use super::print::{hex, out};
use super::{DONE, Failure};
use candid::Principal;
use mailbox::{Agents, Mailbox};

pub async fn pin(mailbox: &Mailbox, canister: &str, certified_only: bool) -> Result<u8, Failure> {
    let id = Principal::from_text(canister).map_err(|error| Failure::error(format!("{canister}: {error}")))?;
    let network = Agents::new(&mailbox.place().await?)?;
    let hash = mailbox.set_directory(&network, id, certified_only).await?;
    out(&format!("directory {id}, configuration {}", hex(&hash)))?;
    eprintln!("Compare the canister with the one that the directory's operator names elsewhere.");
    Ok(DONE)
}

pub async fn register(mailbox: &Mailbox, name: Option<&str>) -> Result<u8, Failure> {
    let network = Agents::new(&mailbox.place().await?)?;
    out(&format!("registered {}", mailbox.register(&network, name).await?))?;
    Ok(DONE)
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
