//! Answers that `icp` must refuse. Without these tests, the answers that it accepts elsewhere would prove nothing.

use super::{Icp, Inbox, built_module_hash, module_hash_in};
use crate::network::Network;
use crate::programs::Outcome;
use crate::tamper::{Tamper, WITH_CERTIFICATES, WITH_QUERIES};

/// The error of `icp` for a certificate that the root key has not signed.
const UNBELIEVED: &str = "Certificate verification failed";

/// The outcome of an update, a query, and reads of the metadata and of the module hash.
fn outcomes(inbox: &Inbox) -> [Outcome; 4] {
    [
        inbox.call("add_message", "(blob \"alice\", blob \"sealed\")", &[]),
        inbox.call("get_message_by_id", "(1 : nat32, null)", &["--query"]),
        inbox.metadata("candid:service"),
        inbox.status(),
    ]
}

fn assert_refused(outcome: Outcome, reason: &str, what: &str) {
    let errors = outcome.failed();
    assert!(errors.contains(reason), "{what}: it must say '{reason}': {errors}");
}

#[test]
fn an_honest_proxy_is_believed() {
    let (network, icp) = (Network::start(), Icp::new());
    let proxy = network.behind(Tamper::Nothing);
    let [update, query, metadata, status] = outcomes(&Inbox::at(&icp, proxy.url(), network.canister()));
    for outcome in [update, query, metadata] {
        outcome.succeeded();
    }
    assert_eq!(module_hash_in(&status.succeeded()), built_module_hash());
}

#[test]
fn tampered_certificates_and_a_wrong_root_key_are_refused() {
    let (network, icp) = (Network::start(), Icp::new());
    for tamper in WITH_CERTIFICATES.into_iter().chain([Tamper::RootKey]) {
        let proxy = network.behind(tamper);
        let [update, query, metadata, status] = outcomes(&Inbox::at(&icp, proxy.url(), network.canister()));
        for outcome in [update, query, status] {
            assert_refused(outcome, UNBELIEVED, &format!("{tamper:?}"));
        }
        // Here the program gives the reason as it does for every failure.
        assert_refused(metadata, "Metadata section 'candid:service' not found", &format!("{tamper:?}"));
    }
}

/// Certificates that were valid once.
#[test]
fn old_certificates_are_refused() {
    let (network, icp) = (Network::start(), Icp::new());
    let proxy = network.behind(Tamper::SignedAnew);
    let [update, _, metadata, status] = outcomes(&Inbox::at(&icp, proxy.url(), network.canister()));
    for outcome in [update, metadata, status] {
        outcome.succeeded();
    }
    let proxy = network.behind(Tamper::SignedLongAgo);
    let [update, query, metadata, status] = outcomes(&Inbox::at(&icp, proxy.url(), network.canister()));
    for outcome in [update, query, status] {
        assert_refused(outcome, "Certificate is stale", "ten minutes old");
    }
    assert_refused(metadata, "Metadata section 'candid:service' not found", "ten minutes old");
}

/// A subnet may speak for the canisters that the root key has delegated to it, and for no others.
#[test]
fn certificates_of_another_subnet_are_refused() {
    let (network, icp) = (Network::start(), Icp::new());
    let proxy = network.behind(Tamper::DelegatedHere);
    for outcome in outcomes(&Inbox::at(&icp, proxy.url(), network.canister())) {
        outcome.succeeded();
    }
    let proxy = network.behind(Tamper::DelegatedElsewhere);
    let [update, query, metadata, status] = outcomes(&Inbox::at(&icp, proxy.url(), network.canister()));
    for outcome in [update, query, status] {
        assert_refused(outcome, "not authorized", "another subnet");
    }
    assert_refused(metadata, "Metadata section 'candid:service' not found", "another subnet");
}

#[test]
fn tampered_queries_are_refused() {
    let (network, icp) = (Network::start(), Icp::new());
    for tamper in WITH_QUERIES {
        let proxy = network.behind(tamper);
        let [update, query, metadata, status] = outcomes(&Inbox::at(&icp, proxy.url(), network.canister()));
        for outcome in [update, metadata, status] {
            // Certificates are as they were.
            outcome.succeeded();
        }
        let reason = match tamper {
            Tamper::QueryUnsigned => "Query response did not contain any node signatures",
            _ => "Query signature verification failed",
        };
        assert_refused(query, reason, &format!("{tamper:?}"));
    }
}

/// The platform's own root key does not verify a network with another root key.
#[test]
fn the_platforms_root_key_is_a_wrong_one_here() {
    let (network, icp) = (Network::start(), Icp::new());
    let (url, canister) = (network.url(), network.canister().to_text());
    let words =
        ["canister", "call", &canister, "get_status", "()", "--query", "--network", &url, "--root-key", "mainnet"];
    assert_refused(icp.run(&words), UNBELIEVED, "mainnet's root key");
}
