//! The calls that are kept, and those that are not.

use candid::Principal;

use super::*;

fn call(number: u64, expiry: u64, bytes: usize) -> Call {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&number.to_le_bytes());
    let header = Header { sender: Principal::anonymous(), canister: Principal::management_canister(), expiry };
    Call { id, header, method: String::new(), argument: vec![0; bytes] }
}

fn answer(bytes: usize) -> Status {
    Status::Answered(Ok(vec![7; bytes]))
}

fn status(requests: &Requests, id: &RequestHash) -> Option<Status> {
    requests.look_up(id)?.1
}

fn reject() -> RejectResponse {
    RejectResponse::expired().uncertified()
}

/// The answers that expire first make way for newer ones; that they were given stays known.
#[test]
fn answers_beyond_the_budget_are_given_up_oldest_first() {
    let requests = Requests::default();
    let calls: Vec<Call> = [30, 10, 20].into_iter().enumerate().map(|(n, expiry)| call(n as u64, expiry, 0)).collect();
    for call in &calls {
        requests.note(call).expect("there is room");
        requests.publish(&call.id, answer(MAX_REPLY_BYTES_KEPT / 2));
    }
    let given_up = requests.beyond_budget();
    assert_eq!(given_up.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [calls[1].id]);
    for (id, call) in given_up {
        requests.publish(&id, call.status);
    }
    assert_eq!(requests.beyond_budget().len(), 0);
    assert_eq!(status(&requests, &calls[1].id), Some(Status::Done));
    assert!(matches!(status(&requests, &calls[2].id), Some(Status::Answered(_))));
    // It is not a new call, when it is made again.
    let (progress, new) = requests.note(&calls[1]).expect("it is known");
    assert!(!new && matches!(*progress.borrow(), Progress::Taken(Status::Done)));
    // Forgotten calls do not count.
    assert_eq!(requests.forget_expired(u64::MAX).len(), 3);
    assert_eq!(requests.lock().held.answer_bytes, 0);
}

#[test]
fn calls_that_wait_are_bounded_in_number_and_bytes() {
    let requests = Requests::default();
    let large = |number| call(number, 1, MAX_WAITING_BYTES / 2);
    requests.note(&large(1)).expect("there is room");
    requests.note(&large(2)).expect("there is room");
    assert_eq!(requests.note(&call(3, 1, 1)).err(), Some(Busy::Waiting));
    // Made again it takes no further room.
    requests.note(&large(2)).expect("it is known");
    requests.turn_away(&large(1).id, reject());
    requests.note(&call(3, 1, 1)).expect("there is room again");
    // The name of the method counts like the argument.
    let named = Call { method: "m".repeat(MAX_WAITING_BYTES / 2), ..call(5, 1, 0) };
    assert_eq!(requests.note(&named).err(), Some(Busy::Waiting));
    requests.publish(&call(3, 1, 1).id, answer(1));
    requests.publish(&large(2).id, answer(1));
    for number in 0..MAX_WAITING_CALLS as u64 {
        requests.note(&call(10 + number, 1, 0)).expect("there is room");
    }
    assert_eq!(requests.note(&call(4, 1, 0)).err(), Some(Busy::Waiting));
}

#[test]
fn a_waiting_client_is_told_the_outcome_of_the_call() {
    let requests = Requests::default();
    let [turned_away, taken, stopped] = [1, 2, 3].map(|number| call(number, 1, 0));
    let follow = |call: &Call| requests.note(call).expect("there is room").0;
    let (first, second, third) = (follow(&turned_away), follow(&taken), follow(&stopped));
    requests.turn_away(&turned_away.id, reject());
    assert!(matches!(&*first.borrow(), Progress::TurnedAway(told) if *told == reject()));
    assert_eq!(status(&requests, &turned_away.id), None);
    requests.publish(&taken.id, answer(3));
    assert!(matches!(&*second.borrow(), Progress::Taken(status) if *status == answer(3)));
    let going_on = call(5, 1, 0);
    let engine = local_ic::LocalIc::new();
    let submitted =
        engine.submit_call(Principal::management_canister(), Principal::anonymous(), "canister_status", vec![]);
    let message = submitted.expect("it is taken in");
    let mut fourth = follow(&going_on);
    requests.execute(&going_on.id);
    assert!(matches!(*fourth.borrow(), Progress::Executing));
    assert_eq!(status(&requests, &going_on.id), None);
    let processing = Status::Processing(message);
    requests.publish(&going_on.id, processing.clone());
    fourth.mark_unchanged();
    assert_eq!(fourth.has_changed().ok(), Some(false));
    requests.stop();
    assert!(matches!(*third.borrow(), Progress::Stopped));
    assert!(fourth.has_changed().is_err(), "there is nothing to wait for any more");
    assert!(matches!(&*fourth.borrow(), Progress::Taken(status) if *status == processing));
    assert_eq!(requests.note(&call(4, 1, 0)).err(), Some(Busy::Stopped));
    assert_eq!(status(&requests, &taken.id), Some(answer(3)));
}

/// Calls that are not answered are never forgotten; the others are kept for late pollers while there is room.
#[test]
fn expired_calls_are_forgotten_after_a_while() {
    let requests = Requests::default();
    let (open, over) = (call(1, 5, 0), call(2, 5, 0));
    for call in [&open, &over] {
        requests.note(call).expect("there is room");
    }
    requests.publish(&over.id, answer(1));
    let late = 5 + STATUS_RETENTION.as_nanos() as u64;
    assert_eq!(requests.forget_expired(late).len(), 0);
    assert_eq!(requests.forget_expired(late + 1), [over.id]);
    assert_eq!(requests.look_up(&open.id), Some((open.header, None)));
}
