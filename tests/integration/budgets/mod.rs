//! Budgets of strangers, members and owners, rates of callers, reserves, and inspection before a call.

mod calls_in_vain;
mod model;

use candid::{Principal, decode_args, encode_args};
use local_ic::{LocalIc, MessageId};
use message_canister::api::*;
use message_canister::limits::MAX_BATCH_MESSAGES;
use serde_bytes::ByteBuf;
use std::rc::Rc;

use crate::support::{Inbox, embedded, sha256};

fn rate(per_second: u32, burst: u32) -> Bound<Rate> {
    Bound::AtMost(Rate { per_second, burst })
}

/// 5 items a second, 20 at once.
fn small() -> Budget {
    Budget { items: rate(5, 20), ..Budget::default() }
}

fn person(number: u32) -> Principal {
    Principal::self_authenticating(number.to_le_bytes())
}

fn with(settings: &[Setting]) -> (Rc<LocalIc>, Inbox) {
    let (engine, inbox) = embedded::inbox();
    inbox.set_settings(settings).expect("good settings");
    (engine, inbox)
}

/// Submits an add. `None`: inspection refused it.
fn submit(engine: &LocalIc, inbox: &Inbox, caller: Principal, key_id: &[u8], text: &[u8]) -> Option<MessageId> {
    let arg = encode_args((ByteBuf::from(key_id), ByteBuf::from(text))).expect("it can be encoded");
    engine.submit_call(inbox.id, caller, "add_message", arg).ok()
}

/// The reply to the add.
fn answered(engine: &LocalIc, message: MessageId) -> Result<Added, AddError> {
    let reply = engine.await_call(message).expect("a reply");
    decode_args::<(Result<Added, AddError>,)>(&reply).expect("a result").0
}

/// Adds different messages in one block. Returns how many inspection admitted, and their replies.
fn block(engine: &LocalIc, inbox: &Inbox, callers: &[Principal], mark: u32) -> Vec<Result<Added, AddError>> {
    let text = |number: usize| [mark.to_le_bytes(), (number as u32).to_le_bytes()].concat();
    let submitted: Vec<_> = callers
        .iter()
        .enumerate()
        .filter_map(|(number, caller)| submit(engine, inbox, *caller, b"somebody", &text(number)))
        .collect();
    submitted.into_iter().map(|message| answered(engine, message)).collect()
}

/// A batch of different messages.
fn batch(messages: usize, mark: u32) -> Vec<NewMessage> {
    let text = |number: usize| [mark.to_le_bytes(), (number as u32).to_le_bytes()].concat();
    (0..messages).map(|number| crate::support::new_message(b"many", &text(number))).collect()
}

fn budget(retry_after: u32) -> Result<Added, AddError> {
    Err(AddError::Limited(Limited::budget { retry_after }))
}

#[test]
fn strangers_share_a_budget_that_shuts_at_zero_and_opens_at_half_its_burst() {
    let (engine, inbox) = with(&[Setting::strangers(small())]);
    let strangers: Vec<_> = (0..30).map(person).collect();
    // Inspection admits all of them, because it sees the state before the block.
    let answers = block(&engine, &inbox, &strangers, 1);
    assert_eq!(answers.len(), 30);
    assert!(answers[..20].iter().all(Result::is_ok), "{answers:?}");
    // Half of the burst comes back in 2 s, and each refused call counts for one.
    assert_eq!((&answers[20], &answers[29]), (&budget(2), &budget(4)), "{answers:?}");
    assert_eq!(block(&engine, &inbox, &strangers, 2), [], "inspection refuses now");
    inbox.set_clock(1);
    assert_eq!(block(&engine, &inbox, &strangers, 2), [], "less than half of the burst is there");
    inbox.set_clock(5);
    assert_eq!(block(&engine, &inbox, &strangers[..1], 3).len(), 1);
    assert_eq!(block(&engine, &inbox, &strangers[..1], 4).len(), 1, "it is open until it is used up again");
}

#[test]
fn strangers_use_up_nothing_of_members_and_owners() {
    let (engine, inbox) = with(&[Setting::strangers(small()), Setting::members(small()), Setting::owners(small())]);
    let (member, owner) = (person(1_000), person(1_001));
    inbox.set_role(member, Some(Role::writer)).expect("a role");
    let mailbox = owner.as_slice();
    inbox.called_by(member).add_message(mailbox, b"mail").expect("stored");
    block(&engine, &inbox, &(0..40).map(person).collect::<Vec<_>>(), 1);
    assert!(submit(&engine, &inbox, person(1), mailbox, b"late").is_none());
    assert_eq!(inbox.called_by(member).add_message(mailbox, b"more").expect("stored").id, 22);
    assert_eq!(inbox.called_by(owner).acknowledge(mailbox, 22), Ok(Acknowledged { messages: 2 }));
}

/// The strangers' budget over `min_age_seconds` is at most half of the store. So a flood of strangers can neither drop a
/// message that is younger, nor fill the store with such messages.
#[test]
fn a_flood_of_strangers_drops_no_young_message_and_keeps_no_member_out() {
    const MIN_AGE: u32 = 50;
    const SECONDS: u32 = 300;
    // A budget of which one message is left admits a batch of 1,000.
    let (engine, inbox) = with(&[
        Setting::strangers(Budget { items: rate(20, 50), ..Budget::default() }),
        Setting::max_messages(Bound::AtMost(2 * (20 * MIN_AGE + 50 + 999))),
        Setting::min_age_seconds(MIN_AGE),
    ]);
    let more = Setting::strangers(Budget { items: rate(20, 51), ..Budget::default() });
    let too_high = inbox.set_settings(&[more]);
    assert!(matches!(too_high, Err(SettingsError::TooHigh { value: 2_050, max: 2_049, .. })), "{too_high:?}");
    let member = person(u32::MAX);
    inbox.set_role(member, Some(Role::writer)).expect("a role");
    let member = inbox.called_by(member);
    // The second in which each message was stored, by id.
    let mut times = vec![0];
    let mut dropped = 1;
    for second in 1..=SECONDS {
        inbox.set_clock(second);
        // In some seconds single messages leave a part of the burst, in others a batch uses all of it at once.
        let strangers: Vec<_> = (0..10).map(|number| person(second * 20 + number)).collect();
        block(&engine, &inbox, &strangers, second);
        let batch = encode_args((batch(MAX_BATCH_MESSAGES, second),)).expect("it can be encoded");
        if let Ok(message) = engine.submit_call(inbox.id, person(second), "add_messages", batch) {
            engine.await_call(message).expect("a reply");
        }
        assert!(member.add_message(b"to somebody", &second.to_le_bytes()).is_ok(), "in second {second}");
        let StoreStatus { first_id, next_id, .. } = inbox.store_status();
        times.resize(next_id as usize, second);
        for id in dropped..first_id {
            assert!(times[id as usize] + MIN_AGE <= second, "message {id} was dropped in second {second}");
        }
        dropped = first_id;
    }
    assert!(dropped > 100, "messages were dropped: {dropped}");
    // Members can fill the store themselves. Then they are told when there is room again.
    let fill = |number| member.add_messages(&batch(MAX_BATCH_MESSAGES, SECONDS + number)).expect("a good batch");
    let full = (1..=5).flat_map(fill).find_map(|answer| match answer {
        Err(AddError::StoreFull { retry_after }) => Some(retry_after),
        _ => None,
    });
    let retry_after = full.expect("all messages are younger");
    assert!((1..=MIN_AGE).contains(&retry_after), "{retry_after}");
    inbox.set_clock(SECONDS + retry_after - 1);
    assert!(matches!(member.add_message(b"many", b"early"), Err(AddError::StoreFull { retry_after: 1 })));
    inbox.set_clock(SECONDS + retry_after);
    assert!(member.add_message(b"many", b"then").is_ok());
    inbox.assert_all_invariants();
}

#[test]
fn a_caller_has_its_own_rate() {
    let each = Budget { each: rate(1, 3), ..Budget::default() };
    let (engine, inbox) = with(&[Setting::strangers(each), Setting::members(each)]);
    let member = person(1_000);
    inbox.set_role(member, Some(Role::writer)).expect("a role");
    for caller in [person(1), person(2), member] {
        let answers = block(&engine, &inbox, &[caller; 5], u32::from(caller.as_slice()[0]));
        assert!(answers[..3].iter().all(Result::is_ok), "{answers:?}");
        let refused = |retry_after| Err(AddError::Limited(Limited::rate { retry_after }));
        assert_eq!(answers[3..], [refused(1), refused(2)]);
    }
    inbox.set_clock(4);
    assert_eq!(block(&engine, &inbox, &[member], 9).len(), 1);
}

/// Otherwise one caller could have a block of refused calls charged in each second, and use up the cycles of a day in
/// minutes.
#[test]
fn refused_calls_count_so_that_the_next_block_is_refused_by_inspection() {
    let each = Budget { each: rate(1, 3), items: rate(1_000, 100_000), ..Budget::default() };
    let (engine, inbox) = with(&[Setting::strangers(each)]);
    let answers = block(&engine, &inbox, &[person(1); 50], 1);
    assert_eq!((answers.len(), answers.iter().filter(|answer| answer.is_ok()).count()), (50, 3));
    for second in [1, 10, 40] {
        inbox.set_clock(second);
        assert_eq!(block(&engine, &inbox, &[person(1); 50], second), [], "after {second} s");
    }
    assert_eq!(block(&engine, &inbox, &[person(2)], 2).len(), 1, "others go on");
    inbox.set_clock(50);
    assert_eq!(block(&engine, &inbox, &[person(1)], 3).len(), 1, "once it has waited for all of them");
}

#[test]
fn a_right_claim_of_a_key_that_exists_is_paid_by_owners() {
    let (engine, inbox) = with(&[Setting::strangers(small()), Setting::owners(small())]);
    let (owner, salt) = (person(7), [5; 16]);
    let key_id = sha256(&[message_canister::access::owner::SALTED_OWNER, owner.as_slice(), &salt].concat());
    inbox.add_message(&key_id, b"mail").expect("stored");
    block(&engine, &inbox, &(0..30).map(person).collect::<Vec<_>>(), 1);
    let proof = OwnerProof::salt(ByteBuf::from(salt));
    let claim = |caller: Principal, key_id: &[u8]| {
        let arg = encode_args((ByteBuf::from(key_id), &proof)).expect("it can be encoded");
        engine.submit_call(inbox.id, caller, "claim", arg)
    };
    assert!(claim(person(8), &key_id).is_err(), "the proof is not right");
    assert!(claim(owner, &[9; 32]).is_err(), "the key does not exist");
    let reply = engine.await_call(claim(owner, &key_id).expect("it is let in")).expect("a reply");
    assert!(decode_args::<(Result<Claimed, ClaimError>,)>(&reply).expect("a result").0.is_ok());
}

#[test]
fn a_batch_counts_its_messages_and_delays_the_next() {
    let (_, inbox) = with(&[Setting::strangers(small())]);
    let stranger = inbox.called_by(person(1));
    let batch = batch(100, 1);
    assert_eq!(stranger.add_messages(&batch).expect("admitted as a whole").len(), 100);
    let (_, other) = with(&[Setting::strangers(small())]);
    other.called_by(person(1)).add_messages(&batch).expect("admitted");
    // 100 were used of 20: half of the burst is there after 18 s.
    other.set_clock(17);
    assert!(other.called_by(person(2)).update_raw("add_message", Vec::new()).is_err());
    other.set_clock(19);
    assert!(other.called_by(person(2)).add_message(b"key", b"then").is_ok());
}

#[test]
fn cycles_of_refused_calls_count_and_an_upgrade_keeps_them() {
    let cheap = Budget { cycles_a_day: Bound::AtMost(40_000_000), ..Budget::default() };
    let (engine, inbox) = with(&[Setting::strangers(cheap)]);
    let strangers: Vec<_> = (0..9).map(person).collect();
    let answers = block(&engine, &inbox, &strangers, 1);
    let stored = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(stored, 7, "an add costs 6.2 M cycles and a little: {answers:?}");
    let Some(Err(AddError::Limited(Limited::budget { retry_after }))) = answers.last() else { panic!("{answers:?}") };
    assert!((1..=86_400).contains(retry_after), "until the next day: {retry_after}");
    inbox.upgrade(None);
    assert_eq!(block(&engine, &inbox, &strangers, 2), [], "the day is not over");
    inbox.set_clock(*retry_after + 1);
    assert!(block(&engine, &inbox, &strangers[..1], 3)[0].is_ok(), "the next day");
}

#[test]
fn acknowledgements_of_keys_that_are_not_the_callers_are_charged_to_strangers() {
    let (engine, inbox) = with(&[Setting::strangers(small()), Setting::owners(small())]);
    let owner = person(7);
    inbox.add_message(owner.as_slice(), b"mail").expect("stored");
    let acknowledge = |caller: Principal, key_id: &[u8]| {
        let item = Acknowledgement { key_id: ByteBuf::from(key_id), through: 1 };
        let arg = encode_args((vec![item],)).expect("it can be encoded");
        engine.submit_call(inbox.id, caller, "acknowledge", arg)
    };
    block(&engine, &inbox, &(0..30).map(person).collect::<Vec<_>>(), 1);
    assert!(acknowledge(person(8), owner.as_slice()).is_err(), "somebody else's");
    assert!(acknowledge(person(8), person(8).as_slice()).is_err(), "a key that does not exist");
    let message = acknowledge(owner, owner.as_slice()).expect("the owner's budget is there");
    let reply = engine.await_call(message).expect("a reply");
    type Answer = Result<Vec<Result<Acknowledged, AckError>>, AcksError>;
    let (answer,): (Answer,) = decode_args(&reply).expect("a result");
    assert_eq!(answer, Ok(vec![Ok(Acknowledged { messages: 1 })]));
}

#[test]
fn queries_are_not_answered_as_updates_of_strangers_who_have_a_budget() {
    let (engine, inbox) = with(&[Setting::strangers(small())]);
    let member = person(1_000);
    inbox.set_role(member, Some(Role::writer)).expect("a role");
    let calls = [
        ("get_status", encode_args(())),
        ("get_min_message_id", encode_args(())),
        ("get_message_by_hash", encode_args((ByteBuf::from(sha256(b"none")),))),
    ];
    for (method, arg) in calls {
        let arg = arg.expect("it can be encoded");
        assert!(engine.update_call(inbox.id, person(1), method, arg.clone()).is_err(), "{method} of a stranger");
        assert!(engine.update_call(inbox.id, member, method, arg.clone()).is_ok(), "{method} of a member");
        assert!(engine.query_call(inbox.id, person(1), method, arg).is_ok(), "{method} as a query");
    }
    // Anybody owns a key after one message to it, and a query is charged to nobody.
    let owner = person(7);
    inbox.add_message(owner.as_slice(), b"mail").expect("stored");
    let heads = encode_args((vec![ByteBuf::from(owner.as_slice())], None::<bool>)).expect("it can be encoded");
    assert!(engine.query_call(inbox.id, owner, "get_key_heads", heads.clone()).is_ok());
    assert!(engine.update_call(inbox.id, owner, "get_key_heads", heads).is_err(), "of the owner");
    // An owner is told by an acknowledgement of too much, which changes nothing and is charged.
    let all = [Acknowledgement { key_id: ByteBuf::from(owner.as_slice()), through: u32::MAX }];
    let reply = engine.update_call(inbox.id, owner, "acknowledge", encode_args((all,)).expect("it can be encoded"));
    type Answer = Result<Vec<Result<Acknowledged, AckError>>, AcksError>;
    let (answer,): (Answer,) = decode_args(&reply.expect("a reply")).expect("a result");
    assert!(matches!(answer.as_deref(), Ok([Err(AckError::NotStored { max_id, .. })]) if *max_id > 0), "{answer:?}");
}

#[test]
fn inspection_lets_no_stranger_in_to_what_only_admins_do() {
    let (engine, inbox) = with(&[Setting::strangers(small())]);
    let nothing = encode_args(()).expect("it can be encoded");
    for method in ["seal", "resume", "retry_rebuild", "set_settings", "set_role"] {
        assert!(engine.submit_call(inbox.id, person(1), method, nothing.clone()).is_err(), "{method}");
    }
    inbox.set_settings(&[Setting::writes(Writes::members)]).expect("good settings");
    assert!(submit(&engine, &inbox, person(1), b"key", b"text").is_none(), "strangers do not add here");
}

#[test]
fn the_last_cycles_are_kept_for_reads_and_acknowledgements() {
    let (engine, inbox) = embedded::inbox();
    let (owner, member) = (person(7), person(1_000));
    inbox.set_role(member, Some(Role::writer)).expect("a role");
    inbox.add_message(owner.as_slice(), b"mail").expect("stored");
    let balance = u64::try_from(engine.cycle_balance(inbox.id)).expect("it is small");
    let low = |call: Result<Added, AddError>| assert_eq!(call, Err(AddError::Limited(Limited::low_cycles)));
    inbox.set_settings(&[Setting::reserves(Reserves { strangers: 2 * balance, all: 0 })]).expect("good settings");
    low(inbox.called_by(person(1)).add_message(b"key", b"text"));
    inbox.called_by(member).add_message(b"key", b"text").expect("members go on");
    inbox.set_settings(&[Setting::reserves(Reserves { strangers: 2 * balance, all: 2 * balance })]).expect("good");
    low(inbox.called_by(member).add_message(b"key", b"other text"));
    assert_eq!(inbox.called_by(owner).acknowledge(owner.as_slice(), 1), Ok(Acknowledged { messages: 1 }));
    assert!(inbox.called_by(person(1)).get_message_by_id(2).is_ok());
}
