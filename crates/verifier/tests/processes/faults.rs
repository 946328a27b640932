//! Directories whose controllers lie by different means: forged stable memory, a snapshot, another module. Every lie halts the
//! verifier or keeps it from signing. The command `check` proves it from the file alone.

use crate::forged::{Forged, label};
use crate::network::{Network, REGISTRAR, VERIFIERS};
use crate::processes::{Place, Process, check, eventually};
use candid::encode_args;
use directory_core::label::Label;
use sha2::Digest;
use test_support::artifact::directory_wasm;
use test_support::management::upgrade;

/// Waits until the verifier halts, and checks its evidence; it stays halted.
fn is_caught(name: &str, place: &Place, running: Process, expected: &str) {
    let (code, log) = running.ended();
    assert_eq!(code, 3, "{name}: {log}");
    assert!(log.contains("halted for good"), "{name}: {log}");
    let (text, code) = check(&place.path("state/evidence"), &place.config());
    assert_eq!(code, 0, "{name}: {text}");
    assert!(text.contains("proven: ") && text.contains(expected), "{name}: {text}");
    assert!(text.contains("These are the keys of"), "{name}: {text}");
    is_of_its_network_alone(place, "state/evidence");
    let (again, _) = place.run().ended();
    assert_eq!(again, 3, "{name}: it stays halted");
    let status = place.status();
    assert_eq!(status.status.code(), Some(3), "{name}");
}

/// A configuration without the line `root_key` pins the Internet Computer's root key. Whoever signs certificates with another key
/// proves nothing to it.
fn is_of_its_network_alone(place: &Place, evidence: &str) {
    let text = std::fs::read_to_string(place.config()).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("root_key")).collect();
    let config = place.path("internet-computer.toml");
    std::fs::write(&config, lines.join("\n")).unwrap();
    let (text, code) = check(&place.path(evidence), &config);
    assert!(code == 4 && text.contains("These are not the keys of"), "{text}");
}

#[test]
fn forged_histories_are_caught() {
    type Lie = fn(&mut Forged);
    let lies: [(&str, Lie, &str); 4] = [
        (
            "a bad policy",
            |directory| {
                let old = directory.update(&label("alice"), None, &[1], Some(REGISTRAR));
                directory.close();
                directory.force(&label("alice"), Some(&old), &[66]);
                directory.close();
            },
            "update 2 breaks a rule: Signature",
        ),
        (
            "without the registrar",
            |directory| {
                directory.force(&label("mallory"), None, &[66]);
                directory.close();
            },
            "update 1 breaks a rule: Signature",
        ),
        (
            "an entry rewritten under a valid history",
            |directory| {
                let entry = directory.update(&label("alice"), None, &[1], Some(REGISTRAR));
                directory.overwrite(&entry.hash(), &[0xee; 32]);
                directory.close();
            },
            "the map has the root",
        ),
        (
            "an update that the map skips",
            |directory| {
                let old = directory.update(&label("alice"), None, &[1], Some(REGISTRAR));
                directory.close();
                let new = directory.update(&label("alice"), Some(&old), &[1, 2], None);
                directory.overwrite(&new.hash(), &old.hash());
                directory.close();
            },
            "the map has the root",
        ),
    ];
    for (name, lie, expected) in lies {
        let network = Network::start(true, |directory| {
            directory.update(&Label::Registrar, None, &[REGISTRAR], None);
            directory.close();
            lie(directory);
        });
        let place = Place::new(&network, VERIFIERS[0]);
        is_caught(name, &place, place.run(), expected);
    }
}

/// A directory whose last head is so old that the next update closes an epoch at once.
fn network() -> Network {
    Network::start(false, |directory| {
        directory.update(&label("alice"), None, &[1], None);
        directory.close();
    })
}

/// Waits until the verifier has signed the directory's log.
fn has_signed(network: &Network, place: &Place) {
    let expected = format!("signed: {} heads", network.status().epochs);
    eventually("it is signed", || String::from_utf8_lossy(&place.status().stdout).contains(&expected));
}

/// A verifier that has signed a directory, and the directory's state before its last update.
fn outdated() -> (Network, Place, Process, Vec<u8>) {
    let network = network();
    let place = Place::new(&network, VERIFIERS[0]);
    let before = network.snapshot();
    network.update(&label("bob"), None, &[2]);
    let running = place.run();
    has_signed(&network, &place);
    (network, place, running, before)
}

#[test]
fn a_directory_that_is_rolled_back_is_caught() {
    let (network, place, running, before) = outdated();
    network.load(before);
    is_caught("rolled back", &place, running, "a log of 3 heads was certified, and later one of 2");
}

#[test]
fn a_directory_that_shows_one_history_and_then_another_is_caught() {
    let (network, place, running, before) = outdated();
    running.terminate();
    assert_eq!(running.ended().0, 0);
    network.load(before);
    network.update(&label("bob"), None, &[66]);
    is_caught("a fork", &place, place.run(), "the log of 3 heads was certified with the root");
}

/// The directory's module with a section that changes nothing but its hash.
fn other_module() -> Vec<u8> {
    let mut module = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(directory_wasm()), &mut module).unwrap();
    module.extend(b"\x00\x06\x05other");
    module
}

#[test]
fn another_module_is_not_ratified_until_the_operator_allows_it() {
    let network = network();
    let place = Place::new(&network, VERIFIERS[0]);
    let mut running = place.run();
    has_signed(&network, &place);
    let argument = encode_args((None::<()>,)).unwrap();
    let upgrade = upgrade(&network.agent, network.canister, other_module(), argument);
    network.runtime.block_on(upgrade.call_and_wait()).unwrap();
    let evidence = place.path("state/evidence-module");
    eventually("there is evidence", || check(&evidence, &place.config()).1 == 0);
    let (text, _) = check(&evidence, &place.config());
    let other = hex::encode(sha2::Sha256::digest(other_module()));
    assert!(text.contains(&format!("proven: the canister has the module {other}, which is not allowed")), "{text}");
    is_of_its_network_alone(&place, "state/evidence-module");
    let signed = network.status().epochs;
    network.update(&label("bob"), None, &[2]);
    assert!(running.is_running());
    // The operator allows it: the waiting epochs are replayed and signed.
    running.kill();
    let status = String::from_utf8(place.status().stdout).unwrap();
    assert!(status.contains(&format!("signed: {signed} heads")), "{status}");
    let text = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), text.replace("modules = [", &format!("modules = [\"{other}\", "))).unwrap();
    let _running = place.run();
    has_signed(&network, &place);
    // The evidence still names the modules that were allowed before.
    let (text, code) = check(&evidence, &place.config());
    assert!(code == 4 && text.contains("allows this module"), "{text}");
}
