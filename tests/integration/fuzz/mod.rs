//! Raw candid bytes for every method: good arguments with mutations, and noise. The canister traps only to reject bytes
//! that cannot be decoded. A reject changes no state. No argument is a bomb. An accepted argument has the value that
//! candid's own decoder finds.
//!
//! The bytes are the same in every run. `MESSAGE_CANISTER_TEST_SCALE` tries more of them. The test measures, so it runs
//! on the embedded engine only.

mod judge;
mod mutate;

use candid::encode_args;
use local_ic::LocalIc;
use message_canister::api::{Bound, Setting};
use serde_bytes::Bytes;

use crate::model::Model;
use crate::support::client::init_argument;
use crate::support::methods::{METHODS, good_arguments};
use crate::support::snapshot::Snapshot;
use crate::support::{Inbox, START_SECONDS, bytes, embedded};
use judge::Verdict;
use test_support::artifact::canister_wasm;
use test_support::{Random, scale};

/// Number of arguments for each method, times the scale.
const ROUNDS: u32 = 300;
/// The same for upgrades, which take longer.
const UPGRADES: u32 = 30;
/// Maximum instructions of a call, besides copying its reply.
const MAX_INSTRUCTIONS: u64 = 14_000_000;
const INSTRUCTIONS_PER_REPLY_BYTE: u64 = 40;

fn assert_cheap(engine: &LocalIc, inbox: &Inbox, what: &str, arg: &[u8]) {
    let execution = embedded::last_execution(engine, inbox);
    // A check that is accepted hashes megabytes, as it should.
    if what == "check" && execution.error.is_none() {
        return;
    }
    let used = execution.usage.instructions;
    let allowed = MAX_INSTRUCTIONS + INSTRUCTIONS_PER_REPLY_BYTE * execution.usage.reply_bytes;
    assert!(used <= allowed, "{what} cost {used} instructions, more than {allowed}, of {arg:02x?}");
}

#[test]
fn every_method_withstands_any_bytes() {
    let (engine, inbox) = embedded::inbox();
    let mut model = Model::default();
    for n in 0..40u32 {
        let (key_id, text) = (bytes(n % 4, 41), bytes(n, 100));
        assert_eq!(inbox.add_message(&key_id, &text), model.at(START_SECONDS).add_message(&key_id, &text), "stored");
    }
    let all: Vec<_> = METHODS.into_iter().flat_map(good_arguments).collect();
    for (place, method) in METHODS.into_iter().enumerate() {
        let mut random = Random::of(&[place as u64]);
        let mut good = good_arguments(method);
        if method.name == "add_message" {
            // Large enough for the canister to look at its head first.
            let large = encode_args((Bytes::new(b"key"), Bytes::new(&bytes(9, 6_000))));
            good.push(large.expect("arguments can be encoded"));
        }
        let before = Snapshot::of(&inbox);
        let mut all_rejected = true;
        for _ in 0..ROUNDS * scale() {
            let arg = mutate::argument(&mut random, &good, &all);
            let call = if method.is_query { Inbox::query_raw } else { Inbox::update_raw };
            let answer = call(&inbox, method.name, arg.clone());
            assert_cheap(&engine, &inbox, method.name, &arg);
            let wrote = embedded::last_execution(&engine, &inbox).usage.stable_bytes_written;
            match judge::judge(&mut model, method, &arg, &answer) {
                Verdict::Right => all_rejected &= method.is_query || answer.is_err(),
                Verdict::Wrong(reason) => panic!("{} of {arg:02x?}: {reason}", method.name),
            }
            assert!(answer.is_ok() || wrote == 0, "{} wrote before it rejected {arg:02x?}", method.name);
        }
        if all_rejected {
            before.assert_same(&inbox, method.name);
        }
        assert_eq!(inbox.store_status().messages, model.last(), "what is stored after {}", method.name);
    }
    inbox.assert_all_invariants();
}

#[test]
fn upgrades_withstand_any_bytes() {
    let (engine, inbox) = embedded::inbox();
    for n in 0..40u32 {
        inbox.add_message(&bytes(n % 4, 41), &bytes(n, 100)).expect("stored");
    }
    let good = [init_argument(None), init_argument(Some(&[Setting::rebuild_pages(Bound::AtMost(100))]))];
    let all: Vec<_> = METHODS.into_iter().flat_map(good_arguments).collect();
    let mut random = Random::of(&[4_711]);
    for _ in 0..UPGRADES * scale() {
        let arg = mutate::argument(&mut random, &good, &all);
        let before = Snapshot::of(&inbox);
        let upgraded = inbox.platform.upgrade(inbox.id, canister_wasm(), arg.clone());
        assert_cheap(&engine, &inbox, "an upgrade", &arg);
        match judge::judge_upgrade(&arg, &upgraded) {
            Verdict::Right if upgraded.is_ok() => inbox.finish_rebuild(),
            Verdict::Right => {
                before.assert_same(&inbox, "a rejected upgrade");
                0
            }
            Verdict::Wrong(reason) => panic!("an upgrade with {arg:02x?}: {reason}"),
        };
    }
    assert_eq!(inbox.store_status().messages, 40, "nothing was added or lost");
    inbox.assert_all_invariants();
}
