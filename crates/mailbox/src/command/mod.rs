//! The parts of the command. Each part translates between the command line and the library.

mod arguments;
mod contacts;
mod directory;
mod doctor;
mod failure;
mod input;
mod keys;
mod passphrase;
mod print;
mod progress;
mod protect;
mod receive;
mod send;
mod shared;

pub use arguments::Arguments;
pub use failure::Failure;

use arguments::{Command, Init, Keys};
use candid::Principal;
use mailbox::{Agents, Mailbox, Place};
use print::out;
pub(crate) use print::tell;
use std::path::Path;

/// Done.
pub const DONE: u8 = 0;
/// Queued, but not sent yet.
pub const QUEUED: u8 = 3;
/// A received message did not open.
pub const UNOPENED: u8 = 4;

/// Runs a command and returns its exit code.
pub async fn run(arguments: Arguments) -> Result<u8, Failure> {
    let folder = arguments.folder()?;
    let fd = arguments.passphrase_fd;
    match arguments.command {
        Command::Init(init) => create(&folder, &init, fd).await,
        Command::Passphrase(change) => protect::passphrase(&folder, fd, &change),
        Command::Unlock { time } => protect::unlock(&folder, fd, time),
        Command::Lock => protect::lock(&folder),
        Command::Doctor { json } => doctor::run(&folder, fd, json).await,
        Command::Restore { path, secret_fd, passphrase } => {
            keys::restore(&folder, &path, secret_fd, passphrase.then_some(fd)).await
        }
        command => with_mailbox(&protect::open(&folder, fd).await?, &folder, command).await,
    }
}

async fn with_mailbox(mailbox: &Mailbox, folder: &Path, command: Command) -> Result<u8, Failure> {
    match command {
        Command::Init(_)
        | Command::Passphrase(_)
        | Command::Unlock { .. }
        | Command::Lock
        | Command::Doctor { .. }
        | Command::Restore { .. } => {
            unreachable!("they open no mailbox")
        }
        Command::Id => {
            out(&mailbox.card().await?)?;
            let address = mailbox.address().await?;
            tell!("Your address is {address}. Ask everybody who gets the card to compare this address with you.");
            Ok(DONE)
        }
        Command::Keys { command: Keys::Rotate } => keys::rotate(mailbox).await,
        Command::Backup { path, new_fd } => keys::backup(mailbox, &path, new_fd).await,
        Command::Directory { canister, registrar, certified_only } => {
            directory::pin(mailbox, &canister, registrar, certified_only).await
        }
        Command::Register { name, vouched } => directory::register(mailbox, name.as_deref(), vouched.as_deref()).await,
        Command::Monitor => directory::monitor(mailbox).await,
        Command::Shared { command } => shared::run(mailbox, command).await,
        Command::Contacts { command } => contacts::run(mailbox, command).await,
        Command::Send(send) => send::run(mailbox, send).await,
        Command::Receive(receive) => receive::run(mailbox, receive).await,
        Command::Log { json, after } => print::log(mailbox, after, json).await,
        Command::Save { number, path } => receive::save(mailbox, number, &path).await,
        Command::Outbox => {
            for (inbox, number) in mailbox.outbox().await? {
                out(&format!("{number}\tfor inbox {}", Principal::from_slice(&inbox)))?;
            }
            Ok(DONE)
        }
        Command::Status => status(mailbox, folder).await,
    }
}

/// The id of a canister.
fn canister_id(text: &str) -> Result<Principal, Failure> {
    Principal::from_text(text)
        .map_err(|_| Failure::error(format!("'{text}' is no canister id: a letter is wrong or missing")))
}

async fn create(folder: &Path, init: &Init, fd: Option<u32>) -> Result<u8, Failure> {
    let canister = canister_id(&init.canister)?;
    let url = init.network.clone();
    let root_key = if init.fetch_root_key { Agents::root_key(&url).await? } else { Agents::known_root_key(&url)? };
    let place = Place { url, root_key, canister: canister.as_slice().to_vec() };
    let mailbox = if init.passphrase {
        let passphrase = passphrase::read_new(fd, "Passphrase: ")?;
        Mailbox::create_with_passphrase(folder, place, &passphrase).await?
    } else {
        Mailbox::create(folder, place).await?
    };
    out(&format!("mailbox {} in {}", mailbox.address().await?, folder.display()))?;
    Ok(DONE)
}

async fn status(mailbox: &Mailbox, folder: &Path) -> Result<u8, Failure> {
    let place = mailbox.place().await?;
    let status = mailbox.status().await?;
    let waiting: u64 = mailbox.outbox().await?.iter().map(|(_, number)| number).sum();
    for (name, value) in [
        ("address", mailbox.address().await?.to_string()),
        ("folder", folder.display().to_string()),
        ("network", place.url),
        ("canister", Principal::from_slice(&place.canister).to_text()),
        ("contacts", mailbox.contacts().await?.len().to_string()),
        ("to be sent", waiting.to_string()),
        ("read through", status.read_through.to_string()),
        ("acknowledged through", status.acknowledged_through.to_string()),
        ("cannot be opened yet", status.waiting.to_string()),
        ("junk", status.junk.to_string()),
    ] {
        out(&format!("{name}: {value}"))?;
    }
    Ok(DONE)
}
