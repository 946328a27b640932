//! A canister's life: installed, called, upgraded, reinstalled, stopped, emptied.

use crate::common::{install, module, number, query, update};
use candid::{Nat, Principal};
use ic_management_canister_types::{CanisterSettings, CanisterStatusType};
use local_ic::{ErrorCode, LocalIc};
use sha2::{Digest, Sha256};

/// Counts in the heap, in a global and in stable memory, and answers with one of them.
const COUNTER: &str = r#"
    (memory 1)
    (global $count (mut i64) (i64.const 0))
    (func $answer (param i64)
        (i64.store (i32.const 64) (local.get 0))
        (call $msg_reply_data_append (i32.const 64) (i32.const 8))
        (call $msg_reply))
    (func (export "canister_init") (drop (call $stable64_grow (i64.const 1))))
    (func (export "canister_update count")
        (global.set $count (i64.add (global.get $count) (i64.const 1)))
        (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1)))
        (call $stable64_read (i64.const 8) (i64.const 0) (i64.const 8))
        (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))
        (call $stable64_write (i64.const 0) (i64.const 8) (i64.const 8))
        (call $answer (global.get $count)))
    (func (export "canister_query heap") (call $answer (i64.load (i32.const 0))))
    (func (export "canister_query global") (call $answer (global.get $count)))
    (func (export "canister_query stable")
        (call $stable64_read (i64.const 8) (i64.const 0) (i64.const 8))
        (call $answer (i64.load (i32.const 8))))
"#;

fn counts(ic: &LocalIc, id: Principal) -> [u64; 3] {
    ["heap", "global", "stable"].map(|method| number(&query(ic, id, method).unwrap()))
}

#[test]
fn state_lives_on_between_messages() {
    let ic = LocalIc::new();
    let id = install(&ic, COUNTER);
    for expected in 1..=3 {
        assert_eq!(number(&update(&ic, id, "count").unwrap()), expected);
    }
    assert_eq!(counts(&ic, id), [3, 3, 3]);
}

#[test]
fn upgrade_keeps_stable_memory_and_reinstall_does_not() {
    let ic = LocalIc::new();
    let id = install(&ic, COUNTER);
    update(&ic, id, "count").unwrap();
    ic.upgrade_canister(id, module(COUNTER), vec![], None).unwrap();
    assert_eq!(counts(&ic, id), [0, 0, 1]);
    ic.reinstall_canister(id, module(COUNTER), vec![], None).unwrap();
    assert_eq!(counts(&ic, id), [0, 0, 0]);
}

#[test]
fn only_an_empty_canister_is_installed_and_only_a_full_one_upgraded() {
    let ic = LocalIc::new();
    let id = ic.create_canister();
    let wasm = module(COUNTER);
    let empty = ic.upgrade_canister(id, wasm.clone(), vec![], None).unwrap_err();
    assert_eq!(empty.error_code, ErrorCode::CanisterWasmModuleNotFound);
    ic.install_canister(id, wasm.clone(), vec![], None);
    let full = ic.try_install_canister(id, wasm.clone(), vec![], None).unwrap_err();
    assert_eq!(full.error_code, ErrorCode::CanisterNonEmpty);
    assert_eq!(ic.module_hash(id), Some(Sha256::digest(&wasm).into()));
    ic.uninstall_canister(id, None).unwrap();
    assert_eq!(ic.module_hash(id), None);
    assert_eq!(ic.get_stable_memory(id), b"");
    assert_eq!(update(&ic, id, "count").unwrap_err().error_code, ErrorCode::CanisterWasmModuleNotFound);
}

#[test]
fn only_controllers_control() {
    let ic = LocalIc::new();
    let id = install(&ic, COUNTER);
    let stranger = Principal::self_authenticating(b"stranger");
    let wasm = module(COUNTER);
    let refused = ErrorCode::CanisterInvalidController;
    let sender = Some(stranger);
    assert_eq!(ic.upgrade_canister(id, wasm.clone(), vec![], sender).unwrap_err().error_code, refused);
    assert_eq!(ic.stop_canister(id, sender).unwrap_err().error_code, refused);
    assert_eq!(ic.canister_status(id, sender).unwrap_err().error_code, refused);
    assert_eq!(ic.fetch_canister_logs(id, stranger).unwrap_err().error_code, refused);
    ic.set_controllers(id, None, vec![stranger]).unwrap();
    assert_eq!(ic.get_controllers(id), [stranger]);
    assert_eq!(ic.upgrade_canister(id, wasm, vec![], None).unwrap_err().error_code, refused);
    assert_eq!(ic.canister_status(id, sender).unwrap().settings.controllers, [stranger]);
}

/// It bounds nothing, for the engine reserves no cycles; but the status says what was set.
#[test]
fn the_limit_of_reserved_cycles_is_reported_as_it_was_set() {
    let ic = LocalIc::new();
    let id = ic.create_canister();
    let reported = || {
        let status = ic.canister_status(id, None).unwrap();
        (status.settings.reserved_cycles_limit, status.reserved_cycles)
    };
    assert_eq!(reported(), (Nat::from(5_000_000_000_000_u64), Nat::from(0_u8)), "the platform's default");
    for limit in [0, 7, u128::MAX] {
        let wanted = CanisterSettings { reserved_cycles_limit: Some(Nat::from(limit)), ..CanisterSettings::default() };
        ic.update_canister_settings(id, None, wanted).unwrap();
        assert_eq!(reported(), (Nat::from(limit), Nat::from(0_u8)));
    }
    ic.update_canister_settings(id, None, CanisterSettings::default()).unwrap();
    assert_eq!(reported().0, Nat::from(u128::MAX), "settings that are not named stay");
}

#[test]
fn a_stopped_canister_takes_no_messages() {
    let ic = LocalIc::new();
    let id = install(&ic, COUNTER);
    ic.stop_canister(id, None).unwrap();
    assert_eq!(ic.canister_status(id, None).unwrap().status, CanisterStatusType::Stopped);
    assert_eq!(update(&ic, id, "count").unwrap_err().error_code, ErrorCode::CanisterStopped);
    assert_eq!(query(&ic, id, "heap").unwrap_err().error_code, ErrorCode::CanisterStopped);
    ic.start_canister(id, None).unwrap();
    assert_eq!(number(&update(&ic, id, "count").unwrap()), 1);
}

#[test]
fn unknown_canisters_and_methods_are_told_apart() {
    let ic = LocalIc::new();
    let id = install(&ic, COUNTER);
    let nobody = Principal::from_slice(&[9; 10]);
    assert!(ic.canister_exists(id) && !ic.canister_exists(nobody));
    assert_eq!(update(&ic, nobody, "count").unwrap_err().error_code, ErrorCode::CanisterNotFound);
    let missing = update(&ic, id, "nothing").unwrap_err();
    assert_eq!(missing.error_code, ErrorCode::CanisterMethodNotFound);
    let message = format!("Error from Canister {id}: Canister has no update method 'nothing'.");
    assert_eq!(missing.reject_message, message);
    // An update method is no query, but a query can be called as an update.
    assert_eq!(query(&ic, id, "count").unwrap_err().error_code, ErrorCode::CanisterMethodNotFound);
    assert_eq!(number(&update(&ic, id, "heap").unwrap()), 0);
}

#[test]
fn stable_memory_is_saved_and_loaded() {
    let ic = LocalIc::new();
    let id = install(&ic, COUNTER);
    update(&ic, id, "count").unwrap();
    let saved = ic.get_stable_memory(id);
    assert_eq!((saved.len(), number(&saved)), (65_536, 1));
    ic.set_stable_memory(id, 41u64.to_le_bytes().to_vec());
    assert_eq!(ic.get_stable_memory(id).len(), 65_536);
    update(&ic, id, "count").unwrap();
    assert_eq!(counts(&ic, id), [2, 2, 42]);
}
