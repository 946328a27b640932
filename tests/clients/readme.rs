//! The sessions of the documents: each command, run in the order of the documents, prints the output shown there.

use std::path::{Path, PathBuf};
use std::process::Command;

use candid::Principal;

use crate::announced::{serve, started};
use crate::programs::{Folder, program, run};
use test_support::artifact::root;

/// The documents with sessions. Each has a network of its own.
const DOCUMENTS: [&str; 2] = ["README.md", "docs/clients.md"];
/// Where the documents' network is.
const URL: &str = "http://127.0.0.1:4943";

/// A command and its output.
struct Step {
    /// Whose terminal it is typed in, where there are several.
    person: String,
    command: String,
    output: String,
}

/// The steps of a document's blocks of `console`.
fn steps(document: &str) -> Vec<Step> {
    let text = std::fs::read_to_string(root().join(document)).expect("it is text");
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ => match line
                .split_once("$ ")
                .filter(|(person, _)| person.chars().all(|letter| letter.is_ascii_lowercase()))
            {
                Some((person, command)) => {
                    steps.push(Step { person: person.into(), command: command.into(), output: String::new() });
                }
                None => {
                    let step = steps.last_mut().expect("a session begins with a command");
                    step.output.push_str(line);
                    step.output.push('\n');
                }
            },
        }
    }
    steps
}

/// Replaces what differs from run to run: the time of insertion, the addresses of new mailboxes, and the hash of the directory's
/// configuration, which has its random key.
fn without_chance(output: &str) -> String {
    let lines = output.lines().map(|line| {
        let line = line
            .split(' ')
            .map(|word| if is_address(word) || is_hash(word) { "…" } else { word })
            .collect::<Vec<_>>()
            .join(" ");
        match line.split_once("timestamp = ") {
            Some((before, after)) => {
                let rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
                format!("{before}timestamp = …{rest}\n")
            }
            None => format!("{line}\n"),
        }
    });
    lines.collect()
}

/// Whether a word is the principal of a key.
fn is_address(word: &str) -> bool {
    Principal::from_text(word).is_ok_and(|principal| principal.as_slice().len() == 29)
}

/// Whether a word is a hash in hexadecimal.
fn is_hash(word: &str) -> bool {
    word.len() == 64 && word.chars().all(|letter| letter.is_ascii_hexdigit())
}

#[test]
fn the_sessions_print_what_the_documents_show() {
    let home = Folder::new();
    let icp = PathBuf::from(program("MESSAGE_CANISTER_ICP", None).get_program());
    let test = std::env::current_exe().expect("a process has a program");
    let built = test.parent().and_then(Path::parent).expect("tests lie below the profile's folder");
    let [agent, directory, mailbox] =
        ["examples/agent", "examples/directory", "mailbox"].map(|name| format!("'{}'", built.join(name).display()));
    for document in DOCUMENTS {
        let serving = started(&serve());
        let mailboxes = Folder::new();
        let steps = steps(document);
        assert!(steps.len() >= 4, "{document} has {} commands", steps.len());
        for Step { person, command, output } in steps {
            let is_of_mailbox = command.starts_with("mailbox ");
            let line = command
                .replace(URL, &serving.url())
                .replacen("icp ", &format!("'{}' ", icp.display()), usize::from(command.starts_with("icp ")))
                .replacen("mailbox ", &format!("{mailbox} "), usize::from(is_of_mailbox))
                .replace("cargo run --quiet --example agent --", &agent)
                .replace("cargo run --quiet --example directory --", &directory);
            // Both streams, as a terminal shows them.
            let line = if is_of_mailbox { format!("{line} 2>&1") } else { line };
            let folder = if is_of_mailbox { mailboxes.path() } else { root() };
            let mut shell = Command::new("sh");
            shell.args(["-c", &line]).current_dir(folder).env("NO_PROXY", "*");
            shell.env("MAILBOX", person).env("ICP_HOME", home.path()).env("DO_NOT_TRACK", "1");
            let printed = String::from_utf8(run(&mut shell, b"").succeeded()).expect("it is text");
            assert_eq!(without_chance(&printed), without_chance(&output), "of {command}");
        }
    }
}
