//! The local network and two people. Each command is a process of its own, as for a user.

use crate::beside::{folder, local_network, program};
use candid::Principal;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use test_support::artifact::canister_path;
use test_support::process::{Process, Start};

/// A network with a message canister, until it is dropped.
pub struct Network(Process);

impl Network {
    pub fn start() -> Self {
        let start = Start { program: local_network(), words: vec![canister_path().into()], state: None, port: 0 };
        Self(start.run().expect("scripts/bench-client builds it"))
    }

    pub fn url(&self) -> String {
        self.0.url()
    }

    pub fn canister(&self) -> Principal {
        self.0.canister()
    }
}

/// A person with a mailbox folder on the build's disk.
pub struct Person {
    folder: tempfile::TempDir,
}

impl Person {
    /// Two people with each other's cards.
    pub fn pair(network: &Network) -> (Self, Self) {
        let (alice, bob) = (Self::new(network), Self::new(network));
        alice.knows(&bob, "bob");
        bob.knows(&alice, "alice");
        (alice, bob)
    }

    fn new(network: &Network) -> Self {
        let person = Self { folder: folder() };
        let canister = network.canister().to_text();
        person.run(&["init", "--network", &network.url(), "--canister", &canister, "--fetch-root-key"]);
        person
    }

    fn knows(&self, other: &Self, name: &str) {
        self.pipe(&["contacts", "add", "-", "--as", name], &other.run(&["id"]));
    }

    /// The mailbox's folder.
    pub fn mailbox(&self) -> PathBuf {
        self.folder.path().join("mailbox")
    }

    /// Size of the database in bytes. The write-ahead log beside it stays below 4 MiB.
    pub fn store_bytes(&self) -> u64 {
        std::fs::metadata(self.mailbox().join("store/store.sqlite")).expect("it is there").len()
    }

    /// Runs a command to its end. Returns its output.
    pub fn run(&self, arguments: &[&str]) -> String {
        self.pipe(arguments, "")
    }

    /// Runs a command with this input. Returns its output.
    pub fn pipe(&self, arguments: &[&str], input: &str) -> String {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it is built");
        child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it is a child");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it prints text")
    }

    /// Starts a command.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdin(Stdio::null()).spawn().expect("it is built")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("mailbox"));
        command.env("MAILBOX", self.mailbox()).args(arguments);
        command
    }
}
