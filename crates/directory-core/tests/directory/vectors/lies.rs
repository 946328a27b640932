//! One lie for each check of a look-up.

use super::lookups::{Asker, Cases, label};
use crate::server::*;
use crate::support::*;
use crate::twins::Twins;
use directory_core::change::State;
use directory_core::checkpoint::Checkpoint;
use directory_core::entry::Entry;
use directory_core::hash::Hash;
use directory_core::label::{AddressProof, Label};
use directory_core::log::{Log, leaf_hash};
use directory_core::map::{Search, Tree, VecNodes, View, leaf_value};
use directory_core::proof::{Found, Proof};
use directory_core::update::Update;
use directory_core::verify::Memory;

pub(super) fn first_entry(twins: &Twins, of: &Label) -> Entry {
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

pub(super) fn lies_about_heads(cases: &mut Cases, twins: &Twins) {
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

pub(super) fn lies_about_labels(cases: &mut Cases, twins: &Twins) {
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

pub(super) fn lies_about_histories(cases: &mut Cases, twins: &Twins, knowing: &Asker, first: &Asker) {
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

/// The false entries that a directory can put into its map, and the errors that its clients return.
pub(super) fn lies_by_the_directory(cases: &mut Cases, twins: &mut Twins) {
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
