//! Answers that the agent must refuse. Without these tests, the answers that it accepts elsewhere would prove nothing.

use candid::Principal;
use ic_agent::identity::AnonymousIdentity;
use ic_agent::{Agent, AgentError};

use super::{agent, query, update};
use crate::network::Network;
use crate::tamper::{Tamper, WITH_CERTIFICATES, WITH_QUERIES};
use crate::{blob, module_hash};

/// The outcome of an update, a query, and reads of the metadata and the module hash.
async fn results(agent: &Agent, canister: Principal) -> [Result<Vec<u8>, AgentError>; 4] {
    [
        update(agent, canister, "add_message", (blob(b"alice"), blob(b"sealed"))).await,
        query(agent, canister, "get_message_by_id", (1u32,)).await,
        agent.read_state_canister_metadata(canister, "candid:service").await,
        agent.read_state_canister_module_hash(canister).await,
    ]
}

#[tokio::test]
async fn an_honest_proxy_is_believed() {
    let network = Network::start();
    let proxy = network.behind(Tamper::Nothing);
    let agent = agent(&proxy.url(), AnonymousIdentity).await;
    let [update, query, metadata, hash] = results(&agent, network.canister()).await;
    assert!(update.is_ok() && query.is_ok() && metadata.is_ok(), "{update:?} {query:?} {metadata:?}");
    assert_eq!(hash, Ok(module_hash().to_vec()));
}

#[tokio::test]
async fn tampered_certificates_are_refused() {
    let network = Network::start();
    for tamper in WITH_CERTIFICATES {
        let proxy = network.behind(tamper);
        let agent = agent(&proxy.url(), AnonymousIdentity).await;
        // The query too: the node's key comes in a certificate.
        for (what, result) in
            ["update", "query", "metadata", "hash"].iter().zip(results(&agent, network.canister()).await)
        {
            assert_eq!(result, Err(AgentError::CertificateVerificationFailed()), "{what}, {tamper:?}");
        }
    }
}

/// A certificate that was valid once. It proves an old state.
#[tokio::test]
async fn old_certificates_are_refused() {
    let network = Network::start();
    let proxy = network.behind(Tamper::SignedAnew);
    let [update, _, metadata, hash] = results(&agent(&proxy.url(), AnonymousIdentity).await, network.canister()).await;
    assert!(update.is_ok() && metadata.is_ok() && hash.is_ok(), "the signature is right: {update:?} {metadata:?}");

    let proxy = network.behind(Tamper::SignedLongAgo);
    for result in results(&agent(&proxy.url(), AnonymousIdentity).await, network.canister()).await {
        assert!(matches!(result, Err(AgentError::CertificateOutdated(_))), "{result:?}");
    }
}

/// A subnet may speak for the canisters that the root key has delegated to it, and for no others.
#[tokio::test]
async fn certificates_of_another_subnet_are_refused() {
    let network = Network::start();
    let proxy = network.behind(Tamper::DelegatedHere);
    let [update, query, metadata, hash] =
        results(&agent(&proxy.url(), AnonymousIdentity).await, network.canister()).await;
    assert!(update.is_ok() && query.is_ok() && metadata.is_ok() && hash.is_ok(), "{update:?} {query:?} {metadata:?}");

    let proxy = network.behind(Tamper::DelegatedElsewhere);
    for result in results(&agent(&proxy.url(), AnonymousIdentity).await, network.canister()).await {
        assert_eq!(result, Err(AgentError::CertificateNotAuthorized()));
    }
}

#[tokio::test]
async fn tampered_queries_are_refused() {
    let network = Network::start();
    for tamper in WITH_QUERIES {
        let proxy = network.behind(tamper);
        let agent = agent(&proxy.url(), AnonymousIdentity).await;
        let [update, query, metadata, hash] = results(&agent, network.canister()).await;
        assert!(update.is_ok() && metadata.is_ok() && hash.is_ok(), "certificates are as they were: {update:?}");
        let expected = match tamper {
            Tamper::QueryUnsigned => AgentError::MissingSignature,
            _ => AgentError::QuerySignatureVerificationFailed,
        };
        assert_eq!(query, Err(expected), "{tamper:?}");
    }
}

#[tokio::test]
async fn a_wrong_root_key_is_refused() {
    let network = Network::start();
    let proxy = network.behind(Tamper::RootKey);
    // The root key that the status tells, and the one of the platform itself, which agents have unless they ask.
    let told = agent(&proxy.url(), AnonymousIdentity).await;
    let built_in = Agent::builder().with_url(network.url()).build().expect("the url is legal");
    assert_ne!(told.read_root_key(), built_in.read_root_key());
    for agent in [told, built_in] {
        for result in results(&agent, network.canister()).await {
            assert_eq!(result, Err(AgentError::CertificateVerificationFailed()));
        }
    }
}
