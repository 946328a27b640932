//! Look-ups: the honest ones, in the course of a directory.

use super::lies::{first_entry, lies_about_heads, lies_about_histories, lies_about_labels, lies_by_the_directory};
use super::{hex_policy, hex_state, name};
use crate::server::*;
use crate::support::*;
use crate::twins::Twins;
use directory_core::change::State;
use directory_core::checkpoint::Checkpoint;
use directory_core::entry::{Entry, Kind};
use directory_core::label::{AddressProof, Label, address_bytes};
use directory_core::map::View;
use directory_core::proof::Proof;
use directory_core::update::Update;
use directory_core::verify::{Memory, Query, Trust, Trusted};
use ed25519_dalek::Signer;
use serde_json::{Value, json};

/// The values that the client of every look-up pins.
pub fn trusted() -> Value {
    let trusted = Twins::new().directory.trusted();
    let verifiers = VERIFIERS
        .map(|number| json!({ "name": format!("verifier.example/{number}"), "key": hex::encode(key(number).bytes()) }));
    json!({
        "realm": hex::encode(trusted.realm),
        "origin": trusted.origin,
        "vrf": hex::encode(trusted.vrf.bytes()),
        "encoded": hex::encode(configuration().encode()),
        "configuration": hex::encode(trusted.configuration),
        "registrars": trusted.registrars.iter().map(hex_policy).collect::<Vec<_>>(),
        "verifiers": verifiers,
        "threshold": 2,
        "max_age": "3600",
    })
}

pub(super) fn label(name: &str) -> Label {
    Label::Name(name.into())
}

/// A client's knowledge when it asks.
#[derive(Clone)]
pub(super) struct Asker {
    pub label: Label,
    pub view: View,
    pub certified: Checkpoint,
    pub certified_time: u64,
    pub now: u64,
    pub memory: Option<Memory>,
    pub contact: Option<State>,
}

pub(super) struct Cases {
    pub trusted: Trusted,
    pub all: Vec<Value>,
}

impl Asker {
    pub fn of(twins: &Twins, label: &Label) -> Self {
        let directory = &twins.directory;
        let (label, view) = (label.clone(), View::Newest);
        let (certified, now) = (directory.checkpoint(), directory.now);
        Self { label, view, certified, certified_time: now, now: now / SECOND, memory: None, contact: None }
    }

    pub fn query(&self) -> Query<'_> {
        Query {
            label: &self.label,
            view: self.view,
            certified: self.certified,
            certified_time: self.certified_time,
            memory: self.memory,
            contact: self.contact.as_ref(),
            now: self.now,
        }
    }

    fn json(&self, case: &str, proof: &[u8], expected: Value) -> Value {
        let checkpoint = |of: &Checkpoint| json!({ "size": of.size.to_string(), "root": hex::encode(of.root) });
        json!({
            "name": case,
            "label": hex::encode(self.label.encode()),
            "view": if self.view == View::Newest { "newest" } else { "ratified" },
            "certified": checkpoint(&self.certified),
            "certified_time": self.certified_time.to_string(),
            "now": self.now.to_string(),
            "memory": self.memory.map(|memory| json!({
                "log": checkpoint(&memory.log), "ratified": memory.ratified.to_string()
            })),
            "contact": self.contact.as_ref().map(hex_state),
            "proof": hex::encode(proof),
            "expected": expected,
        })
    }
}

impl Cases {
    /// An honest answer: the version that is found, and whether it is ratified.
    pub fn honest(&mut self, case: &str, asker: &Asker, proof: &[u8], version: Option<u32>, ratified: bool) {
        let verified = self.trusted.verify(&asker.query(), proof).unwrap_or_else(|error| panic!("{case}: {error:?}"));
        assert_eq!(verified.state.as_ref().map(|state| state.newest().version), version, "{case}");
        assert_eq!(matches!(verified.trust, Trust::Ratified { .. }), ratified, "{case}");
        let since = if let Trust::Ratified { since } = verified.trust { Some(since.to_string()) } else { None };
        let in_force = verified.state.as_ref().map(|state| state.in_force(verified.head.time).unwrap().version);
        let expected = json!({
            "since": since,
            "ratified": verified.memory.ratified.to_string(),
            "state": verified.state.as_ref().map(hex_state),
            "in_force": in_force,
            "profile": verified.profile.map(hex::encode),
        });
        self.all.push(asker.json(case, proof, expected));
    }

    /// A lie, and the name of the error.
    pub fn lie(&mut self, case: &str, asker: &Asker, proof: &[u8], error: &str) {
        let refused = self.trusted.verify(&asker.query(), proof).expect_err(case);
        assert_eq!(name(&refused), error, "{case}: {refused:?}");
        self.all.push(asker.json(case, proof, json!({ "error": error })));
    }
}

/// Alice has two of three keys and a recovery policy; bob one key; then an address, the registrar and others.
fn start() -> Twins {
    let mut twins = Twins::new();
    twins.register(&Label::Registrar, |entry| Entry { policy: policy(&[11], 1), ..entry }, &[11]);
    let alice = |entry| Entry { policy: policy(&[1, 2, 3], 2), recovery: recovery(&[5], 1), ..entry };
    twins.register(&label("alice"), alice, &[1, 3]);
    for number in 0..5 {
        twins.register(&label(&format!("other {number}")), |entry| entry, &[1]);
    }
    twins.close();
    twins.register(&label("bob"), |entry| Entry { policy: policy(&[4], 1), ..entry }, &[4]);
    let address = Label::address(&key(21));
    let entry = twins.directory.first(&address, policy(&[1], 1));
    let proof = AddressProof { key: key(21), signature: secret(21).sign(&address_bytes(&entry)).to_bytes() };
    let update = signed(entry, &[1]);
    let update = Update { registration: sign(&update.registration_bytes(), &[11]), ..update };
    twins.accept(&address, &update, Some(proof));
    twins.close();
    twins.directory.ratify(&VERIFIERS);
    twins
}

pub fn lookups() -> Vec<Value> {
    let mut twins = start();
    let mut cases = Cases { trusted: twins.directory.trusted(), all: Vec::new() };
    let (alice, bob, nobody, address) = (label("alice"), label("bob"), label("nobody"), Label::address(&key(21)));
    let plain = |twins: &Twins, of: &Label| twins.prove(of, View::Newest, 0, None);
    for (case, of, version) in [
        ("a label at a ratified head", &alice, Some(0)),
        ("an address with its own signature", &address, Some(0)),
        ("the registrar's label, for which nobody vouches", &Label::Registrar, Some(0)),
        ("an absent label", &nobody, None),
    ] {
        cases.honest(case, &Asker::of(&twins, of), &plain(&twins, of), version, true);
    }
    let first = Asker::of(&twins, &alice);
    let seen = cases.trusted.verify(&first.query(), &plain(&twins, &alice)).unwrap();
    let knowing = |twins: &Twins, of: &Label| Asker {
        memory: Some(seen.memory),
        contact: seen.state.clone().filter(|_| *of == alice),
        ..Asker::of(twins, of)
    };
    lies_about_heads(&mut cases, &twins);
    lies_about_labels(&mut cases, &twins);

    twins.change(&alice, |entry| Entry { policy: policy(&[1, 2, 6], 2), ..entry }, &[1, 2]);
    twins.close();
    let history = twins.prove(&alice, View::Newest, 2, Some(1));
    cases.honest(
        "a change that verifiers have not seen",
        &Asker::of(&twins, &alice),
        &plain(&twins, &alice),
        Some(1),
        false,
    );
    let ratified = twins.prove(&alice, View::Ratified, 0, None);
    let of_ratified = Asker { view: View::Ratified, ..Asker::of(&twins, &alice) };
    cases.honest("the entry before it, at the ratified head", &of_ratified, &ratified, Some(0), true);
    cases.lie(
        "the entry before it, in place of the newest",
        &Asker::of(&twins, &alice),
        &ratified,
        "ToNewest/Outdated",
    );
    cases.honest("a history from a known version", &knowing(&twins, &alice), &history, Some(1), false);
    let whole = twins.prove(&alice, View::Newest, 0, Some(0));
    cases.honest("the whole history", &Asker::of(&twins, &alice), &whole, Some(1), false);
    lies_about_histories(&mut cases, &twins, &knowing(&twins, &alice), &first);

    twins.change(&alice, |entry| Entry { kind: Kind::Recover, policy: policy(&[7], 1), ..entry }, &[5, 7]);
    twins.close();
    cases.honest("a pending recovery", &Asker::of(&twins, &alice), &plain(&twins, &alice), Some(2), false);
    let mut proof = Proof::decode(&plain(&twins, &alice)).unwrap();
    proof.found.as_mut().unwrap().replaced = None;
    cases.lie("a pending recovery without what it replaces", &Asker::of(&twins, &alice), &proof.encode(), "Replaced");
    proof.found.as_mut().unwrap().replaced = Some(first_entry(&twins, &alice));
    cases.lie(
        "a pending recovery that replaces another entry",
        &Asker::of(&twins, &alice),
        &proof.encode(),
        "Replaced",
    );
    twins.directory.now += u64::from(DAY) * SECOND;
    twins.change(&bob, |entry| Entry { kind: Kind::Close, commitment: [0; 32], ..entry }, &[4]);
    twins.close();
    twins.directory.ratify(&VERIFIERS[..2]);
    cases.honest("a recovery that is in force", &Asker::of(&twins, &alice), &plain(&twins, &alice), Some(2), true);
    cases.honest("a closed label", &Asker::of(&twins, &bob), &plain(&twins, &bob), Some(1), true);
    let proof = twins.prove(&nobody, View::Newest, 2, None);
    cases.honest("an absent label, with a memory", &knowing(&twins, &nobody), &proof, None, true);
    lies_by_the_directory(&mut cases, &mut twins);
    cases.all
}
