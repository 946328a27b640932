//! Saved changes restore a state that continues where the original was.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use crate::common::SPIN;
use crate::common::memory_canister::{FIRST_OFFSET, SIZE, install, module, update};
use candid::{CandidType, Principal, decode_one, encode_one};
use ic_management_canister_types::*;
use local_ic::{LocalIc, Restore, RestoreError, Storage};
use test_support::Random;

/// A storage that counts what is written to it.
#[derive(Clone, Default)]
struct Map {
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
    written: usize,
}

impl Storage for Map {
    type Error = Infallible;

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), Infallible> {
        self.written += key.len() + value.len();
        self.entries.insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn remove(&mut self, prefix: &[u8]) -> Result<(), Infallible> {
        self.entries.retain(|key, _| !key.starts_with(prefix));
        Ok(())
    }
}

impl Map {
    fn save(&mut self, ic: &LocalIc) {
        let Ok(()) = ic.take_changes(|changes| changes.save(self));
    }

    fn restore(&self) -> Result<LocalIc, RestoreError> {
        let mut restore = Restore::default();
        for (key, value) in &self.entries {
            restore.entry(key, value)?;
        }
        LocalIc::restored(restore)
    }
}

/// Calls a management method as the anonymous principal.
fn manage(ic: &LocalIc, method: &str, argument: impl CandidType) -> Vec<u8> {
    let argument = encode_one(argument).expect("it encodes");
    let reply = ic.update_call(Principal::management_canister(), Principal::anonymous(), method, argument);
    reply.unwrap_or_else(|reject| panic!("{method}: {reject}"))
}

/// Takes a snapshot, writes to one that is uploaded, loads or deletes the oldest, as `step` says.
fn snapshot_something(ic: &LocalIc, canister_id: Principal, step: u64) {
    let list = manage(ic, "list_canister_snapshots", CanisterIdRecord { canister_id });
    let list: Vec<Snapshot> = decode_one(&list).expect("it decodes");
    match (list.first().map(|oldest| oldest.id.clone()), step % 4) {
        (None, _) | (Some(_), 0) if list.len() < 4 => {
            let upload = UploadCanisterSnapshotMetadataArgs {
                canister_id,
                replace_snapshot: None,
                wasm_module_size: 5_000,
                globals: Vec::new(),
                wasm_memory_size: 65_536,
                stable_memory_size: 0,
                certified_data: Vec::new(),
                global_timer: None,
                on_low_wasm_memory_hook_status: None,
            };
            let reply = manage(ic, "upload_canister_snapshot_metadata", upload);
            let UploadCanisterSnapshotMetadataResult { snapshot_id } = decode_one(&reply).expect("it decodes");
            let kind = SnapshotDataOffset::WasmMemory { offset: 4_000 + step };
            let chunk = vec![step as u8 | 1; 5_000];
            let data = UploadCanisterSnapshotDataArgs { canister_id, snapshot_id, kind, chunk };
            manage(ic, "upload_canister_snapshot_data", data);
            let take = TakeCanisterSnapshotArgs {
                canister_id,
                replace_snapshot: None,
                uninstall_code: None,
                sender_canister_version: None,
            };
            manage(ic, "take_canister_snapshot", take);
        }
        (Some(snapshot_id), 1) => {
            let kind = SnapshotDataOffset::WasmMemory { offset: step };
            let args = UploadCanisterSnapshotDataArgs { canister_id, snapshot_id, kind, chunk: vec![7; 10_000] };
            let argument = encode_one(args).expect("it encodes");
            // Refused, if the oldest was not uploaded.
            let management = Principal::management_canister();
            let _ = ic.update_call(management, Principal::anonymous(), "upload_canister_snapshot_data", argument);
        }
        (Some(snapshot_id), _) => {
            manage(ic, "delete_canister_snapshot", DeleteCanisterSnapshotArgs { canister_id, snapshot_id });
        }
        (None, _) => {}
    }
}

/// The contents of a canister's snapshots.
fn snapshots(ic: &LocalIc, canister_id: Principal) -> Vec<Vec<u8>> {
    let list = manage(ic, "list_canister_snapshots", CanisterIdRecord { canister_id });
    let snapshots: Vec<Snapshot> = decode_one(&list).expect("it decodes");
    let contents = snapshots.into_iter().flat_map(|Snapshot { id, .. }| {
        let snapshot_id = id.clone();
        let metadata = manage(
            ic,
            "read_canister_snapshot_metadata",
            ReadCanisterSnapshotMetadataArgs { canister_id, snapshot_id },
        );
        let decoded: ReadCanisterSnapshotMetadataResult = decode_one(&metadata).expect("it decodes");
        let kinds = [
            SnapshotDataKind::WasmModule { offset: 0, size: decoded.wasm_module_size },
            SnapshotDataKind::WasmMemory { offset: 0, size: decoded.wasm_memory_size.min(1 << 20) },
            SnapshotDataKind::StableMemory { offset: 0, size: decoded.stable_memory_size.min(1 << 20) },
        ];
        let parts = kinds.map(|kind| {
            let args = ReadCanisterSnapshotDataArgs { canister_id, snapshot_id: id.clone(), kind };
            manage(ic, "read_canister_snapshot_data", args)
        });
        [metadata].into_iter().chain(parts)
    });
    contents.collect()
}

/// After any changes the saved state is the state, and goes on as the state would.
#[test]
fn random_changes_are_restored() {
    let mut random = Random::of(&[11]);
    let mut ic = LocalIc::new();
    let id = install(&ic);
    let mut map = Map::default();
    map.save(&ic);
    for step in 0..600 {
        let offset = FIRST_OFFSET + random.below((SIZE - FIRST_OFFSET) / 4) * 4;
        match random.below(40) {
            0 => drop(update(&ic, id, "grow", &[]).expect("it replies")),
            1 => ic.upgrade_canister(id, module(), vec![], None).expect("it upgrades"),
            2 => ic.reinstall_canister(id, module(), vec![], None).expect("it is installed"),
            3 => {
                ic.uninstall_canister(id, None).expect("it is uninstalled");
                map.save(&ic);
                assert_eq!(map.restore().expect("it is whole").canister_state(id), ic.canister_state(id));
                ic.install_canister(id, module(), vec![], None);
            }
            4 => snapshot_something(&ic, id, step.into()),
            5..8 => drop(update(&ic, id, "write_and_trap", &[offset, step]).expect_err("it traps")),
            _ => drop(update(&ic, id, "write", &[offset, step]).expect("it replies")),
        }
        if random.below(3) == 0 {
            map.save(&ic);
        }
        if random.below(20) == 0 {
            map.save(&ic);
            let restored = map.restore().expect("it is whole");
            assert_eq!(restored.canister_state(id), ic.canister_state(id), "step {step}");
            assert_eq!(restored.get_time(), ic.get_time());
            assert_eq!(snapshots(&restored, id), snapshots(&ic, id), "step {step}");
            ic = restored;
            // The restored state does not know that it is saved: its first changes are all of it. They can be saved
            // again, or shown to readers only, and saving goes on with the next changes.
            match random.below(2) {
                0 => map.save(&ic),
                _ => ic.take_changes(|changes| assert!(!changes.is_empty())),
            }
        }
    }
}

/// Calls in flight are part of the state: the answer that they get after a restore is the one they would have got.
#[test]
fn calls_in_flight_go_on() {
    let ic = LocalIc::new();
    // `run` asks for randomness, and answers with it from a callback.
    let body = r#"
        (memory (export "memory") 2)
        (table (export "table") funcref (elem $replied $rejected))
        (data (i32.const 0) "raw_rand")
        (data (i32.const 16) "DIDL\00\00")
        (func $replied (param i32)
            (call $msg_arg_data_copy (i32.const 64) (i32.const 0) (call $msg_arg_data_size))
            (call $msg_reply_data_append (i32.const 64) (call $msg_arg_data_size))
            (call $msg_reply))
        (func $rejected (param i32) unreachable)
        (func (export "canister_update run")
            (call $call_new (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8)
                (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0))
            (call $call_data_append (i32.const 16) (i32.const 6))
            (drop (call $call_perform)))
    "#;
    let id = crate::common::install(&ic, &format!("{body}{SPIN}"));
    let anonymous = Principal::anonymous();
    // This message fills a round, so that later ones wait in the queue or for their callback.
    let spin = ic.submit_call(id, anonymous, "spin", vec![]).expect("it is taken in");
    let run = ic.submit_call(id, anonymous, "run", vec![]).expect("it is taken in");
    let later = ic.submit_call(id, anonymous, "spin", vec![]).expect("it is taken in");
    let mut map = Map::default();
    map.save(&ic);
    let restored = map.restore().expect("it is whole");
    ic.tick();
    map.save(&ic);
    let halfway = map.restore().expect("it is whole");
    let expected: Vec<_> = [run, later].map(|message| ic.await_call(message)).into();
    assert_eq!(expected[0].as_ref().expect("it replies").len(), b"DIDL".len() + 6 + 32, "a blob of 32 bytes");
    for ic in [restored, halfway] {
        if let Some(response) = ic.take_response(spin) {
            response.expect("it replies");
        }
        assert_eq!([run, later].map(|message| ic.await_call(message)).to_vec(), expected);
    }
}

#[test]
fn a_small_change_is_saved_in_a_few_pages_however_large_the_state() {
    let ic = LocalIc::new();
    let id = install(&ic);
    let mut map = Map::default();
    map.save(&ic);
    let mut cost = || {
        map.written = 0;
        update(&ic, id, "write", &[FIRST_OFFSET, 1]).expect("it replies");
        map.save(&ic);
        map.written
    };
    let small = cost();
    for _ in 0..300 {
        update(&ic, id, "grow", &[]).expect("it replies");
    }
    for offset in (SIZE..SIZE + (300 << 16)).step_by(4096) {
        update(&ic, id, "write", &[offset, 7]).expect("it replies");
    }
    cost();
    let large = cost();
    assert!(small < 16_384 && large < small + 64, "{small} bytes, and {large} of a large state");
}

#[test]
fn nothing_is_saved_of_rounds_in_which_nothing_happens() {
    let ic = LocalIc::new();
    install(&ic);
    let mut map = Map::default();
    map.save(&ic);
    map.written = 0;
    for _ in 0..10 {
        ic.advance_time(Duration::from_millis(200));
        ic.tick();
        map.save(&ic);
    }
    assert_eq!(map.written, 0);
}

/// A canister pays for its storage while the engine does nothing else: the time of that is saved with it.
#[test]
fn a_state_is_as_of_the_time_until_which_its_storage_is_paid() {
    let ic = LocalIc::new();
    let id = install(&ic);
    let mut map = Map::default();
    map.save(&ic);
    ic.advance_time(Duration::from_secs(3600));
    ic.tick();
    map.save(&ic);
    let restored = map.restore().expect("it is whole");
    assert_eq!(restored.get_time(), ic.get_time());
    for ic in [&restored, &ic] {
        ic.advance_time(Duration::from_secs(3600));
        ic.tick();
    }
    assert_eq!(restored.canister_state(id), ic.canister_state(id));
}

/// Nothing is left of a canister that was deleted, nor of its snapshots.
#[test]
fn a_deleted_canister_leaves_nothing() {
    let ic = LocalIc::new();
    install(&ic);
    let mut map = Map::default();
    map.save(&ic);
    let keys = |map: &Map| map.entries.keys().cloned().collect::<Vec<_>>();
    let before = keys(&map);
    let id = install(&ic);
    snapshot_something(&ic, id, 0);
    map.save(&ic);
    assert!(before.len() < keys(&map).len());
    ic.stop_canister(id, None).expect("it stops");
    manage(&ic, "delete_canister", CanisterIdRecord { canister_id: id });
    map.save(&ic);
    assert_eq!(keys(&map), before);
    assert!(!map.restore().expect("it is whole").canister_exists(id));
}

/// An entry that is strange or out of place is refused, and so is a state without one that is not a page. (That a page
/// is missing is not noticed: those that are zero are not there either.)
#[test]
fn bytes_that_are_not_a_state_are_refused() {
    let ic = LocalIc::new();
    let id = install(&ic);
    update(&ic, id, "write", &[FIRST_OFFSET, 1]).expect("it replies");
    snapshot_something(&ic, id, 0);
    let mut map = Map::default();
    map.save(&ic);
    map.restore().expect("it is whole");
    let kinds: BTreeSet<u8> = map.entries.keys().map(|key| key[0]).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
    for (key, value) in &map.entries {
        let is_page = [3, 4, 6].contains(&key[0]);
        let mut without = map.clone();
        without.entries.remove(key);
        assert_eq!(without.restore().is_err(), !is_page, "without {key:?}");
        let refuse = |map: &Map, key: &[u8], value: &[u8]| {
            let mut map = map.clone();
            map.entries.insert(key.to_vec(), value.to_vec());
            let error = map.restore().err().unwrap_or_else(|| panic!("{key:?} is taken"));
            assert!(!error.to_string().is_empty());
        };
        refuse(&map, key, &[]);
        refuse(&map, key, &value[..value.len() - 1]);
        refuse(&map, key, &[value, &[0][..]].concat());
        refuse(&without, &[&[9], &key[..]].concat(), value);
        // In place of it, and beside it.
        for map in [&without, &map] {
            refuse(map, &[key, &[0][..]].concat(), value);
            if is_page {
                refuse(map, &[&key[..key.len() - 4], &[0xff; 4]].concat(), value);
            } else {
                // Another canister's.
                refuse(map, &[&key[..1], &[1, 7]].concat(), value);
            }
        }
    }
    assert!(Map::default().restore().is_err());
}
