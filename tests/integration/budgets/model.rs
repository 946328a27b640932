//! Inspection and calls beside the model of the native test.

#[path = "../../../src/store/tests/budgets/buckets.rs"]
mod buckets;

use candid::{Principal, decode_args, encode_args};
use message_canister::api::*;
use serde_bytes::ByteBuf;
use std::time::Duration;
use test_support::{Random, scale};

use super::{person, rate};
use crate::support::{embedded, sha256};
use buckets::{Buckets, Paying};

/// Callers of the generated blocks. The first ones are members, the last one is anonymous. Each of the others owns the key
/// that is its principal.
const CALLERS: u8 = 7;
const MEMBERS: u8 = 2;
const ANONYMOUS: u8 = CALLERS - 1;

fn caller(number: u8) -> Principal {
    if number == ANONYMOUS { Principal::anonymous() } else { person(number.into()) }
}

/// Reads from a reply whether its caller is limited.
type ReadLimit = fn(&[u8]) -> Option<Limited>;

/// A call of a generated block.
struct Asked {
    by: u8,
    /// The group that pays. `None`: nobody does, so the call is refused.
    group: Option<u8>,
    method: &'static str,
    arg: Vec<u8>,
    items: u64,
    /// Whether its reply is that of a limited caller. `None`: it is a query, which is rejected instead, and not charged.
    limited: Option<ReadLimit>,
}

fn result<T, E>(reply: &[u8]) -> Result<T, E>
where
    T: candid::CandidType + for<'a> candid::Deserialize<'a>,
    E: candid::CandidType + for<'a> candid::Deserialize<'a>,
{
    decode_args::<(Result<T, E>,)>(reply).expect("a result").0
}

fn asked(random: &mut Random, number: u32) -> Asked {
    let by = random.below(u32::from(CALLERS)) as u8;
    let of = if random.below(3) == 0 { random.below(u32::from(CALLERS)) as u8 } else { by };
    let key = ByteBuf::from(caller(of).as_slice());
    let owns = of == by && by != ANONYMOUS;
    let is_member = by < MEMBERS;
    let sender = if is_member { 1 } else { 0 };
    let payer = if owns { 2 } else { sender };
    let text = |length: usize| ByteBuf::from([&number.to_le_bytes()[..], &vec![7; length]].concat());
    let items = 1 + random.below(4_usize);
    let length = random.below(600_usize);
    let acknowledged = vec![Acknowledgement { key_id: key.clone(), through: 1 }; items];
    let send_key = vec![KeySetting::send_key(NewSendKey::sha256(ByteBuf::from(sha256(&text(0)))))];
    let batch: Vec<_> = (0..items).map(|item| crate::support::new_message(b"key", &text(length + item))).collect();
    let one = |group, method, arg, limited| Asked { by, group: Some(group), method, arg, items: 1, limited };
    let query = |group, method, arg| Asked { by, group, method, arg, items: 1, limited: None };
    let good = "it can be encoded";
    match random.below(8) {
        0 | 1 => one(
            sender,
            "add_message",
            encode_args((&key, text(length))).expect(good),
            Some(|reply| match result::<Added, _>(reply) {
                Err(AddError::Limited(limited)) => Some(limited),
                _ => None,
            }),
        ),
        2 => {
            let limited: fn(&[u8]) -> _ = |reply| match result::<Vec<Result<Added, AddError>>, _>(reply) {
                Err(BatchError::Limited(limited)) => Some(limited),
                _ => None,
            };
            let call = one(sender, "add_messages", encode_args((batch,)).expect(good), Some(limited));
            Asked { items: items as u64, ..call }
        }
        3 => {
            let limited: fn(&[u8]) -> _ = |reply| match result::<Vec<Result<Acknowledged, AckError>>, _>(reply) {
                Err(AcksError::Limited(limited)) => Some(limited),
                _ => None,
            };
            let call = one(payer, "acknowledge", encode_args((acknowledged,)).expect(good), Some(limited));
            Asked { items: items as u64, ..call }
        }
        4 => one(
            payer,
            "claim",
            encode_args((&key, OwnerProof::own)).expect(good),
            Some(|reply| match result::<Claimed, _>(reply) {
                Err(ClaimError::Limited(limited)) => Some(limited),
                _ => None,
            }),
        ),
        5 => one(
            payer,
            "set_key",
            encode_args((&key, send_key)).expect(good),
            Some(|reply| match result::<(), _>(reply) {
                Err(KeyError::Limited(limited)) => Some(limited),
                _ => None,
            }),
        ),
        6 => query(is_member.then_some(1), "get_key_heads", encode_args((vec![key], None::<bool>)).expect(good)),
        _ => query(is_member.then_some(1), "get_status", encode_args(()).expect(good)),
    }
}

/// Blocks of random calls beside the model of the native test. Inspection decides on the state before the block, the calls
/// one after the other. Both decide as the model does on the same state, so inspection and the call decide the same.
#[test]
fn inspection_and_the_call_decide_as_buckets_of_tokens_do() {
    let budget = |items, bytes, each| Budget {
        items: rate(2, items),
        bytes: rate(500, bytes),
        each: rate(1, each),
        ..Budget::default()
    };
    let budgets = [budget(6, 3_000, 4), budget(8, 4_000, 5), budget(5, 3_000, 3)];
    let (engine, inbox) = embedded::inbox();
    for number in 0..CALLERS {
        inbox.add_message(caller(number).as_slice(), b"mail").expect("stored");
    }
    for member in 0..MEMBERS {
        inbox.set_role(caller(member), Some(Role::writer)).expect("a role");
    }
    let [strangers, members, owners] = budgets;
    let settings = [Setting::strangers(strangers), Setting::members(members), Setting::owners(owners)];
    inbox.set_settings(&settings).expect("good settings");
    let time = || engine.get_time().as_nanos_since_unix_epoch();
    let mut model = Buckets::new(budgets, Reserves::default(), time());
    let mut random = Random::of(&[7]);
    let (mut shut_out, mut admitted, mut refused) = (0, 0, 0);
    for block in 0..400 * scale() {
        engine.advance_time(Duration::from_millis(random.below(1_500)));
        if random.below(40) == 0 {
            inbox.upgrade(None);
            model.upgrade();
        }
        model.pass(time() - model.now);
        let calls = 1 + random.below(4_u32);
        let mut submitted = Vec::new();
        for call in (0..calls).map(|call| asked(&mut random, block * 8 + call)) {
            let paying = call.group.map(|group| Paying { by: call.by, group });
            let expected = paying.is_some_and(|paying| model.admits(paying, false, u128::MAX).is_ok());
            let message = engine.submit_call(inbox.id, caller(call.by), call.method, call.arg.clone());
            assert_eq!(message.is_ok(), expected, "inspection of {} by {:?} in block {block}", call.method, paying);
            match (message, paying) {
                (Ok(message), Some(paying)) => submitted.push((call, paying, message)),
                _ => shut_out += 1,
            }
        }
        let replies: Vec<_> =
            submitted.into_iter().map(|(call, paying, message)| (call, paying, engine.await_call(message))).collect();
        // A round begins with the next nanosecond.
        model.pass(1);
        for (call, paying, reply) in replies {
            let expected = model.admits(paying, false, u128::MAX);
            let Some(limited) = call.limited else {
                assert_eq!(reply.is_ok(), expected.is_ok(), "{} by {paying:?} in block {block}", call.method);
                continue;
            };
            let answered = limited(&reply.expect("a reply")).map_or(Ok(()), Err);
            assert_eq!(answered, expected, "{} by {paying:?} in block {block}", call.method);
            model.charge(paying, expected.is_ok(), (call.items, call.arg.len() as u64, 0));
            *if expected.is_ok() { &mut admitted } else { &mut refused } += 1;
        }
    }
    println!("inspection refused {shut_out} calls, the call itself {refused}; {admitted} were admitted");
    assert!(shut_out > 100 && admitted > 100 && refused > 20, "{shut_out}, {admitted}, {refused}");
}
