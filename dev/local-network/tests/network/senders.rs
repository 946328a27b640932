//! A request is accepted if its sender signed it, and refused for each reason in the specification.

use std::time::Duration;

use crate::common::Network;
use crate::common::asked::Asked;
use crate::common::envelope::*;
use crate::common::keys::Key;
use candid::Principal;
use ic_transport_types::{Envelope, EnvelopeContent, SenderInfo};

const SECOND: Duration = Duration::from_secs(1);
/// Tolerance of a request's expiry beyond the five minutes of the specification, as clocks differ.
const DRIFT: Duration = Duration::from_secs(60);

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
    // A signed query is not a signed call either.
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
