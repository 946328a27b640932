//! A mailbox under a passphrase.

use crate::network::Network;
use crate::people::Person;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

/// Runs a command that reads these lines as its passphrases, from standard input.
fn with(person: &Person, arguments: &[&str], lines: &str) -> crate::people::Done {
    person.pipe(&[&["--passphrase-fd", "0"], arguments].concat(), lines)
}

#[test]
fn a_passphrase_is_asked_for_by_each_command_until_the_mailbox_is_unlocked_for_a_time() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    alice.pipe(&["passphrase", "--new-fd", "0"], "correct horse\n").code(0).says("may still be on the disk");
    with(&alice, &["send", "bob", "-m", "hello"], "wrong\n").code(1).says("the passphrase is wrong");
    with(&alice, &["send", "bob", "-m", "hello"], "correct horse\n").code(0);
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "1\talice: hello\n");
    // Nobody is asked without a terminal.
    alice.run(&["status"]).code(1).says("no passphrase can be read");

    with(&alice, &["unlock", "--for", "1h"], "wrong\n").code(1);
    with(&alice, &["unlock", "--for", "1h"], "correct horse\n").code(0);
    alice.run(&["send", "bob", "-m", "again"]).code(0);
    assert_eq!(alice.run(&["lock"]).code(0).stdout, "locked\n");
    alice.run(&["status"]).code(1);
    alice.run(&["unlock", "--for", "25h"]).code(1).says("1s to 24h");
    bob.run(&["unlock"]).code(1).says("has no passphrase");
}

#[test]
fn a_passphrase_is_changed_and_removed_with_the_old_one_only() {
    let network = Network::start();
    let alice = Person::new("alice", &network);
    alice.pipe(&["passphrase", "--new-fd", "0"], "\n").code(1).says("empty");
    alice.run(&["status"]).code(0);
    alice.pipe(&["passphrase", "--new-fd", "0"], "old\n").code(0);
    with(&alice, &["passphrase", "--new-fd", "0"], "wrong\nnew\n").code(1);
    with(&alice, &["passphrase", "--new-fd", "0"], "old\nnew\n").code(0);
    with(&alice, &["status"], "old\n").code(1);
    with(&alice, &["status"], "new\n").code(0);

    // Both end an unlocking, even for an older copy of the file, which has the same root key.
    let path = alice.folder().join("root.key");
    for change in [["--new-fd", "0"].as_slice(), &["--remove"]] {
        with(&alice, &["unlock"], "new\n").code(0);
        alice.run(&["status"]).code(0);
        let old = std::fs::read(&path).unwrap();
        with(&alice, &[&["passphrase"], change].concat(), "new\nnewer\n").code(0);
        let new = std::fs::read(&path).unwrap();
        std::fs::write(&path, old).unwrap();
        alice.run(&["status"]).code(1).says("no passphrase can be read");
        with(&alice, &["status"], "new\n").code(0);
        if change == ["--remove"] {
            std::fs::write(&path, new).unwrap();
        }
    }
    alice.run(&["status"]).code(0);
}

#[test]
fn a_creation_that_was_killed_is_finished_by_the_next_one() {
    let network = Network::start();
    let alice = Person::new("alice", &network);
    let (url, canister, folder) = (network.url(), network.canister.to_text(), alice.path("other"));
    let folder = folder.to_str().unwrap();
    let init = ["--mailbox", folder, "init", "--network", &url, "--canister", &canister, "--fetch-root-key"];
    for (options, lines) in [(&[][..], ""), (&["--passphrase"], "secret\n")] {
        let init = [&["--passphrase-fd", "0"], &init[..], options].concat();
        // The kernel kills it when it writes its first byte, which is one of root.key.
        let mut killed = Command::new("sh");
        killed.args(["-c", "ulimit -c 0; ulimit -f 0; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_mailbox")]).args(&init);
        killed.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut killed = killed.spawn().unwrap();
        killed.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        assert!(killed.wait().unwrap().signal().is_some());
        assert_eq!(std::fs::read(alice.path("other/root.key.being-written")).unwrap(), b"");
        alice.pipe(&init, lines).code(0);
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn a_mailbox_that_is_made_under_a_passphrase_never_has_a_key_file() {
    let network = Network::start();
    let alice = Person::new("alice", &network);
    let (url, canister, folder) = (network.url(), network.canister.to_text(), alice.path("other"));
    let folder = folder.to_str().unwrap();
    let init =
        ["--mailbox", folder, "init", "--network", &url, "--canister", &canister, "--fetch-root-key", "--passphrase"];
    with(&alice, &init, "secret\n").code(0);
    assert_eq!(&std::fs::read(alice.path("other/root.key")).unwrap()[..6], b"KCPASS");
    with(&alice, &["--mailbox", folder, "status"], "secret\n").code(0);
    with(&alice, &["--mailbox", folder, "status"], "wrong\n").code(1);
}
