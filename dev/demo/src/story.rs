//! The acts of the demo.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use local_network::Keys;
use test_support::grouped;
use test_support::proxy::Proxy;

use crate::error::{Error, ensure};
use crate::files::{self, Found, Source};
use crate::network::Network;
use crate::progress::Progress;
use crate::receipt::{self, Letter};
use crate::replica::{LIES, Replica};
use crate::session::{Person, Stage, out, words_and};
use crate::stop::Stop;
use crate::words::counted;

/// Maximum number of commands of a kind that are shown. The others run unseen.
const SHOWN: usize = 3;
/// The folder in which Bob saves the files.
const SAVED: &str = "received";

const GREETING: &str = "Here they come. Tell me when you have all of them.";
const ANSWER: &str = "All of them are here, byte for byte.";
const QUESTIONS: [&str; 2] = ["Dinner at eight?", "I bring the wine."];

/// Tells the story with the files of `folder`. Returns how many files or folders were not sent.
///
/// # Errors
///
/// [`Error`], at the first unexpected result.
pub fn tell(folder: &Path, stop: &Stop) -> Result<usize, Error> {
    let start = Instant::now();
    let stage = Stage::new(stop.clone())?;
    let (alice, bob) = (stage.person("alice")?, stage.person("bob")?);
    let found = files::collect(folder, alice.folder())?;
    show_folder(folder, &found)?;

    let keys = Keys::generate().map_err(|error| Error::System(error.to_string()))?;
    let [_, _, node_key] = keys.seeds();
    stage.tell("A network on this machine, as scripts/serve starts it: a message canister and a directory.")?;
    let network = Network::start(&node_key)?;
    network.ready().try_for_each(|line| out(&format!("{line}\n")))?;
    let replica = Arc::new(Replica::honest(keys));
    let url = network.url();
    let proxy = Proxy::start(move || url.clone(), Arc::clone(&replica));

    stage.tell("Alice and Bob make mailboxes and register their names. Bob asks another node of the network.")?;
    for (person, name, url) in [(&alice, "alice", network.url()), (&bob, "bob", proxy.url())] {
        arrives(person, name, &url, &network)?;
    }
    alice.types(&["contacts", "find", "bob"])?.with_code(0)?;
    bob.types(&["contacts", "find", "alice"])?.with_code(0)?;

    stage.tell("Alice writes, and sends half of the files. All of it is sealed on her machine.")?;
    alice.types(&["send", "bob", "-m", GREETING])?.with_code(0)?;
    let (first, others) = found.files.split_at(found.files.len().div_ceil(2));
    send(&alice, first)?;
    stage.tell("The operator upgrades the message canister.")?;
    let store = network.upgrade()?;
    let messages = counted(store.messages as usize, "message", "messages");
    out(&format!("upgraded with {messages}: all of them are still there\n"))?;
    if !others.is_empty() {
        stage.tell("Alice sends the other half.")?;
        send(&alice, others)?;
    }

    stage.tell("Bob receives. The subnet's signature proves that nothing was forged, left out or changed.")?;
    let received = bob.types(&["receive"])?.with_code(0)?;
    let letters: Vec<_> = [Letter::Text(GREETING)].into_iter().chain(found.files.iter().map(Letter::File)).collect();
    let numbers = receipt::numbers(&received, "alice", &letters)?;
    stage.tell("Bob saves each file, and it is compared with Alice's, byte for byte.")?;
    save(&alice, &bob, &found.files, &numbers[1..])?;
    bob.types(&["send", "alice", "-m", ANSWER])?.with_code(0)?;
    let received = alice.types(&["receive"])?.with_code(0)?;
    receipt::numbers(&received, "bob", &[Letter::Text(ANSWER)])?;

    stage.tell("Now the node that Bob asks lies. It signs its lies, but it cannot sign for the subnet.")?;
    for question in QUESTIONS {
        alice.types(&["send", "bob", "-m", question])?.with_code(0)?;
    }
    for lie in LIES {
        replica.tells(Some(lie));
        stage.tell(&format!("It {}.", lie.what))?;
        let said = bob.types(&["receive"])?.with_code(1)?;
        ensure(said.starts_with("mailbox: the inbox was not read: ") && said.lines().count() == 1, || {
            format!("a node {}, and mailbox says: {said}", lie.what)
        })?;
    }
    replica.tells(None);
    stage.tell("It tells the truth again.")?;
    let received = bob.types(&["receive"])?.with_code(0)?;
    receipt::numbers(&received, "alice", &QUESTIONS.map(Letter::Text))?;

    show_account(&found.files, &network, start)?;
    network.stop()?;
    Ok(found.skipped.iter().filter(|skipped| skipped.reason.is_missed()).count())
}

/// Makes a person's mailbox and registers the name.
fn arrives(person: &Person, name: &str, url: &str, network: &Network) -> Result<(), Error> {
    let (canister, directory) = (network.canister().to_text(), network.directory().to_text());
    let init = ["init", "--network", url, "--canister", &canister, "--fetch-root-key"];
    person.types(&init)?.with_code(0)?;
    person.types(&["directory", &directory, "--certified-only"])?.with_code(0)?;
    person.types(&["register", name])?.with_code(0)?;
    Ok(())
}

/// Sends each file with a command of its own.
fn send(alice: &Person, files: &[Source]) -> Result<(), Error> {
    each(files, "sending", |is_shown, file| {
        let words = words_and(&["send", "bob"], &file.path);
        let said = if is_shown { alice.types(&words) } else { alice.runs(&words) };
        said?.with_code(0).map(drop)
    })
}

/// Saves each file by its number in Bob's log, and compares it.
fn save(alice: &Person, bob: &Person, files: &[Source], numbers: &[u64]) -> Result<(), Error> {
    let folder = bob.folder().join(SAVED);
    fs::create_dir(&folder).map_err(Error::at(&folder))?;
    let numbered: Vec<_> = files.iter().zip(numbers).collect();
    each(&numbered, "saving", |is_shown, (file, number)| {
        let path = PathBuf::from(SAVED).join(number.to_string());
        let words = words_and(&["save", &number.to_string()], &path);
        let said = if is_shown { bob.types(&words) } else { bob.runs(&words) };
        said?.with_code(0)?;
        receipt::compare(&alice.folder().join(&file.path), &bob.folder().join(&path))
    })?;
    out(&format!("{} the same\n", counted(files.len(), "file is", "files are")))
}

/// Does a step for each thing. The first ones are shown, and the others are counted.
fn each<T>(things: &[T], what: &str, mut step: impl FnMut(bool, &T) -> Result<(), Error>) -> Result<(), Error> {
    // A single remaining one is shown too.
    let shown = if things.len() <= SHOWN + 1 { things.len() } else { SHOWN };
    let (first, others) = things.split_at(shown);
    first.iter().try_for_each(|thing| step(true, thing))?;
    if others.is_empty() {
        return Ok(());
    }
    out(&format!("… {} more commands like these\n", grouped(others.len() as u128)))?;
    let mut progress = Progress::new(what, others.len());
    others.iter().try_for_each(|thing| {
        step(false, thing)?;
        progress.advance(1);
        Ok(())
    })
}

fn show_folder(folder: &Path, found: &Found) -> Result<(), Error> {
    let files = counted(found.files.len(), "file", "files");
    out(&format!("{}: {files} of {} bytes\n", folder.display(), bytes(&found.files)))?;
    found
        .skipped
        .iter()
        .try_for_each(|skipped| out(&format!("skipped {}: {}\n", skipped.path.display(), skipped.reason)))
}

fn show_account(files: &[Source], network: &Network, start: Instant) -> Result<(), Error> {
    let sealed = network.store()?.next_id as usize - 1;
    out(&format!(
        "\nEverything arrived:\n  {} of {} bytes, compared byte for byte\n  {}\n  {} in the canister\n  {} lies of a node, each caught\n  {:.1} s\n",
        counted(files.len(), "file", "files"),
        bytes(files),
        counted(2 + QUESTIONS.len(), "text", "texts"),
        counted(sealed, "sealed message", "sealed messages"),
        LIES.len(),
        start.elapsed().as_secs_f64(),
    ))
}

fn bytes(files: &[Source]) -> String {
    grouped(files.iter().map(|file| file.size).sum::<u64>())
}
