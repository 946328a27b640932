//! A key to which the owner delegates reads and acknowledges the owner's messages, on the terms of the delegation.

use std::time::{Duration, SystemTime};

use ::client::agent::AgentTransport;
use ::client::api::*;
use ::client::{CallError, Client, Failure, Retry, Trust};
use candid::Principal;
use ic_agent::AgentError;
use ic_agent::identity::{Delegation, DelegationPermissions};

use super::agent;
use super::callers::{delegated, delegation, key};
use crate::identities;
use crate::network::Network;
use crate::tamper::nanos;

/// An inbox with closed reads and two messages for the owner of [`key`] 30, whose principal is the key id.
async fn closed() -> (Network, Vec<u8>) {
    let network = Network::controlled_by(&[identities::principal(&identities::ed25519())]);
    let operator = Client::with_agent(agent(&network.url(), identities::ed25519()).await, network.canister());
    let version = operator.get_status().await.expect("it replies").settings.version;
    operator.set_settings(version, &[Setting::reads(Reads::owners)]).await.expect("the caller is an admin");
    let key_id = identities::principal(&key(30)).as_slice().to_vec();
    for text in [b"one", b"two"] {
        operator.add_message(&key_id, text).await.expect("everybody adds");
    }
    (network, key_id)
}

/// A client that signs for the owner on these terms.
async fn delegate(network: &Network, terms: Delegation) -> Client<AgentTransport> {
    let agent = agent(&network.url(), delegated(&key(30), key(31), terms)).await;
    Client::with_agent(agent, network.canister()).with_retry(Retry::NEVER)
}

/// The ids of the owner's messages, read and verified.
async fn ids(client: &Client<AgentTransport>, key_id: &[u8]) -> Result<Vec<Id>, CallError<PageError>> {
    let page = client.messages_of_key(key_id, Order::ascending, Start::beginning).next().await?;
    let Some(page) = page else { return Ok(vec![]) };
    assert!(matches!(page.trust, Trust::Verified { .. }), "{:?}", page.trust);
    Ok(page.value.messages.iter().map(|message| message.id).collect())
}

fn through(key_id: &[u8], id: Id) -> [Acknowledgement; 1] {
    [Acknowledgement { key_id: key_id.to_vec().into(), through: id }]
}

/// The network's answer to a call that it refuses.
fn refused<T: std::fmt::Debug, E: std::fmt::Debug>(result: Result<T, CallError<E>>) -> String {
    let error = match result.expect_err("it is refused") {
        CallError::Failed(Failure::Unanswered(error) | Failure::Unsendable(error)) => error,
        other => panic!("{other:?}"),
    };
    match error.downcast_ref::<AgentError>() {
        Some(AgentError::HttpError(answer)) if answer.status == 400 => String::from_utf8_lossy(&answer.content).into(),
        _ => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_full_delegate_reads_and_acknowledges_as_the_owner() {
    let (network, key_id) = closed().await;
    let stranger = Client::with_agent(agent(&network.url(), key(31)).await, network.canister());
    let acknowledged = stranger.acknowledge(&through(&key_id, 1)).await.expect("it is answered");
    assert_eq!(acknowledged, [Err(AckError::NotOwner)], "the delegate's own key owns nothing");
    let delegate = delegate(&network, delegation(&key(31))).await;
    let label = delegate.claim(&key_id, &OwnerProof::own).await.expect("it is the owner's").label;
    let delegate = delegate.with_label(&key_id, label[..].try_into().expect("a label has 32 bytes"));
    assert_eq!(ids(&delegate, &key_id).await.expect("it verifies"), [1, 2]);
    let acknowledged = delegate.acknowledge(&through(&key_id, 1)).await.expect("it is answered");
    assert_eq!(acknowledged, [Ok(Acknowledged { messages: 1 })]);
    assert_eq!(ids(&delegate, &key_id).await.expect("it verifies"), [2]);
}

#[tokio::test]
async fn a_delegate_for_queries_reads_and_neither_writes_nor_acknowledges() {
    let (network, key_id) = closed().await;
    let owner = Client::with_agent(agent(&network.url(), key(30)).await, network.canister());
    let label = owner.claim(&key_id, &OwnerProof::own).await.expect("it is the owner's").label;
    let terms = Delegation { permissions: Some(DelegationPermissions::Queries), ..delegation(&key(31)) };
    let label = label[..].try_into().expect("a label has 32 bytes");
    let reader = delegate(&network, terms).await.with_label(&key_id, label);
    assert_eq!(ids(&reader, &key_id).await.expect("it verifies"), [1, 2]);
    for answer in [
        refused(reader.acknowledge(&through(&key_id, 1)).await),
        refused(reader.add_message(&key_id, b"three").await),
        refused(reader.claim(&key_id, &OwnerProof::own).await),
        refused(reader.set_key(&key_id, &[KeySetting::send_key(NewSendKey::none)]).await),
    ] {
        assert!(answer.contains("queries only"), "{answer}");
    }
    let owner = owner.with_label(&key_id, label);
    assert_eq!(ids(&owner, &key_id).await.expect("it verifies"), [1, 2], "nothing was acknowledged or added");
}

#[tokio::test]
async fn an_expired_delegate_and_one_for_another_canister_reach_nothing() {
    let (network, key_id) = closed().await;
    let expiration = nanos(SystemTime::now() - Duration::from_secs(1));
    let expired = Delegation { expiration, ..delegation(&key(31)) };
    let elsewhere = Principal::from_slice(&[0, 0, 0, 0, 0, 0, 0, 9, 1, 1]);
    let targets = Delegation { targets: Some(vec![elsewhere]), ..delegation(&key(31)) };
    let canister = network.canister().to_text();
    for (terms, reason) in [(expired, format!("expired at {expiration}")), (targets, canister)] {
        let delegate = delegate(&network, terms).await;
        for answer in [
            refused(ids(&delegate, &key_id).await),
            refused(delegate.acknowledge(&through(&key_id, 1)).await),
            refused(delegate.add_message(&key_id, b"three").await),
        ] {
            assert!(answer.contains(&reason), "it must say {reason}: {answer}");
        }
    }
}
