//! A request is believed if its sender signed it, and refused for each reason that the specification has.

mod common;

use std::time::Duration;

use candid::Principal;
use common::Network;
use common::envelope::*;
use common::http::Answer;
use common::keys::Key;
use ic_transport_types::{DelegationPermissions, Envelope, EnvelopeContent, QueryResponse, SenderInfo};

const SECOND: Duration = Duration::from_secs(1);
/// What a request may expire after, beyond the five minutes of the specification, as clocks differ.
const DRIFT: Duration = Duration::from_secs(60);

/// A network, and what its canister is asked in these tests: who calls.
struct Asked(Network);

impl Asked {
    async fn start() -> Self {
        Self(Network::probe().await)
    }

    fn query(&self, sender: Principal) -> EnvelopeContent {
        query(self.0.canister, sender, "caller_of_query", &[])
    }

    /// Each kind of request by `sender`.
    fn each(&self, sender: Principal) -> [EnvelopeContent; 3] {
        let call = call(self.0.canister, sender, "caller", &[]);
        [call, self.query(sender), read_state(sender, &[path([b"time"])])]
    }

    async fn accepts(&self, what: &str, envelope: &Envelope<'_>) {
        let answer = self.0.ask(envelope).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        if matches!(*envelope.content, EnvelopeContent::Query { .. }) {
            assert_eq!(caller(&answer), envelope.content.sender().as_slice(), "{what}");
        }
    }

    async fn refuses(&self, what: &str, envelope: &Envelope<'_>, reason: &str) {
        let answer = self.0.ask(envelope).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.text());
        assert!(answer.text().contains(reason), "{what}: {}", answer.text());
    }
}

fn caller(answer: &Answer) -> Vec<u8> {
    match answer.cbor() {
        QueryResponse::Replied { reply, .. } => reply.arg,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_kind_of_request_is_accepted_of_each_kind_of_sender() {
    let asked = Asked::start().await;
    for content in asked.each(Principal::anonymous()) {
        asked.accepts("anonymous", &bare(content)).await;
    }
    for key in Key::each(1) {
        for content in asked.each(key.principal()) {
            asked.accepts(key.name(), &signed(content, &key)).await;
        }
    }
}

#[tokio::test]
async fn a_request_is_good_from_now_to_five_minutes_and_what_clocks_differ_by() {
    let asked = Asked::start().await;
    let key = Key::ed25519(1);
    for content in asked.each(key.principal()) {
        let sign = |expiry| signed(expiring(content.clone(), expiry), &key);
        asked.refuses("no time", &sign(0), "Invalid request expiry: ingress_expiry 0").await;
        asked.refuses("expired", &sign(before(SECOND)), "Invalid request expiry").await;
        asked.accepts("soon", &sign(after(20 * SECOND))).await;
        asked.accepts("five minutes", &sign(after(5 * MINUTE))).await;
        asked.accepts("and a drift", &sign(after(5 * MINUTE + DRIFT - SECOND))).await;
        asked.refuses("later", &sign(after(5 * MINUTE + DRIFT + 20 * SECOND)), "Invalid request expiry").await;
        asked.refuses("never", &sign(u64::MAX), "Invalid request expiry").await;
    }
}

/// Agents whose clock is wrong learn the time from an anonymous read.
#[tokio::test]
async fn of_anonymous_requests_only_calls_expire() {
    let asked = Asked::start().await;
    let [call, query, read] = asked.each(Principal::anonymous());
    for expiry in [0, before(60 * MINUTE), after(60 * MINUTE), u64::MAX] {
        asked.accepts("query", &bare(expiring(query.clone(), expiry))).await;
        asked.accepts("read_state", &bare(expiring(read.clone(), expiry))).await;
        asked.refuses("call", &bare(expiring(call.clone(), expiry)), "Invalid request expiry").await;
    }
}

#[tokio::test]
async fn a_sender_must_sign_and_the_anonymous_one_must_not() {
    let asked = Asked::start().await;
    for key in Key::each(1) {
        for content in asked.each(key.principal()) {
            let whole = signed(content.clone(), &key);
            let must = "must send sender_pubkey and sender_sig";
            asked.refuses("bare", &bare(content), must).await;
            asked.refuses("no key", &Envelope { sender_pubkey: None, ..whole.clone() }, must).await;
            asked.refuses("no signature", &Envelope { sender_sig: None, ..whole }, must).await;
        }
        for content in asked.each(Principal::anonymous()) {
            let whole = delegated(content, &[Key::nth(7), Key::nth(8)]);
            let must_not = "the anonymous sender must send no";
            let none = bare(whole.content.clone().into_owned());
            asked.refuses("all", &whole, must_not).await;
            let alone = Envelope { sender_pubkey: whole.sender_pubkey.clone(), ..none.clone() };
            asked.refuses("key", &alone, must_not).await;
            let alone = Envelope { sender_sig: whole.sender_sig.clone(), ..none.clone() };
            asked.refuses("signature", &alone, must_not).await;
            let alone = Envelope { sender_delegation: whole.sender_delegation.clone(), ..none.clone() };
            asked.refuses("delegation", &alone, must_not).await;
            let alone = Envelope { sender_delegation: Some(Vec::new()), ..none };
            asked.refuses("no delegations", &alone, must_not).await;
        }
    }
}

#[tokio::test]
async fn the_key_must_be_the_senders_and_one_that_is_known() {
    let asked = Asked::start().await;
    for key in Key::each(1) {
        for other in Key::each(2) {
            let envelope = signed(asked.query(key.principal()), &other);
            asked.refuses(key.name(), &envelope, &format!("the key of {}", other.principal())).await;
        }
        let der = key.der();
        let raw = der[der.len() - 32..].to_vec();
        let cut = der[..der.len() - 1].to_vec();
        let longer = [&der[..], &[0]].concat();
        // The algorithm is named in the first bytes.
        let mut unknown = der.clone();
        unknown[6] ^= 1;
        for garbage in [Vec::new(), vec![0], b"garbage".to_vec(), raw, cut, longer, unknown] {
            let sender = Principal::self_authenticating(&garbage);
            let envelope = Envelope { sender_pubkey: Some(garbage.clone()), ..signed(asked.query(sender), &key) };
            let reason = format!("a public key of {} bytes is no DER", garbage.len());
            asked.refuses(key.name(), &envelope, &reason).await;
        }
    }
}

#[tokio::test]
async fn a_signature_with_any_byte_changed_is_wrong() {
    let asked = Asked::start().await;
    for key in Key::each(1) {
        let envelope = signed(asked.query(key.principal()), &key);
        let signature = envelope.sender_sig.clone().expect("it is signed");
        let with = |signature: Vec<u8>| Envelope { sender_sig: Some(signature), ..envelope.clone() };
        let wrong = "sender_sig is not the signature of this request";
        for place in 0..signature.len() {
            for bit in [1, 0x80] {
                let mut changed = signature.clone();
                changed[place] ^= bit;
                asked.refuses(&format!("{}, byte {place}", key.name()), &with(changed), wrong).await;
            }
        }
        let cut = signature[..63].to_vec();
        let longer = [&signature[..], &[0]].concat();
        let swapped = [&signature[32..], &signature[..32]].concat();
        for other in [Vec::new(), cut, longer, swapped, vec![0; 64], vec![0xff; 64]] {
            asked.refuses(key.name(), &with(other), wrong).await;
        }
        asked.accepts(key.name(), &with(signature)).await;
    }
}

/// Of the two forms of an ECDSA signature the platform takes either. An id is of the content alone, so that a replay
/// in the other form is still the same request.
#[tokio::test]
async fn both_forms_of_an_ecdsa_signature_are_accepted() {
    let asked = Asked::start().await;
    for key in [Key::secp256k1(1), Key::p256(1)] {
        let envelope = signed(asked.query(key.principal()), &key);
        let signature = envelope.sender_sig.clone().expect("it is signed");
        let other = key.other_form(&signature).expect("it is ECDSA");
        assert_ne!(signature, other);
        asked.accepts(key.name(), &Envelope { sender_sig: Some(other), ..envelope }).await;
    }
}

#[tokio::test]
async fn a_signature_is_of_the_whole_content() {
    let asked = Asked::start().await;
    let key = Key::ed25519(1);
    let Network { canister, .. } = asked.0;
    let wrong = "sender_sig is not the signature of this request";
    let original = signed(call(canister, key.principal(), "echo", b"one"), &key);
    let change = |change: &dyn Fn(&mut EnvelopeContent)| {
        let mut content = original.content.clone().into_owned();
        change(&mut content);
        Envelope { content: std::borrow::Cow::Owned(content), ..original.clone() }
    };
    let changed = change(&|content| {
        let EnvelopeContent::Call { arg, .. } = content else { unreachable!() };
        *arg = b"two".to_vec();
    });
    asked.refuses("argument", &changed, wrong).await;
    let changed = change(&|content| {
        let EnvelopeContent::Call { method_name, .. } = content else { unreachable!() };
        *method_name = "count".to_string();
    });
    asked.refuses("method", &changed, wrong).await;
    let changed = change(&|content| {
        let EnvelopeContent::Call { nonce, .. } = content else { unreachable!() };
        *nonce = None;
    });
    asked.refuses("nonce", &changed, wrong).await;
    let changed = change(&|content| *content = expiring(content.clone(), content.ingress_expiry() + 1));
    asked.refuses("expiry", &changed, wrong).await;
    // A call as a query is not what was signed either.
    let changed = change(&|content| {
        let EnvelopeContent::Call { nonce, ingress_expiry, sender, canister_id, method_name, arg, .. } =
            content.clone()
        else {
            unreachable!()
        };
        *content =
            EnvelopeContent::Query { nonce, ingress_expiry, sender, canister_id, method_name, arg, sender_info: None };
    });
    asked.refuses("kind", &changed, wrong).await;
    asked.accepts("original", &original).await;
}

#[tokio::test]
async fn nonces_have_up_to_32_bytes() {
    let asked = Asked::start().await;
    let key = Key::ed25519(1);
    for content in &asked.each(key.principal())[..2] {
        for (length, accepted) in [(0, true), (1, true), (32, true), (33, false), (1_000, false)] {
            let mut content = content.clone();
            let (EnvelopeContent::Call { nonce, .. } | EnvelopeContent::Query { nonce, .. }) = &mut content else {
                unreachable!()
            };
            *nonce = Some(vec![7; length]);
            let envelope = signed(content, &key);
            if accepted {
                asked.accepts("nonce", &envelope).await;
            } else {
                let reason = format!("a nonce of {length} bytes is longer than 32");
                asked.refuses("nonce", &envelope, &reason).await;
            }
        }
    }
}

#[tokio::test]
async fn information_about_the_sender_is_refused() {
    let asked = Asked::start().await;
    let key = Key::ed25519(1);
    for mut content in asked.each(key.principal()).into_iter().take(2) {
        let (EnvelopeContent::Call { sender_info, .. } | EnvelopeContent::Query { sender_info, .. }) = &mut content
        else {
            unreachable!()
        };
        *sender_info = Some(SenderInfo { info: vec![1], signer: vec![2], sig: vec![3] });
        asked.refuses("sender_info", &signed(content, &key), "sender_info is not supported").await;
    }
}

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
    let chain = links.map(|(pair, targets)| {
        delegation(&pair[0], ic_transport_types::Delegation { targets: targets.clone(), ..to(&pair[1]) })
    });
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
        let chain = chain.map(|(pair, permissions)| {
            delegation(&pair[0], ic_transport_types::Delegation { permissions, ..to(&pair[1]) })
        });
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
