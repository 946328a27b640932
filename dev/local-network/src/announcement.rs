//! The lines that are printed once the network answers.

use std::io::Write;
use std::path::Path;
use std::{fs, io};

use candid::Principal;

/// A canister that is served.
pub struct Served {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: Principal,
    /// SHA-256 of its module, if it has one.
    pub module_hash: Option<[u8; 32]>,
}

/// The announcement that the network is ready: a line for each canister, in the order of the names below.
pub fn print(port: u16, canisters: &[Served], state: Option<&Path>, page: bool, calls: &str) {
    let url = format!("http://127.0.0.1:{port}");
    let ready = canisters.iter().map(|canister| format!("ready: {url} canister {}\n", canister.id));
    let ready: String = ready.collect();
    let modules = canisters.iter().map(|Served { name, id, module_hash }| {
        let hash = match module_hash {
            Some(hash) => hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            None => "none is installed".to_string(),
        };
        format!("{name} {id} module hash: {hash}\n")
    });
    let modules: String = modules.collect();
    let kept = match state {
        Some(folder) => format!("Its state is in {}.", folder.display()),
        None => "Everything is gone when it stops.".to_string(),
    };
    let page = match page {
        true => format!("\nA page to look into the canister: {url}/\n"),
        false => String::new(),
    };
    let text = format!(
        "\
{ready}
{modules}{page}{calls}
A development network for one machine, not the Internet Computer. {kept} Ctrl-C stops it.
"
    );
    // Programs read up to the last line. An error only means that nobody reads.
    let _ = io::stdout().write_all(text.as_bytes());
}

/// The text of a file with calls, in which `{url}`, `{port}` and each canister's name in braces are replaced.
///
/// # Errors
///
/// If it cannot be read.
pub fn calls(file: &Path, port: u16, canisters: &[Served]) -> Result<String, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let text = text.replace("{url}", &format!("http://127.0.0.1:{port}")).replace("{port}", &port.to_string());
    Ok(canisters
        .iter()
        .fold(text, |text, Served { name, id, .. }| text.replace(&format!("{{{name}}}"), &id.to_string())))
}
