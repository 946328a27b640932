//! The cost of clients' calls, in cycles and in instructions.

use candid::Principal;
use message_canister::api::Acknowledged;

use crate::support::{Inbox, bytes, embedded, new_message};

#[test]
fn an_add_costs_a_few_million_cycles_and_a_query_none() {
    let inbox = Inbox::new();
    let cost_of = |call: &dyn Fn()| {
        let before = inbox.platform.cycle_balance(inbox.id);
        call();
        before - inbox.platform.cycle_balance(inbox.id)
    };
    let add = cost_of(&|| assert!(inbox.add_message(&bytes(1, 41), &bytes(1, 180)).is_ok(), "stored"));
    // 5 M for the update and about 2.3 M for its envelope, whatever the code does.
    assert!((5_000_000..12_000_000).contains(&add), "an add of 180 bytes cost {add} cycles");
    let batch: Vec<_> = (0..1_000).map(|n| new_message(&bytes(n % 50, 41), &bytes(n, 180))).collect();
    let each = cost_of(&|| assert!(inbox.add_messages(&batch).is_ok(), "stored")) / 1_000;
    assert!(each < 1_000_000, "in a batch of 1,000 each message cost {each} cycles");
    let query = cost_of(&|| assert!(inbox.get_message_by_id(1).is_ok(), "stored"));
    assert_eq!(query, 0, "queries are free");
}

/// The growth of a table must not make one call pay for all. The earlier implementation spent 101 M instructions in
/// one call at 65,536 messages.
#[test]
fn no_add_pays_for_the_growth_of_an_index() {
    let (engine, inbox) = embedded::inbox();
    let key = |n: u32| bytes(n % 30_000, 41);
    let batches = |range: std::ops::Range<u32>| {
        for first in range.step_by(1_000) {
            let batch: Vec<_> = (first..first + 1_000).map(|n| new_message(&key(n), &bytes(n, 30))).collect();
            let added = inbox.add_messages(&batch).expect("a good batch");
            assert!(added.iter().all(Result::is_ok), "all of it is stored");
        }
    };
    let mut worst = (0, 0);
    let mut singles = |range: std::ops::Range<u32>| {
        for n in range {
            inbox.add_message(&key(n), &bytes(n, 30)).expect("stored");
            worst = worst.max((embedded::usage(&engine, &inbox).instructions, n));
        }
    };
    // Singly around every power of two up to the one the earlier implementation failed at.
    singles(0..1_000);
    let mut at = 1_000;
    for power in [1u32 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16] {
        let near = (power - 100) / 1_000 * 1_000;
        batches(at..near);
        at = near + 1_000;
        singles(near..at);
    }
    let (instructions, n) = worst;
    assert!(instructions < 3_000_000, "the dearest add, of message {n}, cost {instructions} instructions");
}

/// Neither adds nor acknowledgements depend on how many messages the key has.
#[test]
fn no_call_costs_more_with_the_messages_of_its_key() {
    const MANY: u32 = 20_000;
    let (engine, inbox) = embedded::inbox();
    let inbox = inbox.called_by(Principal::self_authenticating(b"an owner"));
    let key_id = inbox.caller.as_slice();
    let mut stored = 0;
    let mut fill = |count: u32| {
        for first in (stored..stored + count).step_by(1_000) {
            let batch: Vec<_> = (first..first + 1_000).map(|n| new_message(key_id, &bytes(n, 30))).collect();
            inbox.add_messages(&batch).expect("a good batch");
        }
        stored += count;
    };
    let is_same = |one: u64, other: u64| one.abs_diff(other) * 100 <= one.max(other);
    let add = |mark: u32| {
        let each = (0..50).map(|n| {
            inbox.add_message(key_id, &bytes(mark + n, 30)).expect("stored");
            embedded::usage(&engine, &inbox).instructions
        });
        each.sum::<u64>() / 50
    };
    fill(1_000);
    let few = add(1 << 30);
    fill(MANY - 1_000);
    let many = add(1 << 31);
    println!("an add costs {few} instructions with 1,000 messages of the key, {many} with {MANY}");
    assert!(is_same(few, many), "{few} against {many}");
    let acknowledge = |through, messages| {
        assert_eq!(inbox.acknowledge(key_id, through), Ok(Acknowledged { messages }));
        let cost = embedded::usage(&engine, &inbox).instructions;
        // Acknowledged messages are overwritten before the next one.
        inbox.settle();
        cost
    };
    let (one, all) = (acknowledge(1, 1), acknowledge(MANY + 100, MANY + 99));
    println!("an acknowledgement of 1 message costs {one} instructions, of {} {all}", MANY + 99);
    assert!(is_same(one, all), "{one} against {all}");
}
