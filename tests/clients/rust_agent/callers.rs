//! The callers: every kind of key that the network supports, directly and through delegations.

use std::time::{Duration, SystemTime};

use candid::Principal;
use ic_agent::identity::{
    AnonymousIdentity, BasicIdentity, DelegatedIdentity, Delegation, DelegationPermissions, SignedDelegation,
};
use ic_agent::{Agent, AgentError, Identity};
use message_canister::api::*;

use super::{agent, query, update};
use crate::network::Network;
use crate::tamper::nanos;
use crate::{assert_each_is_its_own_caller, decoded, identities, obeyed};

/// A key that is not used elsewhere.
pub fn key(secret: u8) -> BasicIdentity {
    BasicIdentity::from_raw_key(&[secret; 32])
}

/// `to` may sign for an hour.
pub fn delegation(to: &dyn Identity) -> Delegation {
    let expires = SystemTime::now() + Duration::from_secs(3600);
    let expiration = nanos(expires);
    Delegation { pubkey: to.public_key().expect("it has one"), expiration, targets: None, permissions: None }
}

/// `from` lets `to` sign for it, on the terms of `delegation`.
pub fn delegated(from: &dyn Identity, to: impl Identity + 'static, delegation: Delegation) -> DelegatedIdentity {
    let signature = from.sign_delegation(&delegation).expect("the key signs").signature.expect("and gives it");
    let signed = SignedDelegation { delegation, signature };
    DelegatedIdentity::new(from.public_key().expect("it has one"), Box::new(to), vec![signed]).expect("it is a chain")
}

/// `from` lets a P-256 key sign for it, which lets a secp256k1 key sign.
fn delegated_twice(from: &dyn Identity) -> DelegatedIdentity {
    let (middle, last) = (identities::p256(), identities::secp256k1());
    let delegations = [(from, delegation(&middle)), (&middle, delegation(&last))].map(|(signer, delegation)| {
        let signature = signer.sign_delegation(&delegation).expect("the key signs").signature.expect("and gives it");
        SignedDelegation { delegation, signature }
    });
    let key = from.public_key().expect("it has one");
    DelegatedIdentity::new(key, Box::new(last), delegations.to_vec()).expect("it is a chain")
}

async fn obeys(agent: &Agent, canister: Principal) -> [bool; 2] {
    let settings = update(agent, canister, "set_settings", (0u32, Vec::<Setting>::new())).await.expect("it replies");
    let check = query(agent, canister, "check", (CheckCursor::default(),)).await.expect("it replies");
    obeyed(decoded(&settings), decoded(&check))
}

#[test]
fn every_identity_is_its_own_caller() {
    let once = delegated(&key(20), key(21), delegation(&key(21)));
    let identities: [(&str, Box<dyn Identity>); 6] = [
        ("anonymous", Box::new(AnonymousIdentity)),
        ("Ed25519", Box::new(identities::ed25519())),
        ("secp256k1", Box::new(identities::secp256k1())),
        ("P-256", Box::new(identities::p256())),
        ("a delegate", Box::new(once)),
        ("a delegate's delegate", Box::new(delegated_twice(&key(22)))),
    ];
    let names = identities.each_ref().map(|(name, _)| *name);
    let principals = identities.each_ref().map(|(_, identity)| identities::principal(&**identity));
    assert_eq!(principals[4], identities::principal(&key(20)), "a delegate acts for who signed");
    let network = Network::controlled_by(&principals);
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let agents = identities.map(|(_, identity)| runtime.block_on(agent(&network.url(), identity)));
    assert_each_is_its_own_caller(&names, |canister, caller| {
        runtime.block_on(obeys(&agents[caller], network.canisters[canister]))
    });
}

/// The network's answer to a call or query that it refuses.
fn refused(result: Result<Vec<u8>, AgentError>) -> String {
    match result.expect_err("it is refused") {
        AgentError::HttpError(answer) if answer.status == 400 => String::from_utf8_lossy(&answer.content).into_owned(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn delegations_hold_only_on_their_terms() {
    let owner = key(20);
    let principal = identities::principal(&owner);
    let network = Network::controlled_by(&[principal, principal]);
    let [target, other] = network.canisters[..] else { panic!("there are two canisters") };
    let settings = (0u32, Vec::<Setting>::new());
    let start = (CheckCursor::default(),);

    let terms = Delegation { targets: Some(vec![target]), ..delegation(&key(21)) };
    let delegate = agent(&network.url(), delegated(&owner, key(21), terms)).await;
    assert_eq!(obeys(&delegate, target).await, [true, true], "the target obeys");
    let answer = refused(update(&delegate, other, "set_settings", settings.clone()).await);
    assert!(answer.contains(&other.to_string()), "the refusal names the canister: {answer}");
    let answer = refused(query(&delegate, other, "check", start).await);
    assert!(answer.contains(&other.to_string()), "the refusal names the canister: {answer}");

    let terms = Delegation { permissions: Some(DelegationPermissions::Queries), ..delegation(&key(21)) };
    let delegate = agent(&network.url(), delegated(&owner, key(21), terms)).await;
    let check = query(&delegate, target, "check", start).await.expect("queries are permitted");
    assert!(decoded::<CheckReport, CheckError>(&check).is_ok(), "the query is the owner's");
    let answer = refused(update(&delegate, target, "set_settings", settings.clone()).await);
    assert!(answer.contains("queries only"), "{answer}");

    let expiration = nanos(SystemTime::now() - Duration::from_secs(1));
    let terms = Delegation { expiration, ..delegation(&key(21)) };
    let delegate = agent(&network.url(), delegated(&owner, key(21), terms)).await;
    let answer = refused(update(&delegate, target, "set_settings", settings.clone()).await);
    assert!(answer.contains(&format!("expired at {expiration}")), "{answer}");
}

/// A key signs a delegation, but claims to be another key's delegate.
#[tokio::test]
async fn a_delegation_that_another_key_signed_is_refused() {
    let network = Network::start();
    let delegation = delegation(&key(21));
    let signature = key(23).sign_delegation(&delegation).expect("the key signs").signature.expect("and gives it");
    let claimed = key(20).public_key().expect("it has one");
    let chain = vec![SignedDelegation { delegation, signature }];
    let identity = DelegatedIdentity::new_unchecked(claimed, Box::new(key(21)), chain);
    let thief = agent(&network.url(), identity).await;
    let answer = refused(update(&thief, network.canister(), "set_settings", (0u32, Vec::<Setting>::new())).await);
    assert!(answer.contains("delegation 0"), "the refusal names the delegation: {answer}");
}
