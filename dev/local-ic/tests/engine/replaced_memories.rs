//! A query that is under way goes on seeing what it began with when a memory of its canister is replaced, and when the
//! other memory then changes.

use crate::common::memory_canister::{FIRST_OFFSET, install, module, module_with, update};
use crate::common::pausing_reader::PausingReader;
use candid::Principal;
use local_ic::LocalIc;

type Replacement = fn(&LocalIc, Principal);

const UPGRADE: Replacement = |ic, id| ic.upgrade_canister(id, module(), vec![], None).expect("it upgrades");
const REINSTALL: Replacement = |ic, id| ic.reinstall_canister(id, module(), vec![], None).expect("it is installed");
const REPLACE_STABLE: Replacement = |ic, id| ic.set_stable_memory(id, vec![5; 16 << 16]);

/// Asserts that a query sees what it began with while these replacements, and an update after each, are published.
fn assert_unseen(replacements: &[Replacement]) {
    let ic = LocalIc::new();
    let id = install(&ic);
    update(&ic, id, "write", &[FIRST_OFFSET, 3]).expect("it replies");
    let reader = PausingReader::new(&ic);
    let read = reader.query_around(id, "read_around", &[FIRST_OFFSET], || {
        for replace in replacements {
            replace(&ic, id);
            reader.publish(&ic);
            update(&ic, id, "write", &[FIRST_OFFSET, 9]).expect("it replies");
            reader.publish(&ic);
        }
    });
    assert_eq!(read, [3; 4]);
    assert_eq!(reader.query(id, "read", &[FIRST_OFFSET]), [9, 9]);
}

#[test]
fn an_upgrade_is_seen_with_its_new_heap_and_old_stable_memory() {
    let ic = LocalIc::new();
    let id = install(&ic);
    update(&ic, id, "write", &[FIRST_OFFSET, 3]).expect("it replies");
    let reader = PausingReader::new(&ic);
    ic.upgrade_canister(id, module(), vec![], None).expect("it upgrades");
    reader.publish(&ic);
    assert_eq!(reader.query(id, "read", &[FIRST_OFFSET]), [0, 3]);
}

#[test]
fn a_query_under_way_sees_nothing_of_an_upgrade_and_what_follows() {
    assert_unseen(&[UPGRADE]);
}

#[test]
fn a_query_under_way_sees_nothing_of_what_an_upgrade_writes() {
    assert_unseen(&[|ic, id| {
        let writes = r#"
            (func (export "canister_post_upgrade")
                (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (i32.const 5))
                (call $write))
        "#;
        ic.upgrade_canister(id, module_with(writes), vec![], None).expect("it upgrades");
    }]);
}

#[test]
fn a_query_under_way_sees_nothing_of_replaced_stable_memory_and_what_follows() {
    assert_unseen(&[REPLACE_STABLE]);
}

#[test]
fn a_query_under_way_sees_nothing_of_several_replacements() {
    assert_unseen(&[UPGRADE, UPGRADE, REPLACE_STABLE, UPGRADE]);
    assert_unseen(&[REPLACE_STABLE, REPLACE_STABLE, UPGRADE, REINSTALL, REPLACE_STABLE]);
}
