//! The agent that Rust programs use, against the network.

use crate::common::Network;
use ic_agent::identity::{AnonymousIdentity, BasicIdentity, Prime256v1Identity, Secp256k1Identity};
use ic_agent::{Agent, AgentError, Identity};

async fn agent(network: &Network, identity: impl Identity + 'static) -> Agent {
    let agent = Agent::builder().with_url(&network.url).with_identity(identity).build().expect("the url is legal");
    agent.fetch_root_key().await.expect("the status has a root key");
    agent
}

fn ed25519() -> BasicIdentity {
    BasicIdentity::from_raw_key(&[7; 32])
}

fn secp256k1() -> Secp256k1Identity {
    let key = ic_secp256k1::PrivateKey::generate_from_seed(b"test");
    let pem = key.serialize_rfc5915_pem();
    Secp256k1Identity::from_pem(pem.as_bytes()).expect("the PEM is legal")
}

fn prime256v1() -> Prime256v1Identity {
    let key = ic_secp256r1::PrivateKey::generate_insecure_key_for_testing(1);
    let pem = key.serialize_rfc5915_pem();
    Prime256v1Identity::from_pem(pem.as_bytes()).expect("the PEM is legal")
}

/// Each kind of identity is told as the principal that it is, by updates and by queries.
#[tokio::test]
async fn every_identity_is_its_own_caller() {
    let network = Network::start().await;
    let agents = [
        agent(&network, AnonymousIdentity).await,
        agent(&network, ed25519()).await,
        agent(&network, secp256k1()).await,
        agent(&network, prime256v1()).await,
    ];
    for agent in agents {
        let principal = agent.get_principal().expect("it has one");
        let updated = agent.update(&network.canister, "caller").with_arg([]).call_and_wait().await;
        assert_eq!(updated.expect("the update replies"), principal.as_slice());
        let queried = agent.query(&network.canister, "caller_of_query").with_arg([]).call().await;
        assert_eq!(queried.expect("the query replies"), principal.as_slice());
    }
}

#[tokio::test]
async fn traps_rejections_and_missing_methods_are_told_apart() {
    let network = Network::start().await;
    let agent = agent(&network, ed25519()).await;
    let update = async |method: &str| {
        let error = agent.update(&network.canister, method).with_arg([]).call_and_wait().await.expect_err("it fails");
        match error {
            AgentError::CertifiedReject { reject, .. } => ("certified", reject.error_code.unwrap_or_default()),
            AgentError::UncertifiedReject { reject, .. } => ("uncertified", reject.error_code.unwrap_or_default()),
            other => panic!("{other}"),
        }
    };
    assert_eq!(update("trap").await, ("certified", "IC0502".to_string()));
    assert_eq!(update("reject").await, ("certified", "IC0406".to_string()));
    assert_eq!(update("missing_method").await, ("certified", "IC0536".to_string()));
    assert_eq!(update("refused").await, ("uncertified", "IC0406".to_string()));
    match agent.query(&network.canister, "trap_of_query").with_arg([]).call().await {
        Err(AgentError::UncertifiedReject { reject, .. }) => assert_eq!(reject.error_code.as_deref(), Some("IC0502")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_state_is_read_with_proofs() {
    let network = Network::start().await;
    let agent = agent(&network, AnonymousIdentity).await;
    let metadata = agent.read_state_canister_metadata(network.canister, "about").await;
    assert_eq!(metadata.expect("it is public"), b"for tests");
    let absent = agent.read_state_canister_metadata(network.canister, "absent").await;
    assert!(matches!(absent, Err(AgentError::LookupPathAbsent(_))), "{absent:?}");
    let hash = agent.read_state_canister_module_hash(network.canister).await.expect("it has a module");
    assert_eq!(hash, network.module_hash);
    let controllers = agent.read_state_canister_controllers(network.canister).await.expect("they are certified");
    assert_eq!(controllers, [candid::Principal::anonymous()]);
}

/// Without these refusals, the other tests would prove nothing.
#[tokio::test]
async fn another_root_key_is_refused() {
    let (network, other) = (Network::start().await, Network::start().await);
    let agent = agent(&network, AnonymousIdentity).await;
    agent.set_root_key(agent_root_key(&other).await);
    let error = agent.update(&network.canister, "caller").with_arg([]).call_and_wait().await.expect_err("it fails");
    let wrong = matches!(error, AgentError::CertificateVerificationFailed() | AgentError::CertificateNotAuthorized());
    assert!(wrong, "{error:?}");
}

async fn agent_root_key(network: &Network) -> Vec<u8> {
    agent(network, AnonymousIdentity).await.read_root_key()
}
