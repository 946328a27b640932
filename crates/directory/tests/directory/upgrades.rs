//! Upgrades keep everything, whatever is under way. They do not grow with the directory, because
//! the index is rebuilt afterwards.

use crate::site::*;
use directory::api::*;
use directory::directory::{NotConfigured, configured};
use serde_bytes::ByteBuf;

#[test]
fn an_upgrade_keeps_labels_heads_and_the_open_epoch() {
    let site = Site::new(&open());
    site.pass(5);
    site.register(&name("a"), 1).expect("registered");
    site.register(&name("b"), 2).expect("registered");
    let (before, published, certified) = (site.status(), site.published(), site.engine.certified_data(site.id));
    let found = site.look_up(&name("a"), View::newest, None, None).expect("proved");
    site.upgrade().expect("upgraded");
    assert_eq!((site.status().indexed, site.status().to_index), (0, 2), "nothing is indexed in the upgrade");
    assert_eq!(site.engine.certified_data(site.id), certified);
    assert_eq!(site.published(), published, "the VRF key and the configuration stay");
    // Before and after the index is rebuilt.
    for _ in 0..2 {
        let state = found.state.as_ref();
        let again = site.look_up(&name("a"), View::newest, Some(found.memory), state).expect("proved");
        assert_eq!(again.state, found.state);
        let pending = site.first(site.index(&name("b")), &name("b"), 2);
        let second = submission(&name("b"), &signed(next(&pending, &name("b"), 2), &[2]));
        assert!(matches!(site.update(&second), Err(UpdateError::Pending { .. })));
        site.engine.tick();
        site.engine.tick();
    }
    let after = site.status();
    assert_eq!((after.indexed, after.labels, after.updates), (2, before.labels, before.updates));
    site.pass(5);
    assert!(site.look_up(&name("b"), View::newest, Some(found.memory), None).expect("proved").state.is_some());
}

#[test]
fn a_configuration_is_said_once() {
    let site = Site::new(&open());
    let again = candid::encode_one(Some(open())).expect("encoded");
    let wasm = test_support::artifact::directory_wasm().to_vec();
    let refused = site.engine.upgrade_canister(site.id, wasm, again, Some(operator()));
    assert!(refused.is_err_and(|reject| reject.reject_message.contains("fixed since installation")));
    let refused = install(&site, None);
    assert!(refused.is_err_and(|why| why.contains("fixed at installation")));
}

/// Installs another directory. The error is the text of the reject.
fn install(site: &Site, configuration: Option<Configuration>) -> Result<(), String> {
    let wasm = test_support::artifact::directory_wasm().to_vec();
    let empty = site.engine.create_canister_with_settings(Some(operator()), None);
    site.engine.add_cycles(empty, 1 << 60);
    let argument = candid::encode_one(configuration).expect("encoded");
    let installed = site.engine.try_install_canister(empty, wasm, argument, Some(operator()));
    installed.map_err(|reject| reject.reject_message)
}

/// A cosignature's key id covers the verifier's name. So one key under two names would meet a threshold of two alone.
#[test]
fn a_configuration_that_names_a_key_twice_or_nobody_is_refused() {
    let site = Site::new(&open());
    let verifier = |name: &str, key: u8| Verifier {
        name: name.to_string(),
        key: ByteBuf::from(secret(key).verifying_key().to_bytes()),
    };
    let quorum = |threshold, verifiers| {
        let ratification = Ratification::quorum { threshold, verifiers };
        Configuration { registration: Registration::open, ratification }
    };
    let twice = quorum(2, vec![verifier("one.example", 1), verifier("two.example", 2), verifier("other.example", 1)]);
    let names = ["one.example", "other.example"].map(String::from);
    let refusals = [
        (twice, NotConfigured::SameKey { names }),
        (quorum(0, vec![verifier("one.example", 1)]), NotConfigured::NoQuorum),
        (quorum(1, vec![verifier("a name", 1)]), NotConfigured::Name { name: "a name".to_string() }),
        (
            quorum(1, vec![Verifier { name: "one.example".to_string(), key: ByteBuf::from(vec![0xab, 1]) }]),
            NotConfigured::Key { name: "one.example".to_string(), key: vec![0xab, 1] },
        ),
    ];
    for (configuration, reason) in refusals {
        assert_eq!(configured(&configuration), Err(reason.clone()));
        let refused = install(&site, Some(configuration)).expect_err("refused");
        assert!(refused.contains(&reason.to_string()), "{refused}");
    }
    install(&site, Some(quorum(2, vec![verifier("one.example", 1), verifier("two.example", 2)]))).expect("installed");
}
