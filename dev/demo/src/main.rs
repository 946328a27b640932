//! The demo: sends a folder's files through the real canister Wasm, in the embedded engine, and compares every byte that
//! comes back. `scripts/demo` builds what it needs and runs it.
//!
//! A sender seals each file under one of a few keys ([`part`], in the page's format). The canister sees only key ids
//! and ciphertexts. They are added one by one and in batches, and the canister is upgraded in between. Then everything
//! is added once more, which stores nothing. It is read back by id, by hash, by key in both orders, by range and by
//! time. In the end a replica lies about a key, and a reader that verifies catches each lie.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("demo runs on 64-bit Linux only: its engine does");

mod account;
mod error;
mod files;
mod inbox;
mod lies;
mod parcel;
mod part;
mod progress;
mod read;
mod send;
mod show;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use message_canister::api::Order;

use account::{counted, grouped};
use error::{Error, ensure};
use files::{Found, Reason};
use inbox::Inbox;
use read::Sent;
use sealing::Key;
use send::Expect;
use show::{heading, item, line};

const HELP: &str = "\
usage: demo WASM FOLDER

Installs the canister's WASM in the embedded engine, sends every file of FOLDER through it, sealed as the
page seals it, reads all of it back in every way and compares every byte. FOLDER may also be a single file.
Symbolic links inside it are not followed. Nothing is written anywhere.

exit code: 0 every byte came back; 1 one did not; 2 there is nothing to send; 3 every byte that could be read came
back, but a file or folder could not be read";

/// The files take turns under so many keys.
const KEYS: usize = 4;

/// Messages that are added one by one; the others go in batches. Never more than half.
const MOST_SINGLE: usize = 200;

/// The exit code if a file or folder could not be read.
const UNREADABLE: u8 = 3;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let result = match arguments.as_slice() {
        [wasm, folder] => run(&PathBuf::from(wasm), &PathBuf::from(folder)),
        other => Err(Error::Usage(format!("one folder, not {}", other.len().saturating_sub(1)))),
    };
    result.unwrap_or_else(|error| {
        eprintln!("demo: {error}");
        error.exit_code()
    })
}

fn run(wasm: &Path, folder: &Path) -> Result<ExitCode, Error> {
    let start = Instant::now();
    let module = std::fs::read(wasm).map_err(|error| Error::Wasm(wasm.to_path_buf(), error))?;
    let found = files::collect(folder)?;
    show_folder(folder, &found);

    heading("the canister");
    item("module hash", &show::hash(&module));
    let mut inbox = Inbox::install(module)?;
    let limits = inbox.status()?.limits;
    item("installed", &format!("version {}, in the embedded engine", inbox.status()?.version));

    let canister = inbox.canister();
    let keys = (0..KEYS).map(|_| part::new_key(canister.as_slice())).collect::<Result<Vec<Key>, Error>>()?;
    let mut parcels = parcel::seal_all(&found.files, &keys, limits.ciphertext_bytes as usize)?;
    let sealed: usize = parcels.iter().map(|parcel| parcel.ciphertext.len()).sum();
    item(
        "sealed",
        &format!(
            "{} of {} bytes, in the format that the page opens, under {} keys",
            counted(parcels.len(), "message", "messages"),
            grouped(sealed as u128),
            keys.len(),
        ),
    );

    heading("storing");
    let single = parcels.len().div_ceil(2).min(MOST_SINGLE);
    let (first, others) = parcels.split_at_mut(single);
    line(|| {
        send::one_by_one(&mut inbox, first, &keys, Expect::New)?;
        Ok(format!("{} added one by one", counted(single, "message", "messages")))
    })?;
    line(|| upgrade(&mut inbox))?;
    let split = inbox.now() + 1;
    line(|| {
        let batches = send::in_batches(&mut inbox, others, &keys, &limits, Expect::New)?;
        Ok(format!(
            "{} added in {}",
            counted(others.len(), "message", "messages"),
            counted(batches, "batch", "batches")
        ))
    })?;
    line(|| add_again(&mut inbox, &mut parcels, &keys))?;
    line(|| upgrade(&mut inbox))?;

    heading("reading back: every message exactly once, opened, compared with its file byte for byte");
    let sent = Sent { files: &found.files, keys: &keys, parcels: &parcels, limits };
    let all = counted(parcels.len(), "message", "messages");
    line(|| read::by_id(&mut inbox, &sent).map(|()| format!("{all} by id")))?;
    line(|| read::by_hash(&mut inbox, &sent).map(|()| format!("{all} by hash")))?;
    for (order, name) in [(Order::ascending, "oldest first"), (Order::descending, "newest first")] {
        line(|| read::by_key(&mut inbox, &sent, order).map(|()| format!("{all} by key, {name}")))?;
    }
    line(|| read::by_range(&mut inbox, &sent).map(|()| format!("{all} by range of ids, upwards and downwards")))?;
    line(|| read::by_time(&mut inbox, &sent, split).map(|()| format!("{all} by time, before and after the upgrade")))?;
    line(|| read::by_question(&mut inbox, &sent).map(|()| format!("{all} asked for: stored, where, how many")))?;
    line(|| read::invariants(&mut inbox, &sent).map(|()| "the canister's own check of its invariants".into()))?;

    show_account(&inbox, start)?;

    heading("the store on a network that signs: a reader that verifies, and a replica that lies to it");
    let of_key = parcels.iter().filter(|parcel| parcel.key == 0).count();
    lies::are_caught(inbox.into_engine(), canister, &keys[0], of_key)?;

    let unreadable = found.skipped.iter().filter(|skipped| matches!(skipped.reason, Reason::Unreadable(_))).count();
    if unreadable > 0 {
        eprintln!("demo: {} could not be read", counted(unreadable, "file or folder", "files and folders"));
        return Ok(ExitCode::from(UNREADABLE));
    }
    Ok(ExitCode::SUCCESS)
}

/// Upgrades, and compares what the canister says of itself before and after.
fn upgrade(inbox: &mut Inbox) -> Result<String, Error> {
    let before = inbox.status()?;
    let messages = inbox.store()?.messages as usize;
    inbox.upgrade(messages)?;
    let after = inbox.status()?;
    ensure(after == before, || format!("the upgrade changed {before:?} to {after:?}"))?;
    Ok(format!("upgraded with {}", counted(messages, "message", "messages")))
}

/// Adds everything once more: the last messages one by one, the others in batches.
fn add_again(inbox: &mut Inbox, parcels: &mut [parcel::Parcel], keys: &[Key]) -> Result<String, Error> {
    let before = inbox.status()?;
    let count = parcels.len();
    let single = count.div_ceil(2).min(MOST_SINGLE);
    let (others, last) = parcels.split_at_mut(count - single);
    send::one_by_one(inbox, last, keys, Expect::Duplicate)?;
    send::in_batches(inbox, others, keys, &before.limits, Expect::Duplicate)?;
    let after = inbox.status()?;
    ensure(after == before, || format!("duplicates changed {before:?} to {after:?}"))?;
    Ok(format!("{} added again: each is a duplicate, nothing was stored", counted(count, "message", "messages")))
}

fn show_folder(folder: &Path, found: &Found) {
    let bytes: usize = found.files.iter().map(|file| file.bytes.len()).sum();
    heading(&format!("{}", folder.display()));
    item("files", &format!("{} of {} bytes", counted(found.files.len(), "file", "files"), grouped(bytes as u128)));
    for skipped in &found.skipped {
        item("skipped", &format!("{}: {}", skipped.path.display(), skipped.reason));
    }
}

fn show_account(inbox: &Inbox, start: Instant) -> Result<(), Error> {
    heading("the account");
    print!("{}", inbox.account);
    let store = inbox.store()?;
    item(
        "live",
        &format!(
            "{} under {}: {} bytes with their records",
            counted(store.messages as usize, "message", "messages"),
            counted(store.keys as usize, "key", "keys"),
            grouped(store.live_bytes)
        ),
    );
    item("stable memory", &format!("{} bytes", grouped(store.stable_bytes)));
    item("cycles", &format!("{} in all", grouped(inbox.account.cycles())));
    item("time", &format!("{:.1} s", start.elapsed().as_secs_f64()));
    Ok(())
}
