//! The whole story, which `scripts/demo-directory` shows.

use crate::forged::{key, label};
use crate::network::{Network, REGISTRAR, VERIFIERS};
use crate::processes::{Place, Process, check, eventually};
use client::directory::api::View;
use directory_core::label::Label;
use directory_core::policy::Policy;
use directory_core::verify::Trust;
use std::time::Instant;

#[test]
fn three_verifiers_ratify_what_is_honest_and_prove_a_lie() {
    let network = Network::start(true, |directory| {
        directory.update(&Label::Registrar, None, &[REGISTRAR], None);
        directory.close();
    });
    println!("A directory runs at {} as canister {}.", network.url(), network.canister);
    let places = VERIFIERS.map(|number| Place::new(&network, number));
    let running: Vec<Process> = places.iter().map(Place::run).collect();
    println!("Three verifiers follow it. Its heads are ratified by two of them.");

    let mut client = network.client(vec![Policy::new(vec![key(REGISTRAR)], 1).unwrap()]);
    let mut ratified = |what: &str| {
        let start = Instant::now();
        eventually("the change is ratified", || {
            let status = network.status();
            status.pending == 0 && status.ratified == status.epochs
        });
        let found = network.runtime.block_on(client.lookup(&label("alice"), View::ratified, None)).unwrap();
        let state = found.state.as_ref().unwrap();
        let Trust::Ratified { since } = found.trust else { panic!("{:?}", found.trust) };
        println!(
            "{what} After {:.1} s a look-up of alice proves version {} with the key {}, ratified at {since} s since 1970.",
            start.elapsed().as_secs_f64(),
            state.newest().version,
            hex::encode(state.newest().policy.keys()[0].bytes()),
        );
        state.newest().version
    };
    let first = network.update(&label("alice"), None, &[1]);
    assert_eq!(ratified("The registrar vouches for alice's first key."), 0);
    let before = network.snapshot();
    network.update(&label("alice"), Some(&first), &[1, 2]);
    assert_eq!(ratified("Alice changes her key, signed by the old one."), 1);
    let signed = format!("signed: {} heads", network.status().epochs);
    for place in &places {
        eventually("all three have signed", || String::from_utf8_lossy(&place.status().stdout).contains(&signed));
    }

    network.load(before);
    println!("The operator restores an older state: alice's old key is back.");
    for (place, process) in places.iter().zip(running) {
        let (code, _) = process.ended();
        assert_eq!(code, 3);
        let (text, code) = check(&place.path("state/evidence"), &place.config());
        assert_eq!(code, 0, "{text}");
        println!("\nA verifier has halted for good. Its evidence, checked from the file alone:\n{text}");
    }
}
