//! The model notices each kind of fault.

use super::*;
use crate::draft::SHARED_KEYS;

struct Store {
    model: Model,
    drafts: u64,
}

impl Store {
    fn new() -> Self {
        Self { model: Model::default(), drafts: 0 }
    }

    /// New messages.
    fn drafts(&mut self, count: usize) -> Vec<Place> {
        self.drafts_of(0, count)
    }

    /// New messages of a key.
    fn drafts_of(&mut self, key: u16, count: usize) -> Vec<Place> {
        let draft = |_| {
            self.drafts += 1;
            let draft = Draft { key, number: self.drafts, length: 9 };
            self.model.draft(draft, draft.message().1)
        };
        (0..count).map(draft).collect()
    }
}

fn added(ids: &[Id], duplicate: bool) -> Vec<Option<Added>> {
    ids.iter().map(|&id| Some(Added { id, duplicate })).collect()
}

fn violated<T: std::fmt::Debug>(verdict: Verdict<T>, what: &str) {
    let Violation(message) = verdict.expect_err("it must not be accepted");
    assert!(message.contains(what), "{message}");
}

#[test]
fn a_good_stores_answers_are_accepted() {
    let mut store = Store::new();
    let places = store.drafts(3);
    let batch = store.model.begin(&places);
    store.model.confirm(&batch, &added(&[1, 2, 3], false)).expect("it is a fresh batch");
    let again = store.model.begin(&places[..1]);
    store.model.confirm(&again, &added(&[1], true)).expect("it was there");
    assert_eq!((store.model.check_open(), store.model.check_settled()), (Ok(0), Ok(())));
    assert_eq!((store.model.last_id(), store.model.known(), store.model.open()), (3, 3, 0));
}

#[test]
fn a_call_that_is_executed_twice_is_noticed() {
    let mut store = Store::new();
    let places = store.drafts(1);
    let call = store.model.begin(&places);
    violated(store.model.confirm(&call, &added(&[1], true)), "executed twice");
}

#[test]
fn a_message_that_is_stored_twice_is_noticed() {
    let mut store = Store::new();
    let places = store.drafts(1);
    let (one, other) = (store.model.begin(&places), store.model.begin(&places));
    store.model.confirm(&one, &added(&[1], false)).expect("it is fresh");
    violated(store.model.confirm(&other, &added(&[1], false)), "stored twice");
    let third = store.model.begin(&places);
    violated(store.model.confirm(&third, &added(&[1], false)), "was there");
    let fourth = store.model.begin(&places);
    violated(store.model.confirm(&fourth, &added(&[2], true)), "has the id 2 too");
}

#[test]
fn an_id_that_is_given_out_twice_is_noticed() {
    let mut store = Store::new();
    let places = store.drafts(2);
    store.model.found(places[0], 1).expect("nothing is known yet");
    violated(store.model.found(places[1], 1), "the id 1 is that of");
}

#[test]
fn a_batch_with_a_hole_is_noticed() {
    let mut store = Store::new();
    let places = store.drafts(2);
    let call = store.model.begin(&places);
    violated(store.model.confirm(&call, &added(&[1, 3], false)), "one message");
    let places = store.drafts(2);
    let call = store.model.begin(&places);
    violated(store.model.confirm(&call, &added(&[4], false)), "1 results");
}

#[test]
fn half_a_batch_is_noticed() {
    let mut store = Store::new();
    let places = store.drafts(3);
    store.model.begin(&places);
    store.model.found(places[1], 1).expect("nothing is known yet");
    violated(store.model.check_open(), "1 are stored");
    store.model.found(places[0], 2).expect("nothing is known yet");
    store.model.found(places[2], 3).expect("nothing is known yet");
    assert_eq!(store.model.check_open(), Ok(1));
}

#[test]
fn a_message_that_no_call_stored_is_noticed() {
    let mut store = Store::new();
    let places = store.drafts(2);
    let call = store.model.begin(&places[..1]);
    let (other, waiting) = (store.model.begin(&places[..1]), store.model.begin(&places[1..]));
    store.model.confirm(&call, &added(&[1], true)).expect("the other call may have stored it");
    store.model.confirm(&other, &added(&[1], true)).expect("so may this one");
    store.model.withdraw(&waiting);
    violated(store.model.check_settled(), "no call stored it");
    let lost = store.model.begin(&places[..1]);
    store.model.give_up(&lost);
    assert_eq!(store.model.check_settled(), Ok(()));
}

#[test]
fn a_refusal_without_a_quota_is_noticed() {
    let mut store = Store::new();
    let places = store.drafts(1);
    let call = store.model.begin(&places);
    violated(store.model.confirm(&call, &[None]), "no quota can refuse it");
    let mut store = Store::new();
    let places = store.drafts_of(SHARED_KEYS, 1);
    let call = store.model.begin(&places);
    store.model.confirm(&call, &[None]).expect("it has a quota");
    assert_eq!(store.model.check_settled(), Ok(()));
}

/// A store with three messages of an owned key.
fn owned() -> Store {
    let mut store = Store::new();
    let places = store.drafts_of(SHARED_KEYS, 3);
    let call = store.model.begin(&places);
    store.model.confirm(&call, &added(&[1, 2, 3], false)).expect("it is a fresh batch");
    store
}

#[test]
fn an_acknowledgement_that_is_lost_or_made_up_is_noticed() {
    let Store { mut model, .. } = owned();
    violated(model.acknowledged_shown(SHARED_KEYS, 1), "through 1");
    assert_eq!(model.begin_acknowledging(SHARED_KEYS, 2), 0);
    assert!(model.may_be_acknowledged(2) && !model.may_be_acknowledged(3) && !model.is_acknowledged(1));
    assert_eq!(model.acknowledged_shown(SHARED_KEYS, 0), Ok(()), "it has no outcome");
    model.confirm_acknowledged(SHARED_KEYS, (0, 2), 2, false).expect("both were live");
    assert!(model.is_acknowledged(2) && !model.is_acknowledged(3));
    violated(model.acknowledged_shown(SHARED_KEYS, 0), "through 0");
    assert_eq!(model.acknowledged_shown(SHARED_KEYS, 2), Ok(()));
    assert_eq!((model.live_at_least(SHARED_KEYS, 3), model.live_at_most(SHARED_KEYS, 2)), (1, 1));
}

#[test]
fn an_acknowledgement_of_more_or_fewer_messages_is_noticed() {
    let Store { mut model, .. } = owned();
    violated(model.confirm_acknowledged(SHARED_KEYS, (0, 2), 3, true), "not 2");
    violated(model.confirm_acknowledged(SHARED_KEYS, (0, 2), 0, false), "not 2");
    assert_eq!(
        model.confirm_acknowledged(SHARED_KEYS, (0, 2), 0, true),
        Ok(()),
        "it was executed before it was cut off"
    );
}
