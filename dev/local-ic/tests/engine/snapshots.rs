//! Snapshots: a loaded snapshot is the one that was taken, also after a download and an upload.

use candid::{CandidType, Deserialize, Principal, decode_one, encode_one};
use ic_management_canister_types::*;
use local_ic::testing::CanisterState;
use local_ic::{ErrorCode, LocalIc, RejectResponse};

use crate::common::memory_canister::{FIRST_OFFSET, install, update};
use crate::common::{self, module};

/// Counts in its heap, a global of each type, stable memory and certified data.
const COUNTER: &str = r#"
    (memory 2)
    (global $i (mut i32) (i32.const -1)) (global $l (mut i64) (i64.const -1))
    (global $f (mut f32) (f32.const nan:0x200001)) (global $d (mut f64) (f64.const -0))
    (func (export "canister_init") (drop (call $stable64_grow (i64.const 2))))
    (func (export "canister_update count")
        (global.set $i (i32.sub (global.get $i) (i32.const 1)))
        (global.set $l (i64.sub (global.get $l) (i64.const 1)))
        (global.set $d (f64.sub (global.get $d) (f64.const 1)))
        (i64.store (i32.const 70000) (global.get $l))
        (call $stable64_write (i64.const 69999) (i64.const 70000) (i64.const 8))
        (call $certified_data_set (i32.const 70000) (i32.const 8))
        (drop (call $global_timer_set (i64.const 9_000_000_000_000_000_000)))
        (call $msg_reply))
"#;

/// Makes a call of the management canister as the anonymous principal.
fn call<T: CandidType + for<'a> Deserialize<'a>>(
    ic: &LocalIc,
    method: &str,
    argument: impl CandidType,
) -> Result<T, RejectResponse> {
    let management = Principal::management_canister();
    let reply = ic.update_call(management, Principal::anonymous(), method, encode_one(argument).unwrap())?;
    Ok(decode_one(&reply).unwrap_or_else(|error| panic!("{method}: {error}")))
}

/// The same, of a method that replies nothing.
fn order(ic: &LocalIc, method: &str, argument: impl CandidType) -> Result<(), RejectResponse> {
    let management = Principal::management_canister();
    ic.update_call(management, Principal::anonymous(), method, encode_one(argument).unwrap()).map(drop)
}

fn take(ic: &LocalIc, canister_id: Principal) -> Result<Snapshot, RejectResponse> {
    replace(ic, canister_id, None)
}

fn replace(ic: &LocalIc, canister_id: Principal, replaced: Option<Vec<u8>>) -> Result<Snapshot, RejectResponse> {
    let args = TakeCanisterSnapshotArgs {
        canister_id,
        replace_snapshot: replaced,
        uninstall_code: None,
        sender_canister_version: None,
    };
    call(ic, "take_canister_snapshot", args)
}

fn load(ic: &LocalIc, canister_id: Principal, snapshot_id: Vec<u8>) -> Result<(), RejectResponse> {
    order(
        ic,
        "load_canister_snapshot",
        LoadCanisterSnapshotArgs { canister_id, snapshot_id, sender_canister_version: None },
    )
}

fn list(ic: &LocalIc, canister_id: Principal) -> Vec<Snapshot> {
    call(ic, "list_canister_snapshots", CanisterIdRecord { canister_id }).unwrap()
}

fn metadata(ic: &LocalIc, canister_id: Principal, id: &[u8]) -> ReadCanisterSnapshotMetadataResult {
    let args = ReadCanisterSnapshotMetadataArgs { canister_id, snapshot_id: id.to_vec() };
    call(ic, "read_canister_snapshot_metadata", args).unwrap()
}

fn read(ic: &LocalIc, canister_id: Principal, id: &[u8], kind: SnapshotDataKind) -> Result<Vec<u8>, RejectResponse> {
    let args = ReadCanisterSnapshotDataArgs { canister_id, snapshot_id: id.to_vec(), kind };
    call(ic, "read_canister_snapshot_data", args).map(|read: ReadCanisterSnapshotDataResult| read.chunk)
}

fn write(
    ic: &LocalIc,
    canister_id: Principal,
    id: &[u8],
    kind: SnapshotDataOffset,
    chunk: &[u8],
) -> Result<(), RejectResponse> {
    let args = UploadCanisterSnapshotDataArgs { canister_id, snapshot_id: id.to_vec(), kind, chunk: chunk.to_vec() };
    order(ic, "upload_canister_snapshot_data", args)
}

/// The part of a state that a snapshot restores.
fn restored(state: CanisterState) -> CanisterState {
    CanisterState { version: 0, cycles: 0, ..state }
}

/// An upload of `metadata` to `canister_id`, with its parts written in chunks of 50,000 bytes.
fn upload(ic: &LocalIc, from: Principal, id: &[u8], to: Principal) -> Vec<u8> {
    let metadata = metadata(ic, from, id);
    let args = UploadCanisterSnapshotMetadataArgs {
        canister_id: to,
        replace_snapshot: None,
        wasm_module_size: metadata.wasm_module_size,
        globals: metadata.globals.into_iter().map(|global| global.expect("its type is known")).collect(),
        wasm_memory_size: metadata.wasm_memory_size,
        stable_memory_size: metadata.stable_memory_size,
        certified_data: metadata.certified_data,
        global_timer: metadata.global_timer,
        on_low_wasm_memory_hook_status: metadata.on_low_wasm_memory_hook_status,
    };
    let uploaded: UploadCanisterSnapshotMetadataResult = call(ic, "upload_canister_snapshot_metadata", args).unwrap();
    let id_of_upload = uploaded.snapshot_id;
    let chunk = 50_000;
    let copy =
        |bytes: u64, from_kind: &dyn Fn(u64, u64) -> SnapshotDataKind, to_kind: &dyn Fn(u64) -> SnapshotDataOffset| {
            for offset in (0..bytes).step_by(chunk) {
                let size = (bytes - offset).min(chunk as u64);
                let data = read(ic, from, id, from_kind(offset, size)).unwrap();
                write(ic, to, &id_of_upload, to_kind(offset), &data).unwrap();
            }
        };
    copy(metadata.wasm_module_size, &|offset, size| SnapshotDataKind::WasmModule { offset, size }, &|offset| {
        SnapshotDataOffset::WasmModule { offset }
    });
    copy(metadata.wasm_memory_size, &|offset, size| SnapshotDataKind::WasmMemory { offset, size }, &|offset| {
        SnapshotDataOffset::WasmMemory { offset }
    });
    copy(metadata.stable_memory_size, &|offset, size| SnapshotDataKind::StableMemory { offset, size }, &|offset| {
        SnapshotDataOffset::StableMemory { offset }
    });
    id_of_upload
}

#[test]
fn a_canister_is_again_what_it_was() {
    let ic = LocalIc::new();
    let id = common::install(&ic, COUNTER);
    common::update(&ic, id, "count").unwrap();
    let (before, memory) = (ic.canister_state(id), ic.canister_status(id, None).unwrap().memory_size);
    let snapshot = take(&ic, id).unwrap();
    let status = ic.canister_status(id, None).unwrap();
    assert_eq!(status.memory_metrics.snapshots_size, snapshot.total_size);
    assert_eq!(status.memory_size, memory + snapshot.total_size, "a snapshot is memory that is paid for");
    for _ in 0..2 {
        common::update(&ic, id, "count").unwrap();
    }
    ic.upgrade_canister(id, module("(memory 1)"), vec![], None).unwrap();
    load(&ic, id, snapshot.id.clone()).unwrap();
    let after = ic.canister_state(id);
    // A snapshot does not restore the timer: the upgrade has deactivated it.
    assert_eq!(restored(after.clone()), CanisterState { global_timer: 0, ..restored(before.clone()) });
    assert!(after.version > before.version);
    common::update(&ic, id, "count").unwrap();
    assert_eq!(list(&ic, id), [snapshot]);
}

#[test]
fn a_snapshot_that_is_downloaded_and_uploaded_is_the_same_elsewhere() {
    let ic = LocalIc::new();
    let (id, other) = (common::install(&ic, COUNTER), ic.create_canister());
    common::update(&ic, id, "count").unwrap();
    let snapshot = take(&ic, id).unwrap();
    let before = ic.canister_state(id);
    let uploaded = upload(&ic, id, &snapshot.id, other);
    assert!(matches!(metadata(&ic, other, &uploaded).source, Some(SnapshotSource::MetadataUpload(_))));
    load(&ic, other, uploaded).unwrap();
    // An upload restores the timer too.
    assert_eq!(restored(ic.canister_state(other)), restored(before));
    common::update(&ic, other, "count").unwrap();
    assert_eq!(ic.module_hash(other), ic.module_hash(id));
    // Another canister's snapshot can be loaded without a download, by who controls both.
    let third = ic.create_canister();
    load(&ic, third, snapshot.id.clone()).unwrap();
    assert_eq!(
        restored(ic.canister_state(third)),
        CanisterState { global_timer: 0, ..restored(ic.canister_state(id)) }
    );
    ic.set_controllers(id, None, vec![]).unwrap();
    let reject = load(&ic, third, snapshot.id).unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterInvalidController);
}

#[test]
fn snapshots_are_replaced_deleted_and_limited() {
    let ic = LocalIc::new();
    let id = common::install(&ic, COUNTER);
    let taken: Vec<_> = (0..10).map(|_| take(&ic, id).unwrap()).collect();
    assert_eq!(list(&ic, id), taken);
    assert_eq!(take(&ic, id).unwrap_err().error_code, ErrorCode::InvalidManagementPayload);
    let replacing = replace(&ic, id, Some(taken[3].id.clone())).unwrap();
    let gone = load(&ic, id, taken[3].id.clone()).unwrap_err();
    assert_eq!(gone.error_code, ErrorCode::CanisterSnapshotNotFound);
    let delete = |snapshot_id| {
        order(&ic, "delete_canister_snapshot", DeleteCanisterSnapshotArgs { canister_id: id, snapshot_id })
    };
    for snapshot in taken.iter().filter(|snapshot| snapshot.id != taken[3].id) {
        delete(snapshot.id.clone()).unwrap();
    }
    assert_eq!(list(&ic, id), std::slice::from_ref(&replacing));
    assert_eq!(delete(taken[0].id.clone()).unwrap_err().error_code, ErrorCode::CanisterSnapshotNotFound);
    assert_eq!(delete(b"junk".to_vec()).unwrap_err().error_code, ErrorCode::InvalidManagementPayload);
    delete(replacing.id).unwrap();
    assert_eq!(ic.canister_status(id, None).unwrap().memory_metrics.snapshots_size, 0u8);
    // Empty, it has nothing to take; taken with its code removed, it has that of the snapshot again.
    let args = TakeCanisterSnapshotArgs {
        canister_id: id,
        replace_snapshot: None,
        uninstall_code: Some(true),
        sender_canister_version: None,
    };
    let last: Snapshot = call(&ic, "take_canister_snapshot", args).unwrap();
    assert_eq!(ic.module_hash(id), None);
    assert_eq!(take(&ic, id).unwrap_err().error_code, ErrorCode::CanisterWasmModuleNotFound);
    load(&ic, id, last.id).unwrap();
    common::update(&ic, id, "count").unwrap();
}

#[test]
fn data_that_does_not_fit_is_refused_and_changes_nothing() {
    let ic = LocalIc::new();
    let id = common::install(&ic, COUNTER);
    let taken = take(&ic, id).unwrap();
    let immutable = write(&ic, id, &taken.id, SnapshotDataOffset::WasmMemory { offset: 0 }, &[1]).unwrap_err();
    assert_eq!(immutable.error_code, ErrorCode::CanisterSnapshotImmutable);
    let outside = [(131_072, 1), (131_071, 2), (u64::MAX, 1), (0, 2_000_001)];
    for (offset, size) in outside {
        let reject = read(&ic, id, &taken.id, SnapshotDataKind::WasmMemory { offset, size }).unwrap_err();
        assert_eq!(reject.error_code, ErrorCode::InvalidManagementPayload, "{offset} {size}");
    }
    let chunk = SnapshotDataKind::WasmChunk { hash: vec![0; 32] };
    assert_eq!(read(&ic, id, &taken.id, chunk).unwrap_err().error_code, ErrorCode::InvalidManagementPayload);

    let good = UploadCanisterSnapshotMetadataArgs {
        canister_id: id,
        replace_snapshot: None,
        wasm_module_size: 10,
        globals: vec![],
        wasm_memory_size: 0,
        stable_memory_size: 0,
        certified_data: vec![],
        global_timer: None,
        on_low_wasm_memory_hook_status: None,
    };
    let upload = |args: UploadCanisterSnapshotMetadataArgs| {
        let uploaded: Result<UploadCanisterSnapshotMetadataResult, _> =
            call(&ic, "upload_canister_snapshot_metadata", args);
        uploaded.map(|uploaded| uploaded.snapshot_id)
    };
    let bad = [
        UploadCanisterSnapshotMetadataArgs { wasm_module_size: 1 << 40, ..good.clone() },
        UploadCanisterSnapshotMetadataArgs { wasm_memory_size: 1, ..good.clone() },
        UploadCanisterSnapshotMetadataArgs { wasm_memory_size: u64::MAX, ..good.clone() },
        UploadCanisterSnapshotMetadataArgs { stable_memory_size: 501 << 30, ..good.clone() },
        UploadCanisterSnapshotMetadataArgs { certified_data: vec![0; 33], ..good.clone() },
        UploadCanisterSnapshotMetadataArgs { globals: vec![SnapshotMetadataGlobal::I32(0); 1001], ..good.clone() },
        UploadCanisterSnapshotMetadataArgs { globals: vec![SnapshotMetadataGlobal::V128(0u8.into())], ..good.clone() },
    ];
    for args in bad {
        let reject = upload(args.clone()).unwrap_err();
        assert_eq!(reject.error_code, ErrorCode::InvalidManagementPayload, "{args:?}");
    }
    // 500 GiB that are zero take no memory, but must be paid for.
    let large = upload(UploadCanisterSnapshotMetadataArgs { stable_memory_size: 400 << 30, ..good.clone() });
    assert_eq!(large.unwrap_err().error_code, ErrorCode::CanisterOutOfCycles);
    let before = ic.canister_state(id);
    let wasm = module(COUNTER);
    let sized = UploadCanisterSnapshotMetadataArgs {
        wasm_module_size: wasm.len() as u64,
        wasm_memory_size: 131_072,
        ..good.clone()
    };
    use SnapshotMetadataGlobal::{F32, F64, I32, I64};
    let cases = [
        // The module is not uploaded; it has other globals, other types of them, another heap.
        (None, vec![I32(0), I64(0), F32(0.0), F64(0.0)], 131_072, None),
        (Some(&wasm), vec![I32(0)], 131_072, None),
        (Some(&wasm), vec![I32(0), I64(0), F64(0.0), F32(0.0)], 131_072, None),
        (Some(&wasm), vec![I32(0), I64(0), F32(0.0), F64(0.0)], 65_536, None),
        (Some(&wasm), vec![I32(0), I64(0), F32(0.0), F64(0.0)], 131_072, Some(OnLowWasmMemoryHookStatus::Ready)),
    ];
    for (wasm, globals, wasm_memory_size, on_low_wasm_memory_hook_status) in cases {
        let args = UploadCanisterSnapshotMetadataArgs {
            globals,
            wasm_memory_size,
            on_low_wasm_memory_hook_status,
            ..sized.clone()
        };
        let snapshot = upload(args).unwrap();
        if let Some(wasm) = wasm {
            write(&ic, id, &snapshot, SnapshotDataOffset::WasmModule { offset: 0 }, wasm).unwrap();
        }
        let reject = load(&ic, id, snapshot.clone()).unwrap_err();
        assert_eq!(reject.error_code, ErrorCode::InvalidManagementPayload, "{reject}");
        assert!(reject.reject_message.contains("cannot be loaded"), "{reject}");
        order(&ic, "delete_canister_snapshot", DeleteCanisterSnapshotArgs { canister_id: id, snapshot_id: snapshot })
            .unwrap();
    }
    assert_eq!(restored(ic.canister_state(id)), restored(before));
}

#[test]
fn the_readers_of_snapshots_are_a_setting() {
    let ic = LocalIc::new();
    let id = common::install(&ic, COUNTER);
    let taken = take(&ic, id).unwrap();
    let reader = crate::common::install(&ic, crate::common::forwarder::FORWARDER);
    let asked = |visibility| {
        let settings = CanisterSettings { snapshot_visibility: Some(visibility), ..CanisterSettings::default() };
        ic.update_canister_settings(id, None, settings).unwrap();
        let argument = encode_one(ReadCanisterSnapshotMetadataArgs { canister_id: id, snapshot_id: taken.id.clone() });
        let management = Principal::management_canister();
        let method = "read_canister_snapshot_metadata";
        crate::common::forwarder::forward(&ic, reader, 0, management, method, &argument.unwrap()).unwrap().code == 0
    };
    assert!(!asked(SnapshotVisibility::Controllers));
    assert!(!asked(SnapshotVisibility::AllowedViewers(vec![id])));
    assert!(asked(SnapshotVisibility::AllowedViewers(vec![reader])));
    assert!(asked(SnapshotVisibility::Public));
}

/// Takes a snapshot of a canister of [`memory_canister`](crate::common::memory_canister), whose state is compared.
#[test]
fn a_canister_of_many_pages_is_restored() {
    let ic = LocalIc::new();
    let id = install(&ic);
    for offset in (0..200).map(|page| FIRST_OFFSET + page * 4096) {
        update(&ic, id, "write", &[offset, 1 + offset]).unwrap();
    }
    let before = ic.canister_state(id);
    let snapshot = take(&ic, id).unwrap();
    update(&ic, id, "write", &[FIRST_OFFSET, 7]).unwrap();
    load(&ic, id, snapshot.id).unwrap();
    assert_eq!(restored(ic.canister_state(id)), restored(before));
}
