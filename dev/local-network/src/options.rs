//! The options of the program.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};

const USAGE: &str = "usage: local-network [NAME=]MODULE… [--argument NAME=HEX]… [--port PORT] [--state FOLDER] \
                     [--page FOLDER] [--calls FILE] [--node-key HEX]";
/// The port unless another is asked for.
const DEFAULT_PORT: u16 = 4943;
/// Bytes of a canister's name.
const MAX_NAME: usize = 64;

/// The options.
pub struct Options {
    /// The canisters, in the order in which they are named.
    pub canisters: Vec<Wanted>,
    /// The port, or 0 for a free one.
    pub port: u16,
    /// The folder of the state, if it is saved.
    pub state: Option<PathBuf>,
    /// The folder of the page, if there is one.
    pub page: Option<PathBuf>,
    /// A file with calls to print, if there is one.
    pub calls: Option<PathBuf>,
    /// The seed of the node's key, if it is not random.
    pub node_key: Option<[u8; 32]>,
}

/// A canister that the network is to have.
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// The file of its module.
    pub module: PathBuf,
    /// The argument of its installation, if it is not the candid `(null)`.
    pub argument: Option<Vec<u8>>,
}

impl Options {
    /// The options of the command line.
    ///
    /// # Errors
    ///
    /// If it cannot be understood.
    pub fn parse() -> Result<Self, String> {
        let (mut canisters, mut arguments) = (Vec::new(), Vec::new());
        let (mut port, mut state, mut page, mut calls, mut node_key) = (DEFAULT_PORT, None, None, None, None);
        let mut words = env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = |what: &str| words.next().ok_or(format!("{word} takes {what}"));
            match word.as_str() {
                "--port" => {
                    let text = value("a number")?;
                    port = text.parse().map_err(|_| format!("--port takes a number up to 65535, not '{text}'"))?;
                }
                "--state" => state = Some(value("a folder")?.into()),
                "--page" => page = Some(PathBuf::from(value("a folder")?)),
                "--calls" => calls = Some(value("a file")?.into()),
                "--node-key" => node_key = Some(seed(&value("64 hex digits")?)?),
                "--argument" => arguments.push(argument(&value("NAME=HEX")?)?),
                other if other.starts_with('-') => return Err(format!("unexpected '{other}'; {USAGE}")),
                other => canisters.push(wanted(other)?),
            }
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = canisters.iter().find(|wanted| !names.insert(&wanted.name)) {
            return Err(format!("two canisters are named '{}'", twice.name));
        }
        for (name, bytes) in arguments {
            let wanted = canisters.iter_mut().find(|wanted| wanted.name == name);
            wanted.ok_or(format!("--argument: no canister is named '{name}'"))?.argument = Some(bytes);
        }
        if let Some(folder) = page.as_ref().filter(|folder| !folder.join("index.html").is_file()) {
            return Err(format!("--page {}: there is no index.html", folder.display()));
        }
        if canisters.is_empty() {
            return Err(USAGE.to_string());
        }
        if state.is_some() && node_key.is_some() {
            return Err("--node-key: a network with --state keeps its own".to_string());
        }
        Ok(Self { canisters, port, state, page, calls, node_key })
    }
}

/// `NAME=MODULE`, or a module that is named as its file is, up to the first dot.
fn wanted(word: &str) -> Result<Wanted, String> {
    let (name, module) = match word.split_once('=') {
        Some((name, module)) => (name.to_string(), module),
        None => {
            let file = Path::new(word).file_name().unwrap_or_default().to_string_lossy();
            (file.split('.').next().unwrap_or_default().to_string(), word)
        }
    };
    let legal = |letter: char| letter.is_ascii_alphanumeric() || ['-', '_'].contains(&letter);
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(legal) {
        return Err(format!("'{name}' is no name of a canister: up to {MAX_NAME} letters, digits, - and _ are"));
    }
    Ok(Wanted { name, module: module.into(), argument: None })
}

/// `NAME=HEX`: a canister's name and the bytes of its argument.
fn argument(word: &str) -> Result<(String, Vec<u8>), String> {
    let wrong = || format!("--argument takes NAME=HEX, not '{word}'");
    let (name, digits) = word.split_once('=').ok_or_else(wrong)?;
    Ok((name.to_string(), hex(digits).ok_or_else(wrong)?))
}

/// 32 bytes in hex.
fn seed(digits: &str) -> Result<[u8; 32], String> {
    let bytes = hex(digits).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| format!("--node-key takes 64 hex digits, not '{digits}'"))
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}
