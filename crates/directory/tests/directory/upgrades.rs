//! Upgrades keep everything, whatever is under way. They do not grow with the directory, because
//! the index is rebuilt afterwards.

use crate::site::*;
use directory::api::*;

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
    let refused = site.engine.upgrade_canister(site.id, wasm.clone(), again, Some(operator()));
    assert!(refused.is_err_and(|reject| reject.reject_message.contains("fixed since installation")));
    let empty = site.engine.create_canister_with_settings(Some(operator()), None);
    let null = candid::encode_one(None::<Configuration>).expect("encoded");
    let refused = site.engine.try_install_canister(empty, wasm, null, Some(operator()));
    assert!(refused.is_err_and(|reject| reject.reject_message.contains("fixed at installation")));
}
