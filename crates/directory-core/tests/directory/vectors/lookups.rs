//! Look-ups: honest ones, and one lie for each check.

use super::{hex_policy, hex_state, name};
use crate::server::*;
use crate::support::*;
use crate::twins::Twins;
use directory_core::change::State;
use directory_core::checkpoint::Checkpoint;
use directory_core::entry::{Entry, Kind};
use directory_core::hash::Hash;
use directory_core::label::{AddressProof, Label, address_bytes};
use directory_core::map::{Search, View};
use directory_core::proof::{Found, Proof};
use directory_core::update::Update;
use directory_core::verify::{Memory, Query, Trust, Trusted};
use ed25519_dalek::Signer;
use serde_json::{Value, json};

/// What the client of every look-up pins.
pub fn trusted() -> Value {
    let trusted = Twins::new().directory.trusted();
    let verifiers = VERIFIERS
        .map(|number| json!({ "name": format!("verifier.example/{number}"), "key": hex::encode(key(number).bytes()) }));
    json!({
        "realm": hex::encode(trusted.realm),
        "origin": trusted.origin,
        "vrf": hex::encode(trusted.vrf.bytes()),
        "configuration": hex::encode(trusted.configuration),
        "registrars": trusted.registrars.iter().map(hex_policy).collect::<Vec<_>>(),
        "verifiers": verifiers,
        "threshold": 2,
        "max_age": "3600",
    })
}

fn label(name: &str) -> Label {
    Label::Name(name.into())
}

/// What a client knows when it asks.
#[derive(Clone)]
struct Asker {
    label: Label,
    certified: Checkpoint,
    certified_time: u64,
    now: u64,
    memory: Option<Memory>,
    contact: Option<State>,
}

struct Cases {
    trusted: Trusted,
    all: Vec<Value>,
}

impl Asker {
    fn of(twins: &Twins, label: &Label) -> Self {
        let directory = &twins.directory;
        let (certified, now) = (directory.checkpoint(), directory.now);
        Self { label: label.clone(), certified, certified_time: now, now: now / SECOND, memory: None, contact: None }
    }

    fn query(&self) -> Query<'_> {
        Query {
            label: &self.label,
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
    fn honest(&mut self, case: &str, asker: &Asker, proof: &[u8], version: Option<u32>, ratified: bool) {
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
    fn lie(&mut self, case: &str, asker: &Asker, proof: &[u8], error: &str) {
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
    cases.honest("the entry before it, at the ratified head", &Asker::of(&twins, &alice), &ratified, Some(0), true);
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

fn first_entry(twins: &Twins, of: &Label) -> Entry {
    twins.directory.first(of, policy(&[9], 1))
}

fn changed(proof: &[u8], change: impl FnOnce(&mut Proof)) -> Vec<u8> {
    let mut proof = Proof::decode(proof).unwrap();
    change(&mut proof);
    proof.encode()
}

fn found(change: impl FnOnce(&mut Found)) -> impl FnOnce(&mut Proof) {
    |proof| change(proof.found.as_mut().unwrap())
}

fn lies_about_heads(cases: &mut Cases, twins: &Twins) {
    let of = label("nobody");
    let (asker, proof) = (Asker::of(twins, &of), twins.prove(&of, View::Newest, 0, None));
    let mut lie = |case: &str, error: &str, change: &dyn Fn(&mut Proof)| {
        cases.lie(case, &asker, &changed(&proof, change), error);
    };
    lie("another configuration", "Configuration", &|proof| proof.head.configuration = [0; 32]);
    lie("a head from the future", "HeadTime", &|proof| proof.head.time += 1);
    lie("a head of the last epoch there can be", "Edge/Index", &|proof| proof.head.epoch = u64::MAX);
    lie("an edge that is too short", "Edge/Length", &|proof| proof.edge.clear());
    lie("an edge that is too long", "Edge/Length", &|proof| proof.edge.push([1; 32]));
    lie("a head beyond the log", "ToNewest/Shrunk", &|proof| (proof.head.epoch, proof.edge) = (3, vec![[1; 32]; 2]));
    lie("another head", "ToNewest/Root", &|proof| proof.head.labels += 1);
    lie("a consistency that nothing asks for", "ToNewest/Length", &|proof| proof.to_newest.push([1; 32]));
    lie("a memory that the client does not have", "FromKnown/Length", &|proof| proof.from_known.push([1; 32]));
    lie("a forged cosignature", "Cosignature", &|proof| proof.cosignatures[1].signature[0] ^= 1);
    lie("a cosignature at another time", "Cosignature", &|proof| proof.cosignatures[1].time += 1);
    lie("one verifier twice", "Decode/Invalid/order of cosignatures", &|proof| {
        proof.cosignatures[1] = proof.cosignatures[0]
    });
    lie("a neighbour left out", "Map", &|proof| proof.map.siblings[0][0] ^= 1);
    lie("an absence at the label itself", "Map", &|proof| {
        proof.map.search = Search::Other { index: [0xff; 32], value: [1; 32] }
    });
    let log = |size, root: Hash| Some(Memory { log: Checkpoint { size, root }, ratified: 0 });
    let known = |memory| Asker { memory, ..asker.clone() };
    cases.lie("a log that shrank", &known(log(3, [1; 32])), &proof, "FromKnown/Shrunk");
    cases.lie("a log that was forked", &known(log(2, [1; 32])), &proof, "FromKnown/Root");
    cases.lie("a memory of nothing", &known(log(0, [1; 32])), &proof, "FromKnown/Empty");
    cases.lie("a memory without proof", &known(log(1, [1; 32])), &proof, "FromKnown/Length");
    let ratified = Some(Memory { ratified: 3, ..log(2, asker.certified.root).unwrap() });
    cases.lie("an older head than one that was ratified", &known(ratified), &proof, "OlderHead");
    let late = Asker { certified_time: asker.certified_time - 1, ..asker.clone() };
    cases.lie("a head newer than the certificate", &late, &proof, "HeadTime");
    for (case, now, ratified) in [("too old", 3_601, false), ("old", 3_600, true)] {
        let later = Asker { now: asker.now + now, ..asker.clone() };
        cases.honest(&format!("cosignatures that are {case}"), &later, &proof, None, ratified);
    }
    for (case, now, ratified) in [("too far ahead", 61, false), ("ahead", 60, true)] {
        let earlier = Asker { now: asker.now - now, ..asker.clone() };
        cases.honest(&format!("cosignatures that are {case}"), &earlier, &proof, None, ratified);
    }
    let one = changed(&proof, |proof| proof.cosignatures.truncate(1));
    cases.honest("one cosignature of two", &asker, &one, None, false);
    let stranger = changed(&proof, |proof| {
        proof.cosignatures = vec![proof.cosignatures[0], cosign(99, &asker.certified, asker.now)];
        proof.cosignatures.sort_by_key(|cosignature| cosignature.key_id);
    });
    cases.honest("a stranger's cosignature does not count", &asker, &stranger, None, false);
    for (case, at, byte, error) in [
        ("another format", 0, 2, "Decode/Invalid/proof format"),
        ("another format of the head", 81, 2, "Decode/Invalid/head format"),
        ("too many hashes", 214, 129, "Decode/Invalid/edge"),
        ("too many cosignatures", 247, 17, "Decode/Invalid/cosignatures"),
    ] {
        let mut bytes = proof.clone();
        bytes[at] = byte;
        cases.lie(case, &asker, &bytes, error);
    }
    cases.lie("a byte too much", &asker, &[&proof[..], &[0]].concat(), "Decode/Trailing");
    cases.lie("nothing", &asker, &[], "Decode/Truncated/proof format");
    cases.lie("the last byte is missing", &asker, &proof[..proof.len() - 1], "Decode/Truncated/sibling");
}

fn lies_about_labels(cases: &mut Cases, twins: &Twins) {
    let (alice, address) = (label("alice"), Label::address(&key(21)));
    let (asker, proof) = (Asker::of(twins, &alice), twins.prove(&alice, View::Newest, 0, None));
    let other = Proof::decode(&twins.prove(&label("other 1"), View::Newest, 0, None)).unwrap();
    let nobody = Proof::decode(&twins.prove(&label("nobody"), View::Newest, 0, None)).unwrap();
    cases.lie("another label's proof", &asker, &other.encode(), "Vrf/Wrong");
    let swapped = changed(&proof, |proof| (proof.map, proof.found) = (other.map.clone(), other.found.clone()));
    cases.lie("another label's entry", &asker, &swapped, "Map");
    let hidden = changed(&proof, |proof| (proof.map, proof.found) = (nobody.map.clone(), None));
    cases.lie("a label that is hidden", &asker, &hidden, "Map");
    let mut lie = |case: &str, error: &str, change: &dyn Fn(&mut Found)| {
        cases.lie(case, &asker, &changed(&proof, found(change)), error);
    };
    lie("another position", "Map", &|found| found.position += 1);
    lie("another time", "Map", &|found| found.updates[0].0 += 1);
    lie("another policy", "Map", &|found| found.updates[0].1.entry.policy = policy(&[66], 1));
    lie("no update", "Decode/Invalid/updates", &|found| found.updates.clear());
    lie("another profile", "Profile", &|found| found.opened.as_mut().unwrap().profile[0] ^= 1);
    lie("another opening", "Profile", &|found| found.opened.as_mut().unwrap().opening[0] ^= 1);
    lie("an entry too much", "History", &|found| found.replaced = Some(found.updates[0].1.entry.clone()));
    lie("without the registrar", "Change/Signature/TooFew", &|found| {
        found.updates[0].1.registration = Default::default()
    });
    lie("an address proof of a name", "Address/NotAnAddress", &|found| {
        found.address = Some(AddressProof { key: key(21), signature: [0; 64] })
    });
    let erased = changed(&proof, found(|found| found.opened = None));
    cases.honest("an erased profile", &asker, &erased, Some(0), true);
    let (asker, proof) = (Asker::of(twins, &address), twins.prove(&address, View::Newest, 0, None));
    let mut lie = |case: &str, error: &str, change: &dyn Fn(&mut Option<AddressProof>)| {
        cases.lie(case, &asker, &changed(&proof, found(|found| change(&mut found.address))), error);
    };
    lie("an address without its signature", "Address", &|address| *address = None);
    lie("an address signed by another key", "Address/Key", &|address| address.as_mut().unwrap().key = key(22));
    lie("an address with a wrong signature", "Address/Signature", &|address| {
        address.as_mut().unwrap().signature[9] ^= 1
    });
}

fn lies_about_histories(cases: &mut Cases, twins: &Twins, knowing: &Asker, first: &Asker) {
    let of = label("alice");
    let history = twins.prove(&of, View::Newest, 2, Some(1));
    let mut lie = |case: &str, error: &str, change: &dyn Fn(&mut Found)| {
        cases.lie(case, knowing, &changed(&history, found(change)), error);
    };
    lie("a change without signatures", "Change/Signature/TooFew", &|found| {
        found.updates[0].1.signatures = Default::default()
    });
    lie("a change signed by others", "Change/Signature/TooFew", &|found| {
        found.updates[0].1.signatures = sign(&found.updates[0].1.entry.signed_bytes(), &[7, 8])
    });
    let bare = twins.prove(&of, View::Newest, 0, None);
    let stranger = Asker::of(twins, &of);
    cases.lie(
        "a history to a client that knows nothing",
        &stranger,
        &changed(&history, |proof| proof.from_known.clear()),
        "History",
    );
    let address = |found: &mut Found| found.address = Some(AddressProof { key: key(21), signature: [0; 64] });
    cases.lie("an address proof without version 0", &stranger, &changed(&bare, found(address)), "History");
    // The certified log is the old one again: the client knows more.
    let newest = cases.trusted.verify(&knowing.query(), &history).unwrap();
    let old = Asker { contact: newest.state.clone(), ..first.clone() };
    let shrunk = Asker { memory: Some(newest.memory), ..old.clone() };
    let stale = twins.prove(&of, View::Ratified, 0, None);
    let stale = changed(&stale, |proof| proof.to_newest.clear());
    cases.lie("a contact that is rolled back", &old, &stale, "Contact");
    cases.lie("a directory that is rolled back", &shrunk, &stale, "FromKnown/Shrunk");
    let nobody = label("nobody");
    let asker = Asker { contact: newest.state.clone(), ..Asker::of(twins, &nobody) };
    cases.lie("a contact that is hidden", &asker, &twins.prove(&nobody, View::Newest, 0, None), "Contact");
    let other = State::from_parts(first_entry(twins, &of), START, None);
    let asker = Asker { contact: other, ..first.clone() };
    cases.lie("a contact that is another", &asker, &stale, "ContactChanged");
}

/// What a directory can put into its map against the rules, and what its clients say to it.
fn lies_by_the_directory(cases: &mut Cases, twins: &mut Twins) {
    for (number, (case, error, change)) in [
        ("an entry of another directory", "Realm", (|entry| Entry { realm: [1; 32], ..entry }) as fn(Entry) -> Entry),
        ("an entry of another label", "Index", |entry| Entry { commitment: [1; 32], ..entry }),
    ]
    .into_iter()
    .enumerate()
    {
        let of = label(&format!("forced {number}"));
        let entry = change(Entry { version: 1, ..twins.directory.first(&of, policy(&[66], 1)) });
        let bare = Update { signatures: Default::default(), ..signed(entry, &[]) };
        twins.force(&of, &bare);
        twins.directory.close_epoch();
        // The store keeps entries under their own realm and index, so the forged one is put back into the proof.
        let mut proof = twins.directory.answer(&of, View::Newest, 0, None);
        let index = twins.directory.index(&of);
        let mut asker = Asker::of(twins, &of);
        let mut entry = bare.entry.clone();
        if error == "Index" {
            entry.index = [1; 32];
        }
        forge(&mut proof, &index, entry, &mut asker);
        cases.lie(case, &asker, &proof.encode(), error);
    }
}

/// Makes a directory of one label and one head around an entry.
fn forge(proof: &mut Proof, index: &Hash, entry: Entry, asker: &mut Asker) {
    use directory_core::log::{Log, leaf_hash};
    use directory_core::map::{Tree, VecNodes, leaf_value};
    let found = proof.found.as_mut().unwrap();
    let value = leaf_value(found.position, found.updates[0].0, &entry.hash());
    found.updates[0].1.entry = entry;
    let mut tree = Tree::<VecNodes>::default();
    tree.set(index, &value);
    tree.seal();
    proof.map = tree.prove(index, View::Newest);
    (proof.head.map_root, proof.head.epoch) = (tree.root(View::Newest), 0);
    (proof.edge, proof.to_newest, proof.from_known) = (Vec::new(), Vec::new(), Vec::new());
    let mut log = Log::<Vec<Hash>>::default();
    log.append_hash(leaf_hash(&proof.head.encode()));
    asker.certified = Checkpoint { size: 1, root: log.root(1) };
}
