//! A reader answers on one consistent state while the engine executes and changes are applied.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::common::memory_canister::{FIRST_OFFSET, SIZE, install, module, replied, update, words};
use crate::common::pausing_reader::PausingReader;
use candid::Principal;
use local_ic::limits::MAX_CONCURRENT_QUERIES;
use local_ic::{LocalIc, StateReader};
use test_support::Random;

/// Long enough for whatever is to happen meanwhile: a tenth of a second, about.
const LONG: u32 = 100_000_000;

fn query(reader: &StateReader, id: Principal, method: &str, arguments: &[u32]) -> Vec<u32> {
    replied(reader.query_call(id, Principal::anonymous(), method, words(arguments)))
}

fn reader(ic: &LocalIc) -> StateReader {
    ic.take_changes(|changes| StateReader::new(changes, None)).expect("the system can do it")
}

fn publish(ic: &LocalIc, reader: &StateReader) {
    ic.take_changes(|changes| reader.apply(changes));
}

#[test]
fn queries_are_answered_while_an_update_runs_and_see_nothing_of_it() {
    let ic = LocalIc::new();
    let id = install(&ic);
    let reader = reader(&ic);
    let done = AtomicBool::new(false);
    let during = thread::scope(|scope| {
        scope.spawn(|| {
            update(&ic, id, "slow", &[10 * LONG]).expect("it replies");
            done.store(true, Ordering::SeqCst);
        });
        let mut during = 0;
        loop {
            assert_eq!(query(&reader, id, "read", &[FIRST_OFFSET]), [0, 0]);
            if done.load(Ordering::SeqCst) {
                break during;
            }
            during += 1;
        }
    });
    assert!(during > 10, "only {during} queries were answered during the update");
    publish(&ic, &reader);
    assert_eq!(query(&reader, id, "read", &[FIRST_OFFSET]), [1, 1]);
}

/// Several queries are under way while several states are applied; each sees one state, and later ones see later states.
#[test]
fn a_query_sees_one_state_from_its_beginning_to_its_end() {
    let ic = LocalIc::new();
    let id = install(&ic);
    let reader = reader(&ic);
    let offsets = [FIRST_OFFSET, FIRST_OFFSET + 40_000, SIZE - 4];
    let seen = thread::scope(|scope| {
        let queries: Vec<_> = offsets
            .iter()
            .map(|&offset| {
                let reader = &reader;
                scope.spawn(move || -> Vec<u32> {
                    let twice = || query(reader, id, "read_twice", &[offset, LONG]);
                    (0..5)
                        .map(|_| {
                            let words = twice();
                            assert_eq!(words, [words[0]; 4], "a query saw more than one state");
                            words[0]
                        })
                        .collect()
                })
            })
            .collect();
        let mut value = 0;
        while queries.iter().any(|query| !query.is_finished()) {
            value += 1;
            for offset in offsets {
                update(&ic, id, "write", &[offset, value]).expect("it replies");
            }
            publish(&ic, &reader);
        }
        queries.into_iter().map(|query| query.join().expect("it passes")).collect::<Vec<_>>()
    });
    for values in seen {
        assert!(values.is_sorted(), "{values:?}");
        assert!(values[4] > values[0], "no state was applied meanwhile: {values:?}");
    }
}

#[test]
fn the_writes_of_a_query_are_undone_and_new_memory_is_zero() {
    let ic = LocalIc::new();
    let id = install(&ic);
    let reader = reader(&ic);
    for _ in 0..3 {
        assert_eq!(query(&reader, id, "scribble", &[FIRST_OFFSET, 7]), [0, 0]);
        assert_eq!(query(&reader, id, "read", &[FIRST_OFFSET]), [0, 0]);
        assert_eq!(query(&reader, id, "counted", &[]), [0, 0]);
    }
}

/// The canister's own memories grow, and are written, where those of a query that is under way end.
#[test]
fn memory_that_a_query_grows_is_its_own_whatever_is_applied_meanwhile() {
    for (method, value) in [("grow_after", 0), ("grow_before", 0), ("grow_before", 7)] {
        let ic = LocalIc::new();
        let id = install(&ic);
        let reader = PausingReader::new(&ic);
        let seen = reader.query_around(id, method, &[SIZE, value], || {
            update(&ic, id, "grow", &[]).expect("it replies");
            for written in [8, 9] {
                update(&ic, id, "write", &[SIZE, written]).expect("it replies");
                reader.publish(&ic);
            }
            assert_eq!(reader.query(id, "read", &[SIZE]), [9, 9]);
        });
        assert_eq!(seen, [value, value], "{method}");
        assert_eq!(reader.query(id, "read", &[SIZE]), [9, 9]);
        assert_eq!(reader.query(id, "scribble", &[SIZE, 7]), [0, 0]);
        assert_eq!(reader.query(id, "read", &[SIZE]), [9, 9]);
    }
}

#[test]
fn more_queries_than_run_beside_each_other_are_all_answered() {
    let ic = LocalIc::new();
    let id = install(&ic);
    update(&ic, id, "write", &[FIRST_OFFSET, 3]).expect("it replies");
    let reader = reader(&ic);
    thread::scope(|scope| {
        for _ in 0..4 * MAX_CONCURRENT_QUERIES {
            scope.spawn(|| assert_eq!(query(&reader, id, "read_twice", &[FIRST_OFFSET, LONG / 20]), [3; 4]));
        }
    });
}

/// A query that had to wait for its place runs on what there is then, at the time of then.
#[test]
fn the_time_of_a_query_is_that_of_its_state() {
    let ic = LocalIc::new();
    let id = install(&ic);
    let pausing = PausingReader::new(&ic);
    let reader = &pausing.reader;
    let times = thread::scope(|scope| {
        for _ in 0..MAX_CONCURRENT_QUERIES {
            scope.spawn(|| query(reader, id, "read_around", &[FIRST_OFFSET]));
        }
        pausing.wait(MAX_CONCURRENT_QUERIES);
        let last = scope.spawn(|| query(reader, id, "times", &[]));
        // Usually enough for it to wait for a place. If it is not, the test shows less, and passes.
        thread::sleep(Duration::from_millis(50));
        ic.advance_time(Duration::from_secs(3600));
        update(&ic, id, "stamp", &[]).expect("it replies");
        pausing.publish(&ic);
        pausing.resume(MAX_CONCURRENT_QUERIES);
        last.join().expect("it is answered")
    });
    assert_eq!(times[..2], times[2..]);
}

/// The time of a canister that does not change goes on.
#[test]
fn the_time_of_a_query_is_that_of_the_last_changes() {
    let ic = LocalIc::new();
    let [changed, unchanged] = [install(&ic), install(&ic)];
    let reader = reader(&ic);
    for _ in 0..3 {
        update(&ic, changed, "stamp", &[]).expect("it replies");
        publish(&ic, &reader);
        assert_eq!(query(&reader, unchanged, "times", &[])[..2], query(&reader, changed, "times", &[])[2..]);
        ic.tick();
        publish(&ic, &reader);
        assert_ne!(query(&reader, unchanged, "times", &[])[..2], query(&reader, changed, "times", &[])[2..]);
    }
}

#[test]
fn an_uninstalled_canister_answers_no_query() {
    let ic = LocalIc::new();
    let id = install(&ic);
    let reader = reader(&ic);
    assert_eq!(query(&reader, id, "read", &[FIRST_OFFSET]), [0, 0]);
    ic.uninstall_canister(id, None).expect("it is uninstalled");
    publish(&ic, &reader);
    let rejected = reader.query_call(id, Principal::anonymous(), "read", words(&[FIRST_OFFSET]));
    assert_eq!(rejected, ic.query_call(id, Principal::anonymous(), "read", words(&[FIRST_OFFSET])));
    rejected.expect_err("there is no module");
}

/// After any changes the reader answers as the engine does.
#[test]
fn a_reader_follows_random_changes() {
    let mut random = Random::of(&[5]);
    let ic = LocalIc::new();
    let id = install(&ic);
    let reader = reader(&ic);
    // Of the heap, in bytes.
    let mut size = SIZE;
    for step in 0..2_000 {
        let offset = FIRST_OFFSET + random.below((size - FIRST_OFFSET) / 4) * 4;
        match random.below(40) {
            0 => {
                update(&ic, id, "grow", &[]).expect("it replies");
                size += 1 << 16;
            }
            1 => {
                ic.upgrade_canister(id, module(), vec![], None).expect("it upgrades");
                // The stable memory keeps its size.
                size = SIZE;
            }
            2..5 => {
                update(&ic, id, "write_and_trap", &[offset, step]).expect_err("it traps");
            }
            _ => {
                update(&ic, id, "write", &[offset, step]).expect("it replies");
            }
        }
        if random.below(3) == 0 {
            publish(&ic, &reader);
            for place in
                [offset.min(size - 4), FIRST_OFFSET, FIRST_OFFSET + random.below((size - FIRST_OFFSET) / 4) * 4]
            {
                let asked = |method: &str, arguments: &[u32]| {
                    (
                        query(&reader, id, method, arguments),
                        replied(ic.query_call(id, Principal::anonymous(), method, words(arguments))),
                    )
                };
                let (read, expected) = asked("read", &[place]);
                assert_eq!(read, expected, "step {step}, offset {place}");
                let (counted, expected) = asked("counted", &[]);
                assert_eq!(counted, expected, "step {step}");
            }
        }
    }
}

/// The certificate is that of the data as of the state that the query sees.
#[test]
fn a_query_finds_the_certificate_of_its_canisters_data() {
    let ic = LocalIc::new();
    let id = crate::common::install(
        &ic,
        r#"
        (import "ic0" "data_certificate_present" (func $present (result i32)))
        (import "ic0" "data_certificate_size" (func $size (result i32)))
        (import "ic0" "data_certificate_copy" (func $copy (param i32 i32 i32)))
        (memory 1)
        (data (i32.const 0) "data")
        (func (export "canister_update certify")
            (call $certified_data_set (i32.const 0) (i32.const 4)) (call $msg_reply))
        (func (export "canister_query certificate")
            (call $copy (i32.const 64) (i32.const 0) (call $size))
            (call $msg_reply_data_append (i32.const 64) (call $size))
            (call $msg_reply))
        (func (export "canister_query present")
            (i32.store (i32.const 0) (call $present))
            (call $msg_reply_data_append (i32.const 0) (i32.const 1))
            (call $msg_reply))
        "#,
    );
    let certifier = |canister: Principal, data: &[u8]| [canister.as_slice(), b" certified ", data].concat();
    let certifier: local_ic::Certifier = std::sync::Arc::new(certifier);
    let reader = ic.take_changes(|changes| StateReader::new(changes, Some(certifier))).expect("the system can do it");
    let certificate = || reader.query_call(id, Principal::anonymous(), "certificate", vec![]).expect("it replies");
    assert_eq!(certificate(), [id.as_slice(), b" certified "].concat());
    crate::common::update(&ic, id, "certify").expect("it replies");
    assert_eq!(certificate(), [id.as_slice(), b" certified "].concat(), "the state is not applied");
    publish(&ic, &reader);
    assert_eq!(certificate(), [id.as_slice(), b" certified data"].concat());
    assert_eq!(reader.query_call(id, Principal::anonymous(), "present", vec![]).expect("it replies"), [1]);
    assert_eq!(crate::common::query(&ic, id, "present").expect("it replies"), [0], "the engine has no key");
    crate::common::query(&ic, id, "certificate").expect_err("there is none");
}
