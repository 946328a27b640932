//! A verifier is killed again and again while epochs close. It never signs two roots for one size, nor a smaller size.

use crate::forged::label;
use crate::network::{Network, VERIFIERS, name};
use crate::processes::{Place, eventually};
use directory_core::checkpoint::Checkpoint;
use std::time::{Duration, Instant};
use test_support::{Random, scale};
use verifier::disk::ReadOnly;
use verifier::signer::Signer;

/// Kills every day; with `scripts/test --full` more.
fn kills() -> u64 {
    if scale() > 1 { 1_000 } else { 100 }
}

#[test]
fn no_kill_makes_it_sign_two_roots_or_a_smaller_size() {
    let network = Network::start(false, |directory| {
        let mut old = directory.update(&label("alice"), None, &[1], None);
        for _ in 0..8 {
            directory.close();
            old = directory.update(&label("alice"), Some(&old), &[1], None);
        }
        directory.close();
    });
    let place = Place::new(&network, VERIFIERS[0]);
    let mut random = Random::of(&[1]);
    let mut signed: Vec<Checkpoint> = Vec::new();
    // The time that one takes to sign, in another place.
    let (other, start) = (Place::new(&network, VERIFIERS[1]), Instant::now());
    let undisturbed = other.run();
    eventually("it signs", || other.path("state/signed").exists());
    let life = start.elapsed() * 2;
    drop(undisturbed);
    for _ in 0..kills() {
        let mut running = place.run();
        std::thread::sleep(Duration::from_micros(random.below(life.as_micros() as u64)));
        assert!(running.is_running(), "an honest directory stops nobody");
        running.kill();
        let files = ReadOnly::new(&place.path("state"));
        let key = crate::forged::secret(VERIFIERS[0]);
        let signer = Signer::open(&files, &name(VERIFIERS[0]), key, format!("directory/{}", network.canister));
        signed.extend(signer.expect("the statement is whole").last().map(|last| last.checkpoint));
    }
    for pair in signed.windows(2) {
        assert!(pair[0].size < pair[1].size || pair[0] == pair[1], "{pair:?}");
    }
    assert!(!signed.is_empty(), "some lived long enough to sign");
    for file in std::fs::read_dir(place.path("state")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let whole = name.strip_suffix(".new").unwrap_or(&name);
        assert!(["lock", "journal", "certified", "signed"].contains(&whole), "kills pile up files: {name}");
    }
}
