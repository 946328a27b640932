//! The client accepts what an honest directory shows.

use client::directory::api::*;
use client::directory::directory_core::verify::Trust;
use client::directory::{PinError, pin};
use client::{CallError, Transport};
use test_support::now;

use super::site::*;

#[test]
fn a_label_is_absent_then_registered_then_changed_and_every_answer_is_verified() {
    let (site, alice) = (Site::new(), name("alice"));
    let mut client = site.client();
    let absent = now(client.lookup(&alice, View::newest, None)).expect("proved");
    assert_eq!((absent.state, absent.trust), (None, Trust::Certified));
    site.register(&alice, 1, 101);
    let first = now(client.lookup(&alice, View::newest, None)).expect("proved");
    let state = first.state.expect("it is there");
    assert_eq!((&state.newest().policy, first.profile), (&policy(1), Some(profile(101).encode())));
    site.change(&alice, state.newest(), 1, 2);
    let second = now(client.lookup(&alice, View::newest, Some(&state))).expect("proved");
    let state = second.state.expect("it is there");
    assert_eq!((state.newest().version, &state.newest().policy), (1, &policy(2)));
    // Asked again, nothing has changed.
    let again = now(client.lookup(&alice, View::newest, Some(&state))).expect("proved");
    assert_eq!(again.state, Some(state));
    assert_eq!(client.memory(), Some(again.memory));
}

#[test]
fn a_history_is_shown_whole_also_where_it_is_too_long_for_one_proof() {
    let (site, alice) = (Site::new(), name("alice"));
    let mut client = site.client();
    assert!(now(client.history(&alice, View::newest)).expect("proved").changes.is_empty());
    site.register(&alice, 1, 101);
    let mut old = None;
    for version in 0..70 {
        // A label has a daily quota of updates.
        site.pass(3_600);
        let state = now(client.lookup(&alice, View::newest, old.as_ref())).expect("proved").state.expect("it is there");
        assert_eq!(state.newest().version, version);
        site.change(&alice, state.newest(), 1, 1);
        old = old.or(Some(state));
        if version == 5 {
            let history = now(client.history(&alice, View::newest)).expect("proved");
            assert_eq!(history.changes.len(), 7);
        }
    }
    // A contact that has seen version 0 alone follows every change since.
    let newest = now(client.lookup(&alice, View::newest, old.as_ref())).expect("proved").state.expect("it is there");
    assert_eq!(newest.newest().version, 70);
    let history = now(client.history(&alice, View::newest)).expect("proved");
    let versions: Vec<_> = history.changes.iter().map(|(_, update)| update.entry.version).collect();
    assert_eq!((versions, history.verified.state), ((0..=70).collect(), Some(newest)));
}

#[test]
fn devices_bundles_are_verified() {
    let (site, alice) = (Site::new(), name("alice"));
    let mut client = site.client();
    site.register(&alice, 1, 101);
    let verified = now(client.lookup(&alice, View::newest, None)).expect("proved");
    let issued = site.seconds();
    let made = bundle(client.trusted().realm, verified.index, 101, issued, issued + 200_000);
    now(client.put_bundle(&alice, &made.encode())).expect("it is stored");
    assert_eq!(now(client.bundles(&alice, &verified, &[])).expect("verified"), std::slice::from_ref(&made));
    assert_eq!(now(client.bundles(&alice, &verified, std::slice::from_ref(&made))).expect("verified"), [made]);
    let absent = now(client.lookup(&name("bob"), View::newest, None)).expect("proved");
    let none = now(client.bundles(&name("bob"), &absent, &[]));
    assert!(matches!(none, Err(CallError::Refused(BundleError::NoProfile))), "{none:?}");
}

#[test]
fn a_configuration_that_contradicts_itself_is_not_pinned() {
    let site = Site::new();
    let client = site.client();
    assert!(client.transport().certificates().is_some());
    let published = site.published();
    let pinned = |change: fn(&mut Published)| {
        let mut published = published.clone();
        change(&mut published);
        pin(&published, &canister(1), Vec::new(), 3_600).map(|_| ())
    };
    assert_eq!(pinned(|_| {}), Ok(()));
    assert_eq!(pinned(|published| published.hash[0] ^= 1), Err(PinError::Field("hash")));
    assert_eq!(pinned(|published| published.realm[0] ^= 1), Err(PinError::Field("realm")));
    assert_eq!(pinned(|published| published.origin.push('x')), Err(PinError::Field("origin")));
    assert_eq!(pinned(|published| published.vrf_key.truncate(31)), Err(PinError::Field("vrf_key")));
    assert!(matches!(pinned(|published| published.encoded.truncate(1)), Err(PinError::Configuration(_))));
    let other = pin(&published, &canister(2), Vec::new(), 3_600).map(|_| ());
    assert_eq!(other, Err(PinError::Field("origin")), "another canister's");
    let registrar = pin(&published, &canister(1), vec![policy(11)], 3_600).map(|_| ());
    assert_eq!(registrar, Err(PinError::Field("registrars")), "registration is open");
}
