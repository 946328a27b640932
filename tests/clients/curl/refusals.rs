//! Answers that curl has fetched from a network that lies.

use ic_agent::identity::AnonymousIdentity;

use super::Curl;
use crate::network::Network;
use crate::tamper::{Tamper, WITH_CERTIFICATES, WITH_QUERIES};
use crate::{blob, encoded, envelopes};

/// An answer fetched through an honest proxy passes, an answer fetched through another proxy does not.
#[test]
fn answers_of_a_network_that_lies_do_not_pass() {
    let network = Network::start();
    let canister = network.canister();
    let through = |tamper| {
        let proxy = network.behind(tamper);
        let curl = Curl::at(proxy.url(), canister);
        let call = envelopes::call(&AnonymousIdentity, canister, "add_message", encoded((blob(b"a"), blob(b"b"))));
        let updated = curl.certified(&call).map(|_| ());
        let queried = curl.response(&AnonymousIdentity, "get_status", encoded(())).map(|_| ());
        let read = curl.read_state(&[b"canister", canister.as_slice(), b"module_hash"]).map(|_| ());
        [updated, queried, read]
    };
    assert_eq!(through(Tamper::Nothing), [Ok(()), Ok(()), Ok(())]);
    let unbelieved = || Err("the signature is not the root key's, nor that of whom it delegates to".to_string());
    for tamper in WITH_CERTIFICATES.into_iter().chain([Tamper::RootKey]) {
        assert_eq!(through(tamper), [unbelieved(), unbelieved(), unbelieved()], "{tamper:?}");
    }
    for tamper in WITH_QUERIES {
        let [updated, queried, read] = through(tamper);
        assert_eq!((updated, read), (Ok(()), Ok(())), "certificates are as they were: {tamper:?}");
        let reason = queried.expect_err("the query's signature is wrong");
        assert!(reason.contains("signature"), "{tamper:?}: {reason}");
    }
}

/// Reads the module hash through a proxy that tampers with it.
fn module_hash(network: &Network, tamper: Tamper) -> Result<(), String> {
    let (proxy, canister) = (network.behind(tamper), network.canister());
    Curl::at(proxy.url(), canister).read_state(&[b"canister", canister.as_slice(), b"module_hash"]).map(|_| ())
}

/// A subnet's signature does not pass for a canister that the root key has not delegated to it. For its own canisters
/// it would.
#[test]
fn signatures_of_another_subnet_do_not_pass() {
    let network = Network::start();
    assert_eq!(module_hash(&network, Tamper::DelegatedHere), Ok(()));
    let foreign = format!("the delegation is not for canister {}", network.canister());
    assert_eq!(module_hash(&network, Tamper::DelegatedElsewhere), Err(foreign));
}

/// An old certificate does not pass either. The same network with the present time would.
#[test]
fn old_certificates_do_not_pass() {
    let network = Network::start();
    assert_eq!(module_hash(&network, Tamper::SignedAnew), Ok(()));
    let reason = module_hash(&network, Tamper::SignedLongAgo).expect_err("it is ten minutes old");
    assert!(reason.contains("another time: 60"), "{reason}");
}
