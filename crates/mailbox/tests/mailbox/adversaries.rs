//! Withheld messages, lost sessions and old copies.

use crate::network::Network;
use crate::people::Person;
use message_canister::api::{Setting, Writes};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::fs;
use std::path::Path;

/// Changes a database by hand, as no mailbox does.
fn change(folder: &Path, sql: &str) {
    let file = Connection::open(folder.join("store/store.sqlite")).unwrap();
    file.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    assert_ne!(file.execute(sql, []).unwrap(), 0, "{sql}");
}

#[test]
fn a_withheld_message_is_reported_by_its_number() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "first"]).code(0);
    network.set(Setting::writes(Writes::members));
    alice.run(&["send", "bob", "-m", "second"]).code(3);
    change(&alice.folder(), "DELETE FROM outbox");
    network.set(Setting::writes(Writes::anyone));
    alice.run(&["send", "bob", "-m", "third"]).code(0);
    let shown = bob.run(&["receive"]).code(0).stdout;
    assert_eq!(shown, "1\talice: first\n2\talice: message number 3 has not arrived\n3\talice: third\n");
}

#[test]
fn a_lost_session_is_replaced_and_its_messages_are_reported() {
    let network = Network::start();
    let (alice, bob) = Person::pair_in_touch(&network);
    change(&bob.folder(), "DELETE FROM session");
    alice.run(&["send", "bob", "-m", "does not open"]).code(0);
    bob.run(&["receive"]).code(4).says("1 messages cannot be opened yet");
    // Bob's device has begun a session and sent a notice.
    assert_eq!(alice.run(&["receive"]).code(0).stdout, "");
    alice.run(&["send", "bob", "-m", "again"]).code(0);
    let shown = bob.run(&["receive"]).code(4).stdout;
    assert_eq!(shown, "3\talice: message number 3 has not arrived\n4\talice: again\n");
    bob.run(&["send", "alice", "-m", "thanks"]).code(0);
    assert_eq!(alice.run(&["receive"]).code(0).stdout, "5\tbob: thanks\n");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(drop).unwrap() }
    }
}

#[test]
fn a_copy_of_the_store_is_refused_and_an_old_copy_is_found_by_the_canisters_proof() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let old = bob.path("old");
    copy(&bob.folder(), &old);
    alice.run(&["send", "bob", "-m", "hello"]).code(0);
    bob.run(&["receive"]).code(0);
    let old_name = old.to_str().unwrap();
    bob.run(&["--mailbox", old_name, "receive"]).code(1).says("copy");
    // Somebody makes the copy look as if it had been made here.
    change(&old, "UPDATE meta SET place = NULL");
    bob.run(&["--mailbox", old_name, "send", "alice", "-m", "before it is found"]).code(0);
    bob.run(&["--mailbox", old_name, "receive"]).code(1).says("the inbox was acknowledged through 2");
    bob.run(&["--mailbox", old_name, "send", "alice", "-m", "after"]).code(1).says("the store is an old copy");
    bob.run(&["--mailbox", old_name, "keys", "rotate"]).code(1).says("the store is an old copy");
}

#[test]
fn an_old_copy_that_sends_is_told_to_its_recipient() {
    let network = Network::start();
    let (alice, bob) = Person::pair_in_touch(&network);
    let old = alice.path("old");
    copy(&alice.folder(), &old);
    change(&old, "UPDATE meta SET place = NULL");
    let old = old.to_str().unwrap();
    for text in ["a", "b", "c"] {
        alice.run(&["send", "bob", "-m", text]).code(0);
    }
    bob.run(&["receive"]).code(0);
    // The ratchet has gone on without the copy. Bob answers in a new session.
    alice.run(&["--mailbox", old, "send", "bob", "-m", "in the old session"]).code(0);
    bob.run(&["receive"]).code(4).says("did not open");
    alice.run(&["--mailbox", old, "receive"]).code(0);
    // There it opens, but its number belongs to "b".
    alice.run(&["--mailbox", old, "send", "bob", "-m", "in the new session"]).code(0);
    bob.run(&["receive"]).code(4).says("did not open");
    let why = bob.log().pop().unwrap()["why"].as_str().unwrap().to_owned();
    assert!(why.contains("came before"), "{why}");
}
