//! The agents for JavaScript, under Node.js: @icp-sdk/core, and @dfinity/agent with its companions.
//!
//! Both run the same scenarios (the folder `javascript`). Their own assertions must hold. As in applications, the
//! actor's interface is made from `canister.did`, here for each run.

use candid::Principal;
use candid_parser::utils::CandidSource;
use serde_json::{Value, json};

use crate::identities;
use crate::module_hash;
use crate::network::Network;
use crate::programs::{Folder, MISSING, program, run};
use crate::tamper::{Tamper, WITH_CERTIFICATES, WITH_QUERIES};
use test_support::artifact::root;

/// Runs a scenario with a family of packages. It must come to its end.
pub fn scenario(family: &str, name: &str, mut settings: Value) {
    let scripts = root().join("tests/clients/javascript");
    assert!(scripts.join("node_modules").is_dir(), "the agents for JavaScript are not installed: {MISSING}");
    let folder = Folder::new();
    settings["interface"] = json!(folder.write("inbox.did.mjs", interface()));
    settings["did"] = json!(root().join("canister.did"));
    settings["moduleHash"] = json!(hex(&module_hash()));
    let mut node = program("MESSAGE_CANISTER_NODE", Some("node"));
    node.arg(scripts.join("run.mjs")).args([family, name]).env_remove("NODE_OPTIONS");
    let output = run(&mut node, settings.to_string().as_bytes()).succeeded();
    let output = String::from_utf8_lossy(&output);
    assert!(output.ends_with(&format!("done: {name}\n")), "{name} did not come to its end: {output}");
}

/// The interface as a module for JavaScript.
fn interface() -> String {
    let did = std::fs::read_to_string(root().join("canister.did")).expect("the file is there");
    let (env, service) = CandidSource::Text(&did).load().expect("the file is candid");
    candid_parser::bindings::javascript::compile(&env, &service)
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A scenario with one inbox that the anonymous principal controls.
fn with_an_inbox(family: &str, name: &str) {
    let network = Network::start();
    let settings = json!({
        "url": network.url(),
        "canister": network.canister().to_text(),
        "absentCanister": network.absent_canister().to_text(),
        "controllers": [Principal::anonymous().to_text()],
    });
    scenario(family, name, settings);
}

/// A scenario with one directory.
fn with_a_directory(family: &str, name: &str) {
    let network = Network::of_directories(1);
    scenario(family, name, json!({ "url": network.url(), "canister": network.canister().to_text() }));
}

/// A scenario with a canister that rejects.
fn with_a_rejecting_canister(family: &str, name: &str) {
    let network = Network::rejecting();
    scenario(family, name, json!({ "url": network.url(), "canister": network.canister().to_text() }));
}

/// A scenario with an inbox behind each proxy.
fn with_proxies(family: &str, name: &str) {
    let network = Network::start();
    let tampers = [Tamper::Nothing, Tamper::RootKey, Tamper::DelegatedHere, Tamper::DelegatedElsewhere]
        .into_iter()
        .chain(WITH_CERTIFICATES)
        .chain(WITH_QUERIES);
    let proxies: Vec<_> = tampers.map(|tamper| (tamper, network.behind(tamper))).collect();
    let urls = proxies.iter().map(|(tamper, proxy)| (format!("{tamper:?}"), json!(proxy.url())));
    let settings = json!({
        "url": network.url(),
        "canister": network.canister().to_text(),
        "proxies": Value::Object(urls.collect()),
    });
    scenario(family, name, settings);
}

/// A scenario with an inbox for each identity, controlled by it.
fn with_identities(family: &str, name: &str) {
    let identities = identities::of_every_client();
    let principals = identities.each_ref().map(|(_, identity)| identities::principal(&**identity));
    let network = Network::controlled_by(&principals);
    let by_name = |principals: &[Principal]| {
        let entries = identities.iter().zip(principals).map(|((name, _), id)| (name.to_string(), json!(id.to_text())));
        Value::Object(entries.collect())
    };
    let settings = json!({
        "url": network.url(),
        "secrets": { "ed25519": hex(&identities::ED25519), "secp256k1": hex(&identities::SECP256K1) },
        "principals": by_name(&principals),
        "canisters": by_name(&network.canisters),
    });
    scenario(family, name, settings);
}

/// The tests of one family: the name of each is that of its scenario.
macro_rules! tests_of {
    ($module:ident, $family:literal) => {
        mod $module {
            #[test]
            fn messages_are_added_once_and_read_back() {
                super::with_an_inbox($family, "messagesAreAddedOnceAndReadBack");
            }

            #[test]
            fn a_batch_is_added_and_read_in_pages() {
                super::with_an_inbox($family, "aBatchIsAddedAndReadInPages");
            }

            #[test]
            fn traps_missing_methods_and_missing_canisters_are_told_apart() {
                super::with_an_inbox($family, "trapsMissingMethodsAndMissingCanistersAreToldApart");
            }

            #[test]
            fn a_gateway_passes_the_status() {
                super::with_an_inbox($family, "aGatewayPassesTheStatus");
            }

            #[test]
            fn a_gateway_passes_a_directorys_answers() {
                super::with_a_directory($family, "aGatewayPassesADirectorysAnswers");
            }

            #[test]
            fn rejections_of_canisters_are_told() {
                super::with_a_rejecting_canister($family, "rejectionsOfCanistersAreTold");
            }

            #[test]
            fn metadata_and_the_module_hash_are_certified() {
                super::with_an_inbox($family, "metadataAndTheModuleHashAreCertified");
            }

            #[test]
            fn every_identity_is_its_own_caller() {
                super::with_identities($family, "everyIdentityIsItsOwnCaller");
            }

            #[test]
            fn an_honest_proxy_is_believed() {
                super::with_proxies($family, "anHonestProxyIsBelieved");
            }

            #[test]
            fn tampered_certificates_are_refused() {
                super::with_proxies($family, "tamperedCertificatesAreRefused");
            }

            #[test]
            fn certificates_of_another_subnet_are_refused() {
                super::with_proxies($family, "whatAnotherSubnetCertifiesIsRefused");
            }

            #[test]
            fn tampered_queries_are_refused() {
                super::with_proxies($family, "tamperedQueriesAreRefused");
            }

            #[test]
            fn a_wrong_root_key_is_refused() {
                super::with_proxies($family, "aWrongRootKeyIsRefused");
            }
        }
    };
}

/// Only one agent supports all terms of delegations, so only it is tested with them.
#[test]
fn delegates_of_an_owner_act_on_their_terms() {
    let network = Network::controlled_by(&[identities::principal(&identities::ed25519())]);
    let settings = json!({
        "url": network.url(),
        "canister": network.canister().to_text(),
        "absentCanister": network.absent_canister().to_text(),
        "operator": hex(&identities::ED25519),
    });
    scenario("icp-sdk", "delegatesOfAnOwnerActOnTheirTerms", settings);
}

tests_of!(icp_sdk, "icp-sdk");
tests_of!(dfinity, "dfinity");
