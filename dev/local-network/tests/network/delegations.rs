//! Delegations from a sender's key to others, for some time, some canisters and some requests.

use std::time::Duration;

use crate::common::Network;
use crate::common::asked::Asked;
use crate::common::envelope::*;
use crate::common::keys::Key;
use candid::Principal;
use ic_transport_types::{Delegation, DelegationPermissions, Envelope, EnvelopeContent};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn up_to_twenty_delegations_over_all_kinds_of_keys_are_followed() {
    let asked = Asked::start().await;
    let keys: Vec<Key> = (0..22).map(Key::nth).collect();
    for delegations in [1, 2, 3, 4, 10, 19, 20] {
        for start in 0..2 {
            let keys = &keys[start..];
            for content in asked.each(keys[0].principal()) {
                let what = format!("{delegations} delegations");
                asked.accepts(&what, &delegated(content, &keys[..=delegations])).await;
            }
        }
    }
    for content in asked.each(keys[0].principal()) {
        asked.refuses("21", &delegated(content, &keys), "21 delegations are more than 20").await;
    }
}

#[tokio::test]
async fn every_link_of_a_chain_must_be_signed_by_the_key_before_it() {
    let asked = Asked::start().await;
    let keys: Vec<Key> = (0..5).map(Key::nth).collect();
    let content = asked.query(keys[0].principal());
    let chain = || -> Vec<_> { keys.windows(2).map(|pair| delegation(&pair[0], to(&pair[1]))).collect() };
    for number in 0..4 {
        let wrong = format!("the signature of delegation {number} is not one of its key");
        let mut chain_by_other = chain();
        chain_by_other[number] = delegation(&Key::nth(30), to(&keys[number + 1]));
        let envelope = delegated_with(content.clone(), &keys, chain_by_other);
        // Of the other kind of key, a signature may be no signature at all: either way it is this one that is wrong.
        asked.refuses("another key signed", &envelope, &wrong).await;
        let mut chain_with_flip = chain();
        chain_with_flip[number].signature[40] ^= 1;
        asked.refuses("flipped", &delegated_with(content.clone(), &keys, chain_with_flip), &wrong).await;
        let mut chain_with_longer_life = chain();
        chain_with_longer_life[number].delegation.expiration += 1;
        asked.refuses("prolonged", &delegated_with(content.clone(), &keys, chain_with_longer_life), &wrong).await;
    }
    let mut without_second = chain();
    without_second.remove(1);
    let envelope = delegated_with(content.clone(), &keys, without_second);
    asked.refuses("a link is missing", &envelope, "the signature of delegation 1").await;
    let mut without_last = chain();
    without_last.pop();
    let envelope = delegated_with(content.clone(), &keys, without_last);
    asked.refuses("the last is missing", &envelope, "sender_sig is not the signature").await;
    asked.accepts("the chain", &delegated_with(content, &keys, chain())).await;
}

#[tokio::test]
async fn a_delegation_is_the_senders_and_to_a_known_key() {
    let asked = Asked::start().await;
    let keys: Vec<Key> = (0..3).map(Key::nth).collect();
    let other = Key::ed25519(9).principal();
    let envelope = delegated(asked.query(other), &keys);
    asked.refuses("for another sender", &envelope, &format!("the sender is {other}")).await;
    let mut garbage = to(&keys[1]);
    garbage.pubkey = vec![1, 2, 3];
    let content = asked.query(keys[0].principal());
    let envelope = delegated_with(content, &keys[..2], vec![delegation(&keys[0], garbage)]);
    asked.refuses("to garbage", &envelope, "a public key of 3 bytes is no DER").await;
}

#[tokio::test]
async fn no_key_comes_twice_in_a_chain() {
    let asked = Asked::start().await;
    let key = |number| Key::nth(number);
    let cycle = |number: usize| format!("delegation {number} is to a key that was in the chain before");
    let content = || asked.query(key(0).principal());
    asked.refuses("to itself", &delegated(content(), &[key(0), key(0)]), &cycle(0)).await;
    asked.refuses("back", &delegated(content(), &[key(0), key(1), key(0)]), &cycle(1)).await;
    asked.refuses("in the middle", &delegated(content(), &[key(0), key(1), key(2), key(1)]), &cycle(2)).await;
    asked.refuses("twice", &delegated(content(), &[key(0), key(1), key(1), key(2)]), &cycle(1)).await;
}

#[tokio::test]
async fn an_expired_delegation_is_refused_wherever_it_is() {
    let asked = Asked::start().await;
    let keys: Vec<Key> = (0..4).map(Key::nth).collect();
    for content in asked.each(keys[0].principal()) {
        for number in 0..3 {
            let mut chain: Vec<_> = keys.windows(2).map(|pair| delegation(&pair[0], to(&pair[1]))).collect();
            let mut expired = to(&keys[number + 1]);
            expired.expiration = before(SECOND);
            chain[number] = delegation(&keys[number], expired);
            let reason = format!("delegation {number} expired at");
            asked.refuses("expired", &delegated_with(content.clone(), &keys, chain), &reason).await;
        }
    }
    let mut forever = to(&keys[1]);
    forever.expiration = u64::MAX;
    let chain = vec![delegation(&keys[0], forever)];
    let envelope = delegated_with(asked.query(keys[0].principal()), &keys[..2], chain);
    asked.accepts("far in the future", &envelope).await;
}

fn targeted(keys: &[Key], content: &EnvelopeContent, targets: &[Option<Vec<Principal>>]) -> Envelope<'static> {
    let links = keys.windows(2).zip(targets);
    let chain =
        links.map(|(pair, targets)| delegation(&pair[0], Delegation { targets: targets.clone(), ..to(&pair[1]) }));
    delegated_with(content.clone(), &keys[..=targets.len()], chain.collect())
}

#[tokio::test]
async fn delegations_are_good_for_the_targets_that_all_of_them_name() {
    let asked = Asked::start().await;
    let Network { canister, .. } = asked.0;
    let keys: Vec<Key> = (0..3).map(Key::nth).collect();
    let (own, other) = (Some(vec![canister]), Some(vec![Principal::management_canister()]));
    let both = Some(vec![Principal::management_canister(), canister]);
    let [call, query, _] = asked.each(keys[0].principal());
    for content in [call, query] {
        let reason = format!("canister {canister} is not a target");
        for targets in [vec![own.clone()], vec![both.clone()], vec![own.clone(), both.clone()], vec![None, own.clone()]]
        {
            asked.accepts("a target", &targeted(&keys, &content, &targets)).await;
        }
        let none = Some(Vec::new());
        for targets in [
            vec![other.clone()],
            vec![none.clone()],
            vec![own.clone(), other.clone()],
            vec![other.clone(), own.clone()],
            vec![own.clone(), none],
            vec![None, other.clone()],
        ] {
            asked.refuses("no target", &targeted(&keys, &content, &targets), &reason).await;
        }
    }
}

#[tokio::test]
async fn a_delegation_names_up_to_a_thousand_targets() {
    let asked = Asked::start().await;
    let keys: Vec<Key> = (0..2).map(Key::nth).collect();
    let targets = |count: usize| {
        let mut targets = vec![asked.0.canister; count];
        for (number, target) in targets.iter_mut().skip(1).enumerate() {
            *target = Principal::from_slice(&(number as u64).to_be_bytes());
        }
        Some(targets)
    };
    for content in asked.each(keys[0].principal()) {
        asked.accepts("1,000", &targeted(&keys, &content, &[targets(1_000)])).await;
        let envelope = targeted(&keys, &content, &[targets(1_001)]);
        asked.refuses("1,001", &envelope, "1001 targets of a delegation are more than 1000").await;
    }
}

#[tokio::test]
async fn a_delegation_for_queries_permits_no_call() {
    let asked = Asked::start().await;
    let keys: Vec<Key> = (0..3).map(Key::nth).collect();
    let [call, query, read] = asked.each(keys[0].principal());
    let permitted = |permissions: [Option<DelegationPermissions>; 2], content: &EnvelopeContent| {
        let chain = keys.windows(2).zip(permissions);
        let chain = chain.map(|(pair, permissions)| delegation(&pair[0], Delegation { permissions, ..to(&pair[1]) }));
        delegated_with(content.clone(), &keys, chain.collect())
    };
    let (queries, all) = (Some(DelegationPermissions::Queries), Some(DelegationPermissions::All));
    for permissions in [[queries, None], [None, queries], [queries, all], [all, queries]] {
        asked.refuses("call", &permitted(permissions, &call), "a delegation permits queries only").await;
        asked.accepts("query", &permitted(permissions, &query)).await;
        asked.accepts("read_state", &permitted(permissions, &read)).await;
    }
    asked.accepts("all", &permitted([all, None], &call)).await;
}
