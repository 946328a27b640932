//! Calls that change nothing are charged too.

use candid::encode_args;
use message_canister::api::*;
use message_canister::limits::{MAX_BATCH_MESSAGES, MAX_CIPHERTEXT_BYTES, MAX_LOOKUP_ITEMS};
use serde_bytes::ByteBuf;

use super::{batch, person, rate, submit, with};

/// Calls that fail for their arguments alone, and calls without items. Inspection admits them as it admits others.
fn calls_in_vain() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let good = "it can be encoded";
    let add = |key_id: &[u8], length: usize| {
        encode_args((ByteBuf::from(key_id), ByteBuf::from(vec![7; length]))).expect(good)
    };
    let keys = |count: usize| {
        encode_args((vec![Acknowledgement { key_id: ByteBuf::from("key"), through: 1 }; count],)).expect(good)
    };
    let messages = |count: usize| encode_args((batch(count, 1),)).expect(good);
    vec![
        ("no key id", "add_message", add(b"", 0)),
        ("a key id that is too long", "add_message", add(&[7; 5_000], 1)),
        ("no ciphertext", "add_message", add(b"key", 0)),
        ("a ciphertext that is too long", "add_message", add(b"key", MAX_CIPHERTEXT_BYTES + 1)),
        ("a few bytes that are no candid", "add_message", vec![7; 100]),
        ("many bytes that are no candid", "add_message", vec![7; MAX_CIPHERTEXT_BYTES]),
        ("a batch that is no candid", "add_messages", vec![7; MAX_CIPHERTEXT_BYTES]),
        ("too many messages", "add_messages", messages(MAX_BATCH_MESSAGES + 1)),
        ("no messages", "add_messages", messages(0)),
        ("too many keys", "acknowledge", keys(MAX_LOOKUP_ITEMS + 1)),
        ("no keys", "acknowledge", keys(0)),
    ]
}

#[test]
fn calls_in_vain_are_charged_like_others() {
    let cycles = Budget { cycles_a_day: Bound::AtMost(40_000_000), ..Budget::default() };
    let items = Budget { items: rate(1, 3), ..Budget::default() };
    let bytes = Budget { bytes: rate(1, 20), ..Budget::default() };
    let each = Budget { each: rate(1, 3), ..Budget::default() };
    for (what, method, arg) in calls_in_vain() {
        // An update costs 6.2 M cycles, and each of these arguments has at least 12 bytes.
        for (budget, most) in [(cycles, 7), (items, 3), (bytes, 2), (each, 3)] {
            let (engine, inbox) = with(&[Setting::strangers(budget)]);
            let mut admitted = 0;
            while admitted < 50
                && let Ok(message) = engine.submit_call(inbox.id, person(1), method, arg.clone())
            {
                let _ = engine.await_call(message);
                admitted += 1;
            }
            assert!((1..=most).contains(&admitted), "{what}: {admitted} were admitted by {budget:?}");
            assert!(submit(&engine, &inbox, person(1), b"key", b"text").is_none(), "{what}: {budget:?} is used up");
            let is_shared = budget.each == Bound::Unlimited;
            assert_eq!(submit(&engine, &inbox, person(2), b"key", b"text").is_none(), is_shared, "{what}: {budget:?}");
        }
    }
}

/// If strangers have no budget, inspection admits what otherwise only canisters could call.
#[test]
fn malformed_calls_and_calls_of_admins_only_are_charged_to_members() {
    let nothing = || encode_args(()).expect("it can be encoded");
    let noise = || b"no candid".to_vec();
    let role = encode_args((person(3), Some(Role::admin))).expect("it can be encoded");
    let settings = encode_args((1_u32, Vec::<Setting>::new())).expect("it can be encoded");
    for (method, arg) in [
        ("acknowledge", noise()),
        ("claim", noise()),
        ("set_key", noise()),
        ("set_settings", noise()),
        ("set_settings", settings),
        ("set_role", noise()),
        ("set_role", role),
        ("retry_rebuild", nothing()),
        ("seal", noise()),
        ("seal", nothing()),
        ("resume", nothing()),
    ] {
        let (engine, inbox) = with(&[Setting::members(Budget { items: rate(1, 3), ..Budget::default() })]);
        let member = person(1_000);
        inbox.set_role(member, Some(Role::writer)).expect("a role");
        for _ in 0..3 {
            drop(engine.update_call(inbox.id, member, method, arg.clone()));
        }
        let limited = inbox.called_by(member).add_message(b"key", b"text");
        assert!(matches!(limited, Err(AddError::Limited(Limited::budget { .. }))), "{method}: {limited:?}");
        inbox.set_settings(&[Setting::members(Budget::default())]).expect("an admin is not limited");
    }
}
