//! Lies of a replica or of the directory's operator. The client must detect and name each of them.

use client::directory::api::*;
use client::directory::directory_core::bundle::{Bundle, BundleError as Refused};
use client::directory::directory_core::change::State;
use client::directory::directory_core::configuration::Configuration;
use client::directory::directory_core::entry::{Entry, realm};
use client::directory::directory_core::log::LogError;
use client::directory::directory_core::proof::Proof;
use client::directory::directory_core::verify::{Verified, VerifyError};
use client::directory::directory_core::vrf::SecretKey;
use client::directory::{DirectoryClient, pin};
use client::{CallError, Lie};
use serde_bytes::ByteBuf;
use test_support::now;

use super::site::*;

/// A directory with a label that key 1 has given to key 2, and the memory of a client from before that.
struct Scene {
    site: &'static Site,
    client: Client,
    before: State,
}

fn scene() -> Scene {
    let site = Site::new();
    site.register(&name("alice"), 1, 101);
    let mut client = site.client();
    let seen = now(client.lookup(&name("alice"), View::newest, None)).expect("proved");
    let before = seen.state.expect("it is there");
    site.change(&name("alice"), before.newest(), 1, 2);
    Scene { site, client, before }
}

/// The lie in the answer to a look-up.
fn caught(answer: Result<Verified, CallError<LookupError>>) -> Lie {
    match answer {
        Err(CallError::Lie(lie)) => lie,
        other => panic!("{other:?}"),
    }
}

/// The check that a look-up of a client without memory fails, if the replica changes the answer so.
fn fails(change: impl Fn(&mut Found) + 'static) -> Lie {
    let Scene { site, .. } = scene();
    site.lie("lookup", change);
    let mut client = site.client();
    let lie = caught(now(client.lookup(&name("alice"), View::newest, None)));
    assert_eq!(client.memory(), None, "nothing of a lie is remembered");
    lie
}

/// Changes the newest entry of an answer.
fn with_entry(found: &mut Found, change: impl Fn(Entry) -> Entry) {
    let mut proof = Proof::decode(&found.proof).expect("it is a proof");
    let update = &mut proof.found.as_mut().expect("it is found").updates[0].1;
    update.entry = change(update.entry.clone());
    found.proof = ByteBuf::from(proof.encode());
}

#[test]
fn a_foreign_key() {
    let lie = fails(|found| with_entry(found, |entry| Entry { policy: policy(66), ..entry }));
    assert!(matches!(lie, Lie::Lookup(VerifyError::Map)), "{lie}");
}

#[test]
fn a_foreign_profile() {
    let lie = fails(|found| {
        let mut proof = Proof::decode(&found.proof).expect("it is a proof");
        let opened = proof.found.as_mut().expect("it is found").opened.as_mut().expect("it has a profile");
        opened.profile = profile(66).encode();
        found.proof = ByteBuf::from(proof.encode());
    });
    assert!(matches!(lie, Lie::Lookup(VerifyError::Profile)), "{lie}");
}

#[test]
fn another_vrf_key() {
    // It would prove every label absent.
    let Scene { site, .. } = scene();
    let forged = {
        let mut published = site.published();
        let vrf_key = *SecretKey::new(&[66; 32]).public().bytes();
        let configuration = Configuration::decode(&published.encoded).expect("it is one");
        published.vrf_key = ByteBuf::from(vrf_key);
        published.realm = ByteBuf::from(realm(canister(1).as_slice(), &vrf_key));
        published.hash = ByteBuf::from(configuration.hash(&vrf_key));
        published
    };
    let pinned = pin(&forged, &canister(1), Vec::new(), 3_600).expect("it does not contradict itself");
    let lie = caught(now(DirectoryClient::new(site, pinned).lookup(&name("alice"), View::newest, None)));
    let honest = site.client().trusted().configuration;
    assert!(matches!(lie, Lie::Lookup(VerifyError::Configuration(found)) if found == honest), "{lie}");
}

#[test]
fn an_old_key() {
    // The answer of before the change.
    let site = Site::new();
    site.register(&name("alice"), 1, 101);
    let old = site.answer(&name("alice"), 0, Changes::newest);
    let mut client = site.client();
    let state = now(client.lookup(&name("alice"), View::newest, None)).expect("proved").state.expect("it is there");
    site.change(&name("alice"), state.newest(), 1, 2);
    // Under the certificate of now, with the proof that its log is a part of the certified one.
    let proof = site.led_to_newest(&old);
    site.lie("lookup", move |found: &mut Found| found.proof.clone_from(&proof));
    let lie = caught(now(site.client().lookup(&name("alice"), View::newest, None)));
    assert!(matches!(lie, Lie::Lookup(VerifyError::ToNewest(LogError::Outdated { size: 2, newest: 3 }))), "{lie}");
    // With the certificate of then, a client that saw later ones.
    let mut later = site.client();
    site.lie_in_bytes(|_, reply| reply);
    now(later.lookup(&name("bob"), View::newest, None)).expect("proved");
    site.lie("lookup", move |found: &mut Found| found.clone_from(&old));
    let lie = caught(now(later.lookup(&name("alice"), View::newest, None)));
    assert!(matches!(lie, Lie::Lookup(VerifyError::FromKnown(_))), "{lie}");
}

#[test]
fn a_hidden_label() {
    // Another label's absence in place of the answer.
    let Scene { site, mut client, before } = scene();
    let absent = site.answer(&name("bob"), 0, Changes::newest);
    site.lie("lookup", move |found: &mut Found| found.clone_from(&absent));
    let lie = caught(now(site.client().lookup(&name("alice"), View::newest, None)));
    assert!(matches!(lie, Lie::Lookup(VerifyError::Vrf(_))), "{lie}");
    // Its own absence of before the registration, under the certificate of now.
    let before_it = site.answer(&name("carol"), 0, Changes::newest);
    site.lie_in_bytes(|_, reply| reply);
    site.register(&name("carol"), 3, 103);
    let proof = site.led_to_newest(&before_it);
    site.lie("lookup", move |found: &mut Found| found.proof.clone_from(&proof));
    let lie = caught(now(site.client().lookup(&name("carol"), View::newest, None)));
    assert!(matches!(lie, Lie::Lookup(VerifyError::ToNewest(LogError::Outdated { .. }))), "{lie}");
    // The operator starts over without the label: the client knows an older log.
    let fresh = Site::new();
    fresh.register(&name("carol"), 3, 103);
    fresh.register(&name("dave"), 4, 104);
    fresh.register(&name("erin"), 5, 105);
    let absent = fresh.answer(&name("alice"), 0, Changes::newest);
    site.lie("lookup", move |found: &mut Found| found.clone_from(&absent));
    let lie = caught(now(client.lookup(&name("alice"), View::newest, Some(&before))));
    assert!(matches!(lie, Lie::Lookup(VerifyError::FromKnown(_))), "{lie}");
}

#[test]
fn a_log_that_was_rolled_back() {
    let Scene { site, mut client, .. } = scene();
    let old = site.copy();
    site.register(&name("bob"), 3, 103);
    now(client.lookup(&name("bob"), View::newest, None)).expect("proved");
    // The operator restores a backup. Honest replicas say that they do not know the log.
    let mut restored = old.client().with_memory(client.memory().expect("there was a look-up"));
    let refused = now(restored.lookup(&name("bob"), View::newest, None));
    assert!(matches!(refused, Err(CallError::Refused(LookupError::UnknownLog { .. }))), "{refused:?}");
    // Others answer as if nobody remembered anything.
    let absent = old.answer(&name("bob"), 0, Changes::newest);
    site.lie("lookup", move |found: &mut Found| found.clone_from(&absent));
    let lie = caught(now(client.lookup(&name("bob"), View::newest, None)));
    assert!(matches!(lie, Lie::Lookup(VerifyError::FromKnown(_))), "{lie}");
}

#[test]
fn a_forked_log() {
    let Scene { site, mut client, .. } = scene();
    let fork = site.copy();
    site.register(&name("bob"), 3, 103);
    fork.register(&name("bob"), 66, 166);
    now(client.lookup(&name("bob"), View::newest, None)).expect("proved");
    let mut other = fork.client().with_memory(client.memory().expect("there was a look-up"));
    let lie = caught(now(other.lookup(&name("bob"), View::newest, None)));
    assert!(matches!(lie, Lie::Lookup(VerifyError::FromKnown(_))), "{lie}");
}

#[test]
fn a_change_that_the_owner_did_not_sign() {
    // The operator forks, and gives the label to key 66 without the owner.
    let site = Site::new();
    site.register(&name("alice"), 1, 101);
    let mut client = site.client();
    let before = now(client.lookup(&name("alice"), View::newest, None)).expect("proved").state.expect("it is there");
    site.change(&name("alice"), before.newest(), 1, 66);
    site.lie("lookup", |found: &mut Found| {
        let mut proof = Proof::decode(&found.proof).expect("it is a proof");
        let update = &mut proof.found.as_mut().expect("it is found").updates[0].1;
        update.signatures = sign(&update.entry, &[66]);
        found.proof = ByteBuf::from(proof.encode());
    });
    let lie = caught(now(client.lookup(&name("alice"), View::newest, Some(&before))));
    assert!(matches!(lie, Lie::Lookup(VerifyError::Change { version: 1, .. })), "{lie}");
}

#[test]
fn certificates_that_prove_nothing() {
    let lie = fails(|found| found.certified.certificate = None);
    assert!(matches!(lie, Lie::NoProof), "{lie}");
    // Another canister's.
    let lie = fails(|found| {
        let certificate = found.certified.certificate.as_mut().expect("there is one");
        certificate[0] = 2;
    });
    assert!(matches!(lie, Lie::Certificate(_)), "{lie}");
    // The log is not the certified one.
    let lie = fails(|found| found.certified.log[8] ^= 1);
    assert!(matches!(lie, Lie::OtherState), "{lie}");
    // The head is newer than the certificate.
    let lie = fails(|found| {
        let certificate = found.certified.certificate.as_mut().expect("there is one");
        certificate[33..].copy_from_slice(&SECOND.to_le_bytes());
    });
    assert!(matches!(lie, Lie::Lookup(VerifyError::HeadTime { .. })), "{lie}");
}

#[test]
fn a_history_that_is_left_out() {
    let Scene { site, .. } = scene();
    let mut client = site.client();
    let newest = site.answer(&name("alice"), 0, Changes::newest);
    site.lie("lookup", move |found: &mut Found| *found = newest.clone());
    let lie = match now(client.history(&name("alice"), View::newest)) {
        Err(CallError::Lie(lie)) => lie,
        other => panic!("{other:?}"),
    };
    assert!(matches!(lie, Lie::Lookup(VerifyError::History)), "{lie}");
}

#[test]
fn bundles_that_are_not_to_be_used() {
    let Scene { site, mut client, .. } = scene();
    let alice = name("alice");
    let verified = now(client.lookup(&alice, View::newest, None)).expect("proved");
    let (realm, index, issued) = (client.trusted().realm, verified.index, site.seconds());
    // It has expired by now, half a day after it was stored.
    let old = bundle(realm, index, 102, issued, issued + 43_200);
    now(client.put_bundle(&alice, &old.encode())).expect("it is stored");
    let caught = |seen: &[Bundle]| match now(client.bundles(&alice, &verified, seen)) {
        Err(CallError::Lie(Lie::Bundle(why))) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(caught(&[]), Refused::Expired { expiry: issued + 43_200 });
    let shows = |bundle: Bundle| {
        let bytes = ByteBuf::from(bundle.encode());
        site.lie("get_bundles", move |bundles: &mut Vec<ByteBuf>| *bundles = vec![bytes.clone()]);
    };
    let long = issued + 1_000_000;
    let (good, newer) = (bundle(realm, index, 102, issued, long), bundle(realm, index, 102, issued + 1, long));
    shows(good.clone());
    let replayed = caught(std::slice::from_ref(&newer));
    assert_eq!(replayed, Refused::NotNewer { stored: issued + 1 }, "replayed after a newer one");
    // The device that the label had before, which is no lie: nothing is sealed for it.
    shows(bundle(realm, index, 101, issued, long));
    assert_eq!(now(client.bundles(&alice, &verified, &[])).expect("none of its devices"), []);
    // A device has one bundle.
    for pair in [[&good, &good], [&good, &newer], [&newer, &good]] {
        let bytes = pair.map(|bundle| ByteBuf::from(bundle.encode()));
        site.lie("get_bundles", move |bundles: &mut Vec<ByteBuf>| *bundles = bytes.to_vec());
        assert_eq!(caught(&[]), Refused::NotNewer { stored: pair[0].content.issued });
    }
    shows(bundle(realm, [9; 32], 102, issued, long));
    assert_eq!(caught(&[]), Refused::Elsewhere);
    let mut forged = bundle(realm, index, 102, issued, long);
    forged.content.hpke = [66; 32];
    shows(forged);
    assert_eq!(caught(&[]), Refused::Signature);
}
