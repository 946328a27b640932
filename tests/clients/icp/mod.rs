//! The program `icp`, as a person at a terminal calls it.

mod directory;
mod lifecycle;
mod refusals;
mod snapshots;

use std::path::Path;

use candid::Principal;
use message_canister::api::*;
use serde_json::Value;

use crate::identities;
use crate::network::Network;
use crate::programs::{Folder, Outcome, program, run};
use crate::{assert_each_is_its_own_caller, decoded, module_hash, obeyed};
use test_support::artifact::root;

/// The program, with a home of its own: no identity, no settings, no telemetry, nothing left behind.
pub struct Icp {
    home: Folder,
}

impl Icp {
    /// With the anonymous identity only.
    pub fn new() -> Self {
        Self { home: Folder::new() }
    }

    /// Runs it in `folder`.
    pub fn run_in(&self, folder: &Path, words: &[&str]) -> Outcome {
        let mut icp = program("MESSAGE_CANISTER_ICP", None);
        icp.env("ICP_HOME", self.home.path()).env("DO_NOT_TRACK", "1").env("RUST_BACKTRACE", "0");
        // A project or network of the caller's shell must have no effect.
        for variable in ["ICP_PROJECT_ROOT", "ICP_ENVIRONMENT", "ICP_NETWORK"] {
            icp.env_remove(variable);
        }
        run(icp.current_dir(folder).args(words), b"")
    }

    fn run(&self, words: &[&str]) -> Outcome {
        self.run_in(self.home.path(), words)
    }

    /// Imports a key under a name.
    fn import(&self, name: &str, pem: &str) {
        let pem = self.home.write(&format!("{name}.pem"), pem);
        let pem = pem.to_str().expect("the path is text");
        self.run(&["identity", "import", "--storage", "plaintext", "--from-pem", pem, name]).succeeded();
    }

    /// `icp canister` with these words, about a canister of the network at `url`.
    fn canister(&self, url: &str, words: &[&str]) -> Outcome {
        self.run(&[&["canister"], words, &["--network", url, "--root-key", "fetch"]].concat())
    }
}

/// The program and one canister of a network.
pub struct Inbox<'a> {
    icp: &'a Icp,
    url: String,
    canister: String,
}

impl<'a> Inbox<'a> {
    /// The only canister of a network.
    pub fn of(icp: &'a Icp, network: &Network) -> Self {
        Self::at(icp, network.url(), network.canister())
    }

    /// A canister of the network at `url`.
    pub fn at(icp: &'a Icp, url: String, canister: Principal) -> Self {
        Self { icp, url, canister: canister.to_text() }
    }

    /// `icp canister call` with arguments in candid's text, and further words.
    fn call(&self, method: &str, arguments: &str, words: &[&str]) -> Outcome {
        let call = [&["call", &self.canister, method, arguments, "--json"], words].concat();
        self.icp.canister(&self.url, &call)
    }

    /// The bytes of the reply.
    fn reply(&self, method: &str, arguments: &str, words: &[&str]) -> Vec<u8> {
        let output = self.call(method, arguments, words).succeeded();
        let output: Value = serde_json::from_slice(&output).expect("the output is JSON");
        let hex = output["response_bytes"].as_str().expect("the reply is in it");
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("it is hex")).collect()
    }

    /// The bytes of the reply to an update, with arguments in candid's text.
    pub fn update(&self, method: &str, arguments: &str) -> Vec<u8> {
        self.reply(method, arguments, &[])
    }

    /// The bytes of the reply to a query, with arguments in candid's text.
    pub fn query(&self, method: &str, arguments: &str) -> Vec<u8> {
        self.reply(method, arguments, &["--query"])
    }

    fn metadata(&self, name: &str) -> Outcome {
        self.icp.canister(&self.url, &["metadata", &self.canister, name])
    }

    /// `icp canister` with a word for this canister, and further ones.
    pub fn manage(&self, word: &str, further: &[&str]) -> String {
        let output = self.icp.canister(&self.url, &[&[word, &self.canister], further].concat()).succeeded();
        String::from_utf8(output).expect("it is text")
    }

    /// `icp canister snapshot` with a word for this canister, and further ones.
    pub fn snapshot(&self, word: &str, further: &[&str]) -> String {
        let words = [&["snapshot", word, &self.canister], further].concat();
        String::from_utf8(self.icp.canister(&self.url, &words).succeeded()).expect("it is text")
    }

    /// The same, for a word that makes a snapshot. Returns its id.
    pub fn new_snapshot(&self, word: &str, further: &[&str]) -> String {
        let output = self.snapshot(word, further);
        let id = output.split_whitespace().find(|word| word.len() == 36 && word.chars().all(|c| c.is_ascii_hexdigit()));
        id.unwrap_or_else(|| panic!("{output} names no snapshot")).to_string()
    }

    /// The module hash in the state.
    pub fn status(&self) -> Outcome {
        self.icp.canister(&self.url, &["status", &self.canister, "--public", "--json"])
    }
}

/// The module hash in the output of `icp canister status --json`.
pub fn module_hash_in(status: &[u8]) -> String {
    let status: Value = serde_json::from_slice(status).expect("the output is JSON");
    status["module_hash"].as_str().expect("it has a module").to_string()
}

/// The hash of the built module as `icp` prints it.
pub fn built_module_hash() -> String {
    let digits: String = module_hash().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{digits}")
}

#[test]
fn messages_are_added_once_and_read_back() {
    let (network, icp) = (Network::start(), Icp::new());
    let inbox = Inbox::of(&icp, &network);
    for duplicate in [false, true] {
        let reply = inbox.update("add_message", "(blob \"alice\", blob \"sealed\")");
        assert_eq!(decoded::<Added, AddError>(&reply), Ok(Added { id: 1, duplicate }));
    }
    let reply = inbox.update("add_message", "(blob \"\", blob \"sealed\")");
    assert_eq!(decoded::<Added, AddError>(&reply), Err(AddError::KeyIdLength(TooLong { length: 0, max: 64 })));
    let message =
        decoded::<Found, GetError>(&inbox.query("get_message_by_id", "(1, null)")).expect("it is stored").message;
    assert_eq!((&message.key_id[..], &message.ciphertext[..]), (&b"alice"[..], &b"sealed"[..]));
    let unknown = decoded::<Found, GetError>(&inbox.query("get_message_by_id", "(2, null)"));
    assert_eq!(unknown, Err(GetError::UnknownId { id: 2, last: 1 }));
}

#[test]
fn a_batch_is_added_and_read_in_pages() {
    let (network, icp) = (Network::start(), Icp::new());
    let inbox = Inbox::of(&icp, &network);
    let item = |text: &str| format!("record {{ key_id = blob \"bob\"; ciphertext = blob \"{text}\" }}");
    let batch = ["one", "two", "three", "four", "five", ""].map(item).join("; ");
    let reply = inbox.update("add_messages", &format!("(vec {{ {batch} }})"));
    let results = decoded::<Vec<Result<Added, AddError>>, BatchError>(&reply).expect("it is short enough");
    let mut expected: Vec<_> = (1..=5).map(|id| Ok(Added { id, duplicate: false })).collect();
    expected.push(Err(AddError::CiphertextEmpty));
    assert_eq!(results, expected);
    let page = |after: u32| {
        let start = if after == 0 { "beginning".to_string() } else { format!("after = {after} : nat32") };
        let cursor = format!(
            "record {{ start = variant {{ {start} }}; order = variant {{ descending }}; limit = 3; prove = false }}"
        );
        let reply = inbox.query("get_messages_by_key", &format!("(blob \"bob\", {cursor})"));
        let page = decoded::<Page, PageError>(&reply)?;
        Ok((page.messages.iter().map(|message| message.id).collect::<Vec<_>>(), page.next))
    };
    assert_eq!(page(0), Ok((vec![5, 4, 3], 3)));
    assert_eq!(page(3), Ok((vec![2, 1], 0)));
    assert_eq!(page(9), Err(PageError::UnknownCursor { after: 9 }));
}

#[test]
fn traps_missing_methods_and_missing_canisters_are_told_apart() {
    let (network, icp) = (Network::start(), Icp::new());
    let inbox = Inbox::of(&icp, &network);
    let nobody = Inbox::at(&icp, network.url(), network.absent_canister());
    let no_candid = ["--args-format", "hex"];
    for (outcome, error_code) in [
        (inbox.call("add_message", "00", &no_candid), "IC0406"),
        (inbox.call("get_message_by_id", "00", &no_candid), "IC0503"),
        (inbox.call("get_message_by_id", "00", &[&no_candid[..], &["--query"]].concat()), "IC0503"),
        (inbox.call("missing", "()", &[]), "IC0536"),
        (inbox.call("missing", "()", &["--query"]), "IC0536"),
        (nobody.call("add_message", "()", &[]), "IC0301"),
        (nobody.call("get_status", "()", &["--query"]), "IC0301"),
    ] {
        let errors = outcome.failed();
        assert!(errors.contains(error_code), "it must say {error_code}: {errors}");
    }
    let errors = inbox.call("add_message", "00", &no_candid).failed();
    assert!(errors.contains("malformed argument"), "the reason is told: {errors}");
}

#[test]
fn rejections_of_canisters_are_told() {
    let (network, icp) = (Network::rejecting(), Icp::new());
    let canister = Inbox::of(&icp, &network);
    for (method, words, said) in [
        ("reject", &[][..], "reject message no"),
        ("reject_of_query", &["--query"], "reject message no"),
        ("refused", &[], "rejected the message"),
    ] {
        let errors = canister.call(method, "()", words).failed();
        assert!(errors.contains("IC0406") && errors.contains(said), "{method} must say {said}: {errors}");
    }
}

#[test]
fn metadata_and_the_module_hash_are_certified() {
    let (network, icp) = (Network::start(), Icp::new());
    let inbox = Inbox::of(&icp, &network);
    let interface = String::from_utf8(inbox.metadata("candid:service").succeeded()).expect("it is text");
    let file = std::fs::read_to_string(root().join("canister.did")).expect("the file is there");
    assert_eq!(interface.trim_end(), file.trim_end());
    let errors = inbox.metadata("absent").failed();
    assert!(errors.contains("'absent' not found"), "{errors}");
    assert_eq!(module_hash_in(&inbox.status().succeeded()), built_module_hash());
}

#[test]
fn every_identity_is_its_own_caller() {
    let icp = Icp::new();
    icp.import("ed25519", &identities::ed25519_pem());
    icp.import("secp256k1", &identities::secp256k1_pem());
    let identities = identities::of_every_client();
    let names = identities.each_ref().map(|(name, _)| *name);
    let principals = identities.each_ref().map(|(_, identity)| identities::principal(&**identity));
    for (name, principal) in names.iter().zip(principals) {
        let known = icp.run(&["identity", "principal", "--identity", name]).succeeded();
        assert_eq!(String::from_utf8_lossy(&known).trim(), principal.to_text(), "{name}");
    }
    let network = Network::controlled_by(&principals);
    assert_each_is_its_own_caller(&names, |canister, caller| {
        let inbox = Inbox::at(&icp, network.url(), network.canisters[canister]);
        let identity = ["--identity", names[caller]];
        let settings = inbox.reply("set_settings", "(0, vec {})", &identity);
        let start = "(record { id = 0; key = 0 })";
        let check = inbox.reply("check", start, &[&identity[..], &["--query"]].concat());
        obeyed(decoded(&settings), decoded(&check))
    });
}
