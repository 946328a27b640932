//! `mailbox doctor`.

use super::print::{json_line, out, warning};
use super::{DONE, Failure, protect};
use mailbox::{Agents, Check};
use serde_json::json;
use std::path::Path;

pub async fn run(folder: &Path, fd: Option<u32>, json: bool) -> Result<u8, Failure> {
    let mut code = show(&[mailbox::check_folder(folder)], json)?;
    let opened = protect::open_unasked(folder, fd).await?;
    code |= show(&mailbox::check_opening(folder, opened.as_ref()), json)?;
    let Ok(mailbox) = opened else { return Ok(code) };
    code |= show(&mailbox.check_store().await?, json)?;
    let network = Agents::new(&mailbox.place().await?)?;
    code |= show(&mailbox.check_network(&network).await?, json)?;
    Ok(code)
}

/// Prints checks. Returns the exit code.
fn show(checks: &[Check], json: bool) -> Result<u8, Failure> {
    for Check { subject, result } in checks {
        match (result, json) {
            (Ok(text), false) => out(&format!("{subject}: ok: {text}"))?,
            (Err(fault), false) => {
                out(&format!("{subject}: {} {}. Do: {}", warning("WRONG:"), fault.what, fault.advice))?;
            }
            (Ok(text), true) => out(&json_line(&json!({ "check": subject, "ok": true, "found": text })))?,
            (Err(fault), true) => {
                let line = json!({ "check": subject, "ok": false, "found": fault.what, "advice": fault.advice });
                out(&json_line(&line))?;
            }
        }
    }
    Ok(if checks.iter().all(|check| check.result.is_ok()) { DONE } else { Failure::ERROR })
}
