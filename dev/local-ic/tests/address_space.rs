//! Queries release the address space that they take, and still work if there is none.

#[path = "engine/common/mod.rs"]
mod common;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use candid::Principal;
use common::memory_canister::{FIRST_OFFSET, install, update, words};
use local_ic::{Certifier, ErrorCode, LocalIc, StateReader};

/// Held by each test: the address space is that of the process.
static ADDRESS_SPACE: Mutex<()> = Mutex::new(());

/// Bytes of address space that this process has reserved.
fn reserved() -> u64 {
    let sizes = fs::read_to_string("/proc/self/statm").expect("the system tells");
    let pages: u64 = sizes.split(' ').next().expect("there is a first number").parse().expect("it is a number");
    pages * 4096
}

/// Limits the address space of this process.
fn limit(bytes: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls get a structure that outlives them.
    let set = unsafe {
        libc::getrlimit(libc::RLIMIT_AS, &mut limit) == 0 && {
            limit.rlim_cur = bytes.min(limit.rlim_max);
            libc::setrlimit(libc::RLIMIT_AS, &limit) == 0
        }
    };
    assert!(set, "the system sets no limit");
}

#[test]
fn a_query_that_panics_leaves_nothing() {
    let _alone = ADDRESS_SPACE.lock().unwrap_or_else(PoisonError::into_inner);
    let ic = LocalIc::new();
    let id = install(&ic);
    let certifier: Certifier = Arc::new(|_, _| panic!("there is no certificate"));
    let reader = ic.take_changes(|changes| StateReader::new(changes, Some(certifier))).expect("the system can do it");
    let query = |method| reader.query_call(id, Principal::anonymous(), method, words(&[FIRST_OFFSET]));
    let before = reserved();
    for _ in 0..3 {
        catch_unwind(AssertUnwindSafe(|| query("read_around"))).expect_err("its certifier panics");
    }
    let left = reserved().saturating_sub(before);
    assert!(left < 1 << 36, "{left} bytes of address space are left reserved");
    update(&ic, id, "write", &[FIRST_OFFSET, 3]).expect("it replies");
    ic.take_changes(|changes| reader.apply(changes));
    assert_eq!(query("read"), Ok(words(&[3, 3])));
}

#[test]
fn a_query_without_address_space_is_rejected_and_others_are_answered_later() {
    let _alone = ADDRESS_SPACE.lock().unwrap_or_else(PoisonError::into_inner);
    let ic = LocalIc::new();
    let id = install(&ic);
    let reader = ic.take_changes(|changes| StateReader::new(changes, None)).expect("the system can do it");
    let query = || reader.query_call(id, Principal::anonymous(), "read", words(&[FIRST_OFFSET]));
    limit(reserved() + (1 << 30));
    let answers = [query(), query()];
    update(&ic, id, "write", &[FIRST_OFFSET, 3]).expect("it replies");
    ic.take_changes(|changes| reader.apply(changes));
    limit(u64::MAX);
    for answer in answers {
        assert_eq!(answer.expect_err("it cannot run").error_code, ErrorCode::CertifiedStateUnavailable);
    }
    assert_eq!(query(), Ok(words(&[3, 3])));
}
