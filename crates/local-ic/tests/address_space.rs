//! What queries take of the address space, they give back.

mod common;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use candid::Principal;
use common::memory_canister::{FIRST_OFFSET, install, update, words};
use local_ic::{Certifier, LocalIc, StateReader};

/// Bytes of address space that this process has reserved.
fn reserved() -> u64 {
    let sizes = fs::read_to_string("/proc/self/statm").expect("the system tells");
    let pages: u64 = sizes.split(' ').next().expect("there is a first number").parse().expect("it is a number");
    pages * 4096
}

#[test]
fn a_query_that_panics_leaves_nothing() {
    let ic = LocalIc::new();
    let id = install(&ic);
    let certifier: Certifier = Arc::new(|_, _| panic!("there is no certificate"));
    let reader = ic.take_changes(|changes| StateReader::new(changes, Some(certifier)));
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
