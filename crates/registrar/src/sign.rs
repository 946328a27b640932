//! `registrar show` and `registrar sign`.

use crate::command::Directory;
use candid::Principal;
use client::directory::label_text;
use client::plain::is_control;
use directory_core::entry::realm;
use directory_core::label::Label;
use directory_core::registration::{Request, answer_to_text};
use directory_core::signatures::Signatures;
use directory_core::vrf::PublicKey;
use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Maximum size of a request's text in bytes.
const MAX_TEXT: u64 = 8_192;

/// Checks a request and prints its contents.
pub fn show(path: &Path, directory: &Directory) -> Result<(), Box<dyn Error>> {
    let request = checked(path, directory)?;
    println!("label: {}", described(&request.label));
    let policy = &request.update.entry.policy;
    println!("owners: {} of these keys", policy.threshold());
    policy.keys().iter().for_each(|key| println!("  {}", hex::encode(key.bytes())));
    if let Some(recovery) = &request.update.entry.recovery {
        println!("recovery: {} of these keys, after {} s", recovery.policy.threshold(), recovery.delay);
        recovery.policy.keys().iter().for_each(|key| println!("  {}", hex::encode(key.bytes())));
    }
    Ok(())
}

/// Checks a request for a label, and prints the signature.
pub fn run(label: &str, path: &Path, key: &Path, directory: &Directory) -> Result<(), Box<dyn Error>> {
    let request = checked(path, directory)?;
    let label = written(label);
    if request.label != label {
        return Err(format!("the request is for {}, not for {}", described(&request.label), described(&label)).into());
    }
    let key = key_file::read(key)?;
    println!("{}", answer_to_text(&Signatures::by(&key, &request.update.registration_bytes())));
    Ok(())
}

/// The label that an operator writes: an address if the text is one, else a name, as in the command `mailbox`. So no request for a
/// name that looks like an address is signed, nor one for the registrar's label.
fn written(text: &str) -> Label {
    let address = Principal::from_text(text).ok();
    let address = address.and_then(|address| Label::decode(&[b"a", address.as_slice()].concat()).ok());
    address.unwrap_or_else(|| Label::Name(text.to_owned()))
}

/// A label with its kind: the text of a name may look like another label's.
fn described(label: &Label) -> String {
    match label {
        Label::Registrar => label_text(label),
        Label::Address(_) => format!("the address {}", label_text(label)),
        Label::Name(name) => format!("the name {name}"),
    }
}

/// Reads and checks the request in a file: its label, directory and signatures must be right.
fn checked(path: &Path, directory: &Directory) -> Result<Request, Box<dyn Error>> {
    let bad = |why: String| format!("{}: {why}", path.display());
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(MAX_TEXT).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(MAX_TEXT).read_to_string(&mut text))
    };
    read.map_err(|error| bad(error.to_string()))?;
    let request = Request::from_text(&text).map_err(|error| bad(format!("this is not a request: {error:?}")))?;
    // It would be shown to the operator as another name than the one that is signed.
    if matches!(&request.label, Label::Name(name) if name.chars().any(is_control)) {
        return Err(bad("its name has control characters".to_owned()).into());
    }
    let vrf = PublicKey::new(&directory.vrf_key).map_err(|error| format!("the VRF key: {error:?}"))?;
    request
        .check(&realm(directory.canister.as_slice(), &directory.vrf_key), &vrf)
        .map_err(|error| bad(error.to_string()))?;
    Ok(request)
}
