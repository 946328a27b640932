//! People with mailboxes.

use crate::network::Network;
use candid::Principal;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A person with a mailbox in a folder.
pub struct Person {
    folder: tempfile::TempDir,
    pub name: &'static str,
}

impl Person {
    /// Makes the person's mailbox on a network.
    pub fn new(name: &'static str, network: &Network) -> Self {
        Self::at(name, &network.url(), network.canister)
    }

    /// Makes the person's mailbox at a message canister.
    pub fn at(name: &'static str, url: &str, canister: Principal) -> Self {
        let person = Self { folder: tempfile::tempdir().unwrap(), name };
        let init = ["init", "--network", url, "--canister", &canister.to_text(), "--fetch-root-key"];
        person.run(&init).code(0);
        person
    }

    /// Two people who have added each other's cards.
    pub fn pair(network: &Network) -> (Self, Self) {
        let (alice, bob) = (Self::new("alice", network), Self::new("bob", network));
        alice.knows(&bob);
        bob.knows(&alice);
        (alice, bob)
    }

    /// Two people who have each other's cards, and have written to each other.
    pub fn pair_in_touch(network: &Network) -> (Self, Self) {
        let (alice, bob) = Self::pair(network);
        for (from, to) in [(&alice, &bob), (&bob, &alice)] {
            from.run(&["send", to.name, "-m", "hello"]).code(0);
            to.run(&["receive"]).code(0);
        }
        (alice, bob)
    }

    /// Adds the other's card.
    pub fn knows(&self, other: &Self) {
        let card = other.card();
        self.run(&["contacts", "add", card.to_str().unwrap()]).code(0);
    }

    /// The person's card, in a file of the person's name.
    pub fn card(&self) -> PathBuf {
        let path = self.folder.path().join(format!("{}.card", self.name));
        std::fs::write(&path, self.run(&["id"]).code(0).stdout).unwrap();
        path
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("mailbox")
    }

    /// A path beside the mailbox.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailbox"));
        command.env("MAILBOX", self.folder()).args(arguments).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Done {
        Done::of(self.command(arguments).output().unwrap())
    }

    /// Runs a command with this input.
    pub fn pipe(&self, arguments: &[&str], input: &str) -> Done {
        let mut child = self.start_piped(arguments);
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Done::of(child.wait_with_output().unwrap())
    }

    /// Runs a command on a terminal. Returns what it shows.
    pub fn on_terminal(&self, arguments: &[&str]) -> String {
        let words = [&[env!("CARGO_BIN_EXE_mailbox")], arguments].concat();
        let line: String = words.iter().map(|word| format!("'{word}' ")).collect();
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        script.env("MAILBOX", self.folder()).env("TERM", "xterm").env_remove("NO_COLOR").stdin(Stdio::null());
        Done::of(script.output().expect("script is part of Debian's bsdutils")).code(0).stdout
    }

    pub fn start_piped(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The address, from the status.
    pub fn address(&self) -> String {
        let status = self.run(&["status"]).code(0).stdout;
        status.lines().find_map(|line| line.strip_prefix("address: ")).unwrap().to_owned()
    }

    /// The log's entries.
    pub fn log(&self) -> Vec<Value> {
        json(&self.run(&["log", "--json"]).code(0).stdout)
    }

    /// The received texts in the log.
    pub fn received(&self) -> Vec<String> {
        texts(&self.log(), "received")
    }
}

/// The texts of the entries of this event.
pub fn texts(entries: &[Value], event: &str) -> Vec<String> {
    let entries = entries.iter().filter(|entry| entry["event"] == event);
    entries.filter_map(|entry| entry["said"]["text"].as_str().map(Into::into)).collect()
}

/// The JSON object in each line.
pub fn json(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The result of a command.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error contains this.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{}", self.stderr);
        self
    }
}

/// All files of a folder with their bytes.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(self::files(&path)),
            false => files.push((path.clone(), std::fs::read(&path).unwrap())),
        }
    }
    files
}
