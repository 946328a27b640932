//! A trap at any system call of an update, an upgrade or a timer leaves everything unchanged. The embedded engine
//! causes the traps.

use local_ic::LocalIc;
use local_ic::testing::CanisterState;
use message_canister::access::owner::SALTED_OWNER;
use message_canister::api::*;
use message_canister::limits::MIN_REBUILD_PAGES;
use serde_bytes::ByteBuf;

use crate::support::{Inbox, bytes, embedded, new_message, sha256};

/// More system calls than any of the calls tested here makes.
const TOO_MANY: u64 = 2_000;

/// The canister's heap, globals, stable memory and so on, without the cost of the failed execution.
fn state(engine: &LocalIc, inbox: &Inbox) -> CanisterState {
    CanisterState { cycles: 0, ..engine.canister_state(inbox.id) }
}

fn filled() -> (std::rc::Rc<LocalIc>, Inbox) {
    let (engine, inbox) = embedded::inbox();
    for n in 0..30u32 {
        inbox.add_message(&bytes(n % 4, 41), &bytes(n, 100)).expect("stored");
    }
    (engine, inbox)
}

/// Traps at the first system call, the second, … until the call succeeds. Returns the number of traps.
fn trap_at_each(engine: &LocalIc, inbox: &Inbox, what: &str, call: impl Fn() -> Result<(), client::Reject>) -> u64 {
    let before = state(engine, inbox);
    for n in 1..TOO_MANY {
        engine.trap_at_system_call(inbox.id, Some(n));
        let outcome = call();
        engine.trap_at_system_call(inbox.id, None);
        match outcome {
            Err(reject) => {
                assert!(reject.is_trap(), "{what} with a trap at system call {n} must trap, got {reject:?}");
                assert!(
                    state(engine, inbox) == before,
                    "{what} with a trap at system call {n} must leave all as it was"
                );
            }
            Ok(()) => return n - 1,
        }
    }
    panic!("{what} must get through after {TOO_MANY} system calls");
}

#[test]
fn a_trap_anywhere_in_an_add() {
    let (engine, inbox) = filled();
    let arg = candid::encode_args((serde_bytes::Bytes::new(&bytes(2, 41)), serde_bytes::Bytes::new(b"sealed")));
    let arg = arg.expect("arguments can be encoded");
    let trapped = trap_at_each(&engine, &inbox, "an add", || inbox.update_raw("add_message", arg.clone()).map(drop));
    assert!(trapped >= 8, "an add makes more system calls than {trapped}");
    assert_eq!(inbox.get_max_message_id(), Ok(31), "the one that got through is stored");
    inbox.assert_all_invariants();
}

/// One that drops two messages, one of them the last of its key, sweeps them and arms the timer.
#[test]
fn a_trap_anywhere_in_an_add_that_drops() {
    let (engine, inbox) = filled();
    let settings = [Setting::max_messages(Bound::AtMost(29)), Setting::max_age_seconds(Bound::AtMost(1_000))];
    inbox.set_settings(&settings).expect("good settings");
    inbox.settle();
    let arg = candid::encode_args((serde_bytes::Bytes::new(b"a new key"), serde_bytes::Bytes::new(b"sealed")));
    let arg = arg.expect("arguments can be encoded");
    let trapped =
        trap_at_each(&engine, &inbox, "an add that drops", || inbox.update_raw("add_message", arg.clone()).map(drop));
    assert!(trapped >= 14, "an add that drops makes more system calls than {trapped}");
    let status = inbox.store_status();
    assert_eq!((status.first_id, status.next_id), (3, 32), "the one that got through is stored");
    inbox.assert_all_invariants();
}

#[test]
fn a_trap_anywhere_in_an_add_that_grows_memory() {
    let (engine, inbox) = embedded::inbox();
    let size = inbox.store_status().stable_bytes;
    let mut n = 0;
    // Up to the add that grows: found by trying it on a second inbox.
    let (_other_engine, other) = embedded::inbox();
    loop {
        other.add_message(b"key", &bytes(n, 2_000_000)).expect("stored");
        if other.store_status().stable_bytes > size {
            break;
        }
        inbox.add_message(b"key", &bytes(n, 2_000_000)).expect("stored");
        n += 1;
    }
    let arg = candid::encode_args((serde_bytes::Bytes::new(b"key"), serde_bytes::Bytes::new(&bytes(n, 2_000_000))));
    let arg = arg.expect("arguments can be encoded");
    trap_at_each(&engine, &inbox, "an add that grows", || inbox.update_raw("add_message", arg.clone()).map(drop));
    assert!(inbox.store_status().stable_bytes > size, "the add that got through grew stable memory");
    inbox.assert_all_invariants();
}

#[test]
fn a_trap_anywhere_in_a_batch() {
    let (engine, inbox) = filled();
    let batch = [
        new_message(&bytes(1, 41), b"one"),
        new_message(b"", b"two"),
        new_message(b"a new key", b"three"),
        new_message(b"another", b"three"),
        new_message(&bytes(1, 41), b"one"),
        new_message(b"a new key", b"four"),
    ];
    let arg = candid::encode_args((&batch[..],)).expect("arguments can be encoded");
    let trapped = trap_at_each(&engine, &inbox, "a batch", || inbox.update_raw("add_messages", arg.clone()).map(drop));
    assert!(trapped >= 20, "a batch makes more system calls than {trapped}");
    assert_eq!(inbox.get_max_message_id(), Ok(34), "the one that got through is stored, once");
    inbox.assert_all_invariants();
}

#[test]
fn a_trap_anywhere_in_an_upgrade() {
    let (engine, inbox) = filled();
    let trapped = trap_at_each(&engine, &inbox, "an upgrade", || {
        inbox.begin_upgrade(Some(&[Setting::rebuild_pages(Bound::AtMost(100))]))
    });
    assert!(trapped >= 8, "an upgrade makes more system calls than {trapped}");
    inbox.finish_rebuild();
    assert_eq!(inbox.add_message(&bytes(3, 41), &bytes(3, 100)), Ok(Added { id: 4, duplicate: true }), "all is known");
    inbox.assert_all_invariants();
}

#[test]
fn a_trap_anywhere_in_changing_settings() {
    let (engine, inbox) = filled();
    let arg = candid::encode_args((1u32, [Setting::rebuild_pages(Bound::AtMost(99))]));
    let arg = arg.expect("arguments can be encoded");
    trap_at_each(&engine, &inbox, "settings", || inbox.update_raw("set_settings", arg.clone()).map(drop));
    assert_eq!(inbox.get_status().limits.rebuild_pages, 99, "the call that got through is heard");
}

#[test]
fn a_trap_anywhere_in_an_acknowledgement() {
    let (engine, inbox) = filled();
    let key_id = inbox.caller;
    for n in 0..3 {
        inbox.add_message(key_id.as_slice(), &bytes(n, 50)).expect("stored");
    }
    let keys = [(key_id.as_slice(), 32), (b"no key", 1)];
    let items = keys.map(|(key_id, through)| Acknowledgement { key_id: ByteBuf::from(key_id), through });
    let arg = candid::encode_args((&items[..],)).expect("arguments can be encoded");
    let trapped =
        trap_at_each(&engine, &inbox, "an acknowledgement", || inbox.update_raw("acknowledge", arg.clone()).map(drop));
    assert!(trapped >= 8, "an acknowledgement makes more system calls than {trapped}");
    let acknowledged = || inbox.get_key_heads(&[key_id.as_slice().to_vec()]).expect("heads")[0].expect("a key");
    assert_eq!(acknowledged().acknowledged_id, 32, "the call that got through counts");
    inbox.settle();
    inbox.assert_all_invariants();
}

/// It opens a key.
#[test]
fn a_trap_anywhere_in_a_claim() {
    let (engine, inbox) = filled();
    let salted = [SALTED_OWNER, inbox.caller.as_slice(), &[3; 16]].concat();
    let arg = (ByteBuf::from(sha256(&salted)), OwnerProof::salt(ByteBuf::from([3; 16])));
    let arg = candid::encode_args(arg).expect("arguments can be encoded");
    let keys = inbox.store_status().keys;
    let trapped = trap_at_each(&engine, &inbox, "a claim", || inbox.update_raw("claim", arg.clone()).map(drop));
    assert!(trapped >= 8, "a claim makes more system calls than {trapped}");
    assert_eq!(inbox.store_status().keys, keys + 1, "the claim that got through opened the key");
    inbox.assert_all_invariants();
}

#[test]
fn a_trap_anywhere_in_sealing_and_resuming() {
    let (engine, inbox) = filled();
    let none = candid::encode_args(()).expect("nothing can be encoded");
    trap_at_each(&engine, &inbox, "seal", || inbox.update_raw("seal", none.clone()).map(drop));
    assert!(inbox.get_status().sealed, "the call that got through is heard");
    let epoch = inbox.get_status().epoch;
    let trapped = trap_at_each(&engine, &inbox, "resume", || inbox.update_raw("resume", none.clone()).map(drop));
    assert!(trapped >= 8, "resuming makes more system calls than {trapped}");
    let status = inbox.get_status();
    assert!(!status.sealed && status.epoch > epoch, "the call that got through is heard");
}

/// A slice that traps for a temporary reason must not make a store unavailable for ever. The rebuild may wait for
/// some time, or for a client that tries again.
#[test]
fn a_rebuild_survives_a_trap_in_any_of_its_slices() {
    let (engine, inbox) = embedded::inbox();
    let batch: Vec<_> = (0..600u32).map(|n| new_message(&bytes(n, 41), &bytes(n, 200))).collect();
    inbox.add_messages(&batch).expect("a good batch");
    for n in 1..=12 {
        let least = [Setting::rebuild_pages(Bound::AtMost(MIN_REBUILD_PAGES))];
        inbox.begin_upgrade(Some(&least)).expect("the canister upgrades");
        assert!(inbox.store_status().rebuild.is_some(), "one slice is not enough");
        engine.trap_at_system_call(inbox.id, Some(n));
        inbox.platform.tick();
        engine.trap_at_system_call(inbox.id, None);
        let is_over = waits_until(&inbox, || inbox.add_message(&bytes(1, 41), &bytes(1, 200)).is_ok());
        assert!(is_over, "with a trap at system call {n} it stays at {:?}", inbox.store_status().rebuild);
        inbox.assert_all_invariants();
    }
}

/// Drawing randomness takes several messages. Whichever of them traps, the randomness is drawn in the end, and adds
/// work.
#[test]
fn randomness_is_drawn_in_spite_of_a_trap() {
    for message in 0..3 {
        for n in 1..=6 {
            let engine = std::rc::Rc::new(embedded::start());
            let inbox = Inbox::installed(engine.clone(), None);
            for _ in 0..message {
                inbox.platform.tick();
            }
            engine.trap_at_system_call(inbox.id, Some(n));
            inbox.platform.tick();
            engine.trap_at_system_call(inbox.id, None);
            let drawn = waits_until(&inbox, || inbox.add_message(b"key", b"text").is_ok());
            assert!(drawn, "with a trap at system call {n} after {message} rounds adds never work");
            inbox.assert_all_invariants();
        }
    }
}

/// Whether `done` becomes true within five minutes of rounds, a second each.
fn waits_until(inbox: &Inbox, mut done: impl FnMut() -> bool) -> bool {
    (0..300).any(|_| {
        inbox.platform.set_time(inbox.platform.time() + crate::support::SECOND);
        inbox.platform.tick();
        done()
    })
}
