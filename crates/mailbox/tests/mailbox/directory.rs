//! The directory: people find each other's keys there.

use crate::attackers::Attacker;
use crate::network::{Network, operator};
use crate::people::Person;
use client::Transport;
use client::agent::AgentTransport;
use client::directory::api::View;
use client::directory::{DirectoryClient, Draft, pin, published};
use directory_core::bundle::Bundle;
use directory_core::label::{AddressProof, Label, address_bytes};
use directory_core::policy::{Key, Policy};
use directory_core::profile::Profile;
use directory_core::registration::{Request, answer_to_text};
use directory_core::signatures::Signatures;
use ed25519_dalek::{Signer, SigningKey};
use std::time::Duration;

/// A person who has pinned the network's directory.
pub fn person(name: &'static str, network: &Network) -> Person {
    let person = Person::new(name, network);
    let directory = network.directory.to_text();
    let pinned = person.run(&["directory", &directory, "--certified-only"]).code(0);
    assert!(pinned.stdout.starts_with(&format!("directory {directory}, configuration ")), "{}", pinned.stdout);
    person
}

#[test]
fn people_find_each_other_by_name_and_by_address_without_a_card() {
    let network = Network::start();
    let (alice, bob) = (person("alice", &network), person("bob", &network));
    alice.run(&["contacts", "find", "bob"]).code(1).says("the directory proves that bob has no keys");
    assert_eq!(bob.run(&["register", "bob"]).code(0).stdout, "registered bob\n");
    let address = alice.address();
    assert_eq!(alice.run(&["register"]).code(0).stdout, format!("registered {address}\n"));
    let found = alice.run(&["contacts", "find", "bob"]).code(0).stdout;
    assert_eq!(found, format!("bob: {}\n", bob.address()));
    bob.run(&["contacts", "find", &address, "--as", "alice"]).code(0);
    alice.run(&["send", "bob", "-m", "hello Bob"]).code(0);
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "1\talice: hello Bob\n");
    bob.run(&["send", "alice", "-m", "hello Alice"]).code(0);
    assert_eq!(alice.run(&["receive"]).code(0).stdout, "2\tbob: hello Alice\n");
    assert_eq!(bob.run(&["monitor"]).code(0).stdout, format!("bob: yours, as registered\n{address}: as before\n"));
}

#[test]
fn a_name_is_registered_once_and_new_keys_are_published() {
    let network = Network::start();
    let (alice, bob) = (person("alice", &network), person("bob", &network));
    bob.run(&["register", "bob"]).code(0);
    alice.run(&["register", "bob"]).code(1).says("bob belongs to somebody else");
    alice.run(&["contacts", "find", "bob"]).code(0);
    bob.run(&["keys", "rotate"]).code(0);
    assert_eq!(alice.run(&["monitor"]).code(0).stdout, "bob: as before\n");
    alice.run(&["send", "bob", "-m", "to the new inbox"]).code(0);
    assert!(bob.run(&["receive"]).code(0).stdout.contains("to the new inbox"));
}

#[test]
fn a_registrar_vouches_for_the_request_that_was_made() {
    let network = Network::with_registrar();
    let key = SigningKey::from_bytes(&[90; 32]);
    let registrar = hex::encode(network.enter_registrar(&key));
    let directory = network.directory.to_text();
    let (alice, bob) = (Person::new("alice", &network), Person::new("bob", &network));
    alice.run(&["directory", &directory, "--certified-only"]).code(1).says("registrars contradicts");
    for person in [&alice, &bob] {
        person.run(&["directory", &directory, "--registrar", &registrar, "--certified-only"]).code(0);
    }
    let asked = bob.run(&["register", "bob"]).code(0).says("Nothing is registered yet").stdout;
    assert_eq!(bob.run(&["register", "bob"]).code(0).stdout, asked, "the answer to the first request stays valid");
    let request = Request::from_text(&asked).unwrap();
    assert_eq!(request.label, Label::Name("bob".into()));
    let answer = answer_to_text(&Signatures::by(&key, &request.update.registration_bytes()));
    let path = bob.path("vouched");
    std::fs::write(&path, answer).unwrap();
    let path = path.to_str().unwrap();
    bob.run(&["register", "bobby", "--vouched", path]).code(1).says("made no request for bobby");
    alice.run(&["register", "bob", "--vouched", path]).code(1).says("made no request for bob:");
    assert_eq!(bob.run(&["register", "bob", "--vouched", path]).code(0).stdout, "registered bob\n");
    alice.run(&["contacts", "find", "bob"]).code(0);
    alice.run(&["send", "bob", "-m", "hello Bob"]).code(0);
    assert!(bob.run(&["receive"]).code(0).stdout.contains("hello Bob"));
}

#[test]
fn a_restored_device_registers_its_own_keys_and_the_old_one_reports_it() {
    let network = Network::start();
    let (alice, bob) = (person("alice", &network), person("bob", &network));
    bob.run(&["register", "bob"]).code(0);
    alice.run(&["contacts", "find", "bob"]).code(0);
    let (backup, new) = (bob.path("backup"), bob.path("new"));
    bob.pipe(&["backup", backup.to_str().unwrap(), "--new-fd", "0"], "correct horse\n").code(0);
    let folder = ["--mailbox", new.to_str().unwrap()];
    let restore = [&folder[..], &["restore", backup.to_str().unwrap(), "--secret-fd", "0"]].concat();
    bob.pipe(&restore, "correct horse\n").code(0);
    let restored = |arguments: &[&str]| bob.run(&[&folder[..], arguments].concat());
    restored(&["directory", &network.directory.to_text(), "--certified-only"]).code(0);
    assert_eq!(restored(&["register", "bob"]).code(0).stdout, "registered bob\n");
    assert_eq!(restored(&["monitor"]).code(0).stdout, "bob: yours, as registered\n");
    // Bob's restored device has the address's key. His old device does not know who registered.
    let told = bob.run(&["monitor"]).code(1).stdout;
    assert!(told.starts_with("bob: version 1 of bob has keys that this device did not register"), "{told}");
    assert_eq!(alice.run(&["monitor"]).code(1).stdout, "bob: has other keys than before: ask the person\n");
    alice.run(&["send", "bob", "-m", "who are you?"]).code(1).says("has other devices than before");
    alice.run(&["contacts", "find", "bob"]).code(0);
    alice.run(&["send", "bob", "-m", "welcome back"]).code(0);
    let shown = restored(&["receive"]).code(0).stdout;
    assert!(shown.contains("welcome back"), "{shown}");
}

#[test]
fn without_a_directory_and_without_verifiers_nothing_is_found() {
    let network = Network::start();
    let (alice, bob) = (Person::new("alice", &network), person("bob", &network));
    bob.run(&["register", "bob"]).code(0);
    alice.run(&["contacts", "find", "bob"]).code(1).says("no directory is pinned");
    let directory = network.directory.to_text();
    alice.run(&["directory", &directory]).code(0);
    // No verifier ratifies here, and --certified-only was not given.
    alice.run(&["contacts", "find", "bob"]).code(1);
    alice.run(&["monitor"]).code(0);
}

/// Enters a mailbox of another key under the address of `key`, which gives it away.
async fn enter_foreign(network: &Network, key: &SigningKey, mallory: &Attacker) {
    let transport = AgentTransport::new(operator(&network.url()).await, network.directory);
    let trusted = pin(&published(&transport).await.unwrap(), &network.directory, Vec::new(), 3_600).unwrap();
    let mut client = DirectoryClient::new(transport, trusted);
    let (label, other) = (Label::address(&Key::of(key)), SigningKey::from_bytes(&[78; 32]));
    let index = client.lookup(&label, View::newest, None).await.unwrap().index;
    let realm = client.trusted().realm;
    let (device, bundle): (_, Bundle) = mallory.own(|content| (content.realm, content.index) = (realm, index));
    let canister = network.canister.as_slice();
    let profile = Profile::new(vec![device], [&[1, canister.len() as u8], canister].concat()).unwrap();
    let draft = Draft::first(realm, index, &label, Policy::one(Key::of(&other)), &profile, [1; 16]);
    let proof = AddressProof { key: Key::of(key), signature: key.sign(&address_bytes(&draft.entry)).to_bytes() };
    let signed = Signatures::by(&other, &draft.entry.signed_bytes());
    client.update(&draft.signed(signed, Signatures::default(), Some(&proof))).await.unwrap();
    while client.lookup(&label, View::newest, None).await.unwrap().state.is_none() {
        client.transport().pause(Duration::from_millis(200)).await;
    }
    client.put_bundle(&label, &bundle.encode()).await.unwrap();
}

/// A proof of the newest entry does not show the address's own signature, which stands under the first one.
#[test]
fn an_address_is_found_only_with_its_own_key() {
    let network = Network::start();
    let alice = person("alice", &network);
    let key = SigningKey::from_bytes(&[79; 32]);
    let mallory = Attacker::of(&alice);
    tokio::runtime::Runtime::new().unwrap().block_on(enter_foreign(&network, &key, &mallory));
    let address = mailbox::Address::of(&Key::of(&key)).to_string();
    let find = ["contacts", "find", &address, "--as", "bob"];
    alice.run(&find).code(1).says("it has the key of another address");
    assert_eq!(alice.run(&["contacts", "list"]).code(0).stdout, "");
}
