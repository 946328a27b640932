//! The methods about snapshots.

use candid::Principal;
use ic_management_canister_types::{
    CanisterIdRecord, CanisterTimer, DeleteCanisterSnapshotArgs, LoadCanisterSnapshotArgs, OnLowWasmMemoryHookStatus,
    ReadCanisterSnapshotDataArgs, ReadCanisterSnapshotDataResult, ReadCanisterSnapshotMetadataArgs,
    ReadCanisterSnapshotMetadataResult, Snapshot, SnapshotDataKind, SnapshotDataOffset, SnapshotMetadataGlobal,
    SnapshotVisibility, TakeCanisterSnapshotArgs, UploadCanisterSnapshotDataArgs, UploadCanisterSnapshotMetadataArgs,
    UploadCanisterSnapshotMetadataResult,
};

use super::super::lifecycle::{check_controller, invalid};
use super::super::snapshots::{SnapshotKey, snapshot_id, snapshot_key};
use super::super::{Engine, Sender};
use super::codec::{decode, encode, encode_nothing};
use super::history::source_of;
use crate::canister::{Global, LowWasmMemory, Source};
use crate::limits::MAX_SNAPSHOT_CHUNK;
use crate::reject::RejectResponse;
use crate::sandbox::Response;
use crate::snapshot::{Metadata, Part};

impl Engine {
    pub(super) fn take_canister_snapshot(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let args: TakeCanisterSnapshotArgs = decode(argument)?;
        let sender = Sender { id: caller, version: args.sender_canister_version };
        let replaced = args.replace_snapshot.as_deref().map(snapshot_key).transpose()?;
        let uninstall = args.uninstall_code.unwrap_or(false);
        let key = self.take_snapshot(args.canister_id, sender, replaced, uninstall)?;
        encode(&self.describe(key)?)
    }

    pub(super) fn load_canister_snapshot(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let args: LoadCanisterSnapshotArgs = decode(argument)?;
        let sender = Sender { id: caller, version: args.sender_canister_version };
        self.load_snapshot(args.canister_id, sender, snapshot_key(&args.snapshot_id)?)?;
        encode_nothing()
    }

    pub(super) fn list_canister_snapshots(&self, caller: Principal, argument: &[u8]) -> Response {
        let CanisterIdRecord { canister_id } = decode(argument)?;
        self.check_snapshots_visible(canister_id, caller)?;
        let keys = self.snapshots_of(canister_id).map(|(key, _)| self.describe(key));
        encode(&keys.collect::<Result<Vec<_>, _>>()?)
    }

    pub(super) fn delete_canister_snapshot(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let args: DeleteCanisterSnapshotArgs = decode(argument)?;
        self.delete_snapshot(args.canister_id, caller, snapshot_key(&args.snapshot_id)?)?;
        encode_nothing()
    }

    pub(super) fn read_snapshot_metadata(&self, caller: Principal, argument: &[u8]) -> Response {
        let args: ReadCanisterSnapshotMetadataArgs = decode(argument)?;
        self.check_snapshots_visible(args.canister_id, caller)?;
        let snapshot = self.snapshot(args.canister_id, snapshot_key(&args.snapshot_id)?)?;
        let metadata = &snapshot.metadata;
        encode(&ReadCanisterSnapshotMetadataResult {
            source: Some(source_of(metadata.source)),
            taken_at_timestamp: metadata.taken_at,
            wasm_module_size: snapshot.part(Part::Module).bytes(),
            globals: metadata.globals.iter().map(|global| Some(global_in_candid(*global))).collect(),
            wasm_memory_size: snapshot.part(Part::Heap).bytes(),
            stable_memory_size: snapshot.part(Part::Stable).bytes(),
            // The engine has no chunk stores.
            wasm_chunk_store: Vec::new(),
            canister_version: metadata.canister_version,
            certified_data: metadata.certified_data.clone(),
            global_timer: metadata.global_timer.map(|at| match at {
                0 => CanisterTimer::Inactive,
                at => CanisterTimer::Active(at),
            }),
            on_low_wasm_memory_hook_status: metadata.low_wasm_memory.map(|state| match state {
                LowWasmMemory::Enough => OnLowWasmMemoryHookStatus::ConditionNotSatisfied,
                LowWasmMemory::Ready => OnLowWasmMemoryHookStatus::Ready,
                LowWasmMemory::Executed => OnLowWasmMemoryHookStatus::Executed,
            }),
        })
    }

    pub(super) fn read_snapshot_data(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let args: ReadCanisterSnapshotDataArgs = decode(argument)?;
        self.check_snapshots_visible(args.canister_id, caller)?;
        let (part, offset, size) = match args.kind {
            SnapshotDataKind::WasmModule { offset, size } => (Part::Module, offset, size),
            SnapshotDataKind::WasmMemory { offset, size } => (Part::Heap, offset, size),
            SnapshotDataKind::StableMemory { offset, size } => (Part::Stable, offset, size),
            SnapshotDataKind::WasmChunk { .. } => return Err(no_chunks()),
        };
        check_chunk(size)?;
        let key = snapshot_key(&args.snapshot_id)?;
        let chunk = self.read_snapshot(args.canister_id, key, part, offset, size)?;
        encode(&ReadCanisterSnapshotDataResult { chunk })
    }

    pub(super) fn upload_snapshot_metadata(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let args: UploadCanisterSnapshotMetadataArgs = decode(argument)?;
        let replaced = args.replace_snapshot.as_deref().map(snapshot_key).transpose()?;
        let metadata = Metadata {
            source: Source::Uploaded,
            taken_at: 0,
            canister_version: 0,
            globals: args.globals.into_iter().map(global_of_candid).collect::<Result<_, _>>()?,
            certified_data: args.certified_data,
            global_timer: args.global_timer.map(|timer| match timer {
                CanisterTimer::Inactive => 0,
                CanisterTimer::Active(at) => at,
            }),
            low_wasm_memory: args.on_low_wasm_memory_hook_status.map(|status| match status {
                OnLowWasmMemoryHookStatus::ConditionNotSatisfied => LowWasmMemory::Enough,
                OnLowWasmMemoryHookStatus::Ready => LowWasmMemory::Ready,
                OnLowWasmMemoryHookStatus::Executed => LowWasmMemory::Executed,
            }),
        };
        let bytes = [args.wasm_module_size, args.wasm_memory_size, args.stable_memory_size];
        let key = self.upload_snapshot(args.canister_id, caller, replaced, metadata, bytes)?;
        encode(&UploadCanisterSnapshotMetadataResult { snapshot_id: snapshot_id(key) })
    }

    pub(super) fn upload_snapshot_data(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let args: UploadCanisterSnapshotDataArgs = decode(argument)?;
        let (part, offset) = match args.kind {
            SnapshotDataOffset::WasmModule { offset } => (Part::Module, offset),
            SnapshotDataOffset::WasmMemory { offset } => (Part::Heap, offset),
            SnapshotDataOffset::StableMemory { offset } => (Part::Stable, offset),
            SnapshotDataOffset::WasmChunk => return Err(no_chunks()),
        };
        let key = snapshot_key(&args.snapshot_id)?;
        self.write_snapshot(args.canister_id, caller, key, part, offset, &args.chunk)?;
        encode_nothing()
    }

    fn describe(&self, key: SnapshotKey) -> Result<Snapshot, RejectResponse> {
        let snapshot = self.snapshot(key.0, key)?;
        let taken_at_timestamp = snapshot.metadata.taken_at;
        Ok(Snapshot { id: snapshot_id(key), taken_at_timestamp, total_size: snapshot.bytes() })
    }

    /// Whether somebody may list and read the snapshots of a canister.
    fn check_snapshots_visible(&self, id: Principal, reader: Principal) -> Result<(), RejectResponse> {
        let canister = self.canister(id)?;
        match &canister.settings.snapshot_visibility {
            SnapshotVisibility::Public => Ok(()),
            SnapshotVisibility::AllowedViewers(viewers) if viewers.contains(&reader) => Ok(()),
            _ => check_controller(canister, reader),
        }
    }
}

fn check_chunk(bytes: u64) -> Result<(), RejectResponse> {
    if bytes <= MAX_SNAPSHOT_CHUNK {
        return Ok(());
    }
    Err(invalid(format!("{bytes} bytes of a snapshot are asked for at once, more than {MAX_SNAPSHOT_CHUNK}")))
}

fn no_chunks() -> RejectResponse {
    invalid("this engine has no chunk stores".to_string())
}

fn global_in_candid(global: Global) -> SnapshotMetadataGlobal {
    match global {
        Global::I32(value) => SnapshotMetadataGlobal::I32(value),
        Global::I64(value) => SnapshotMetadataGlobal::I64(value),
        Global::F32(bits) => SnapshotMetadataGlobal::F32(f32::from_bits(bits)),
        Global::F64(bits) => SnapshotMetadataGlobal::F64(f64::from_bits(bits)),
    }
}

fn global_of_candid(global: SnapshotMetadataGlobal) -> Result<Global, RejectResponse> {
    Ok(match global {
        SnapshotMetadataGlobal::I32(value) => Global::I32(value),
        SnapshotMetadataGlobal::I64(value) => Global::I64(value),
        SnapshotMetadataGlobal::F32(value) => Global::F32(value.to_bits()),
        SnapshotMetadataGlobal::F64(value) => Global::F64(value.to_bits()),
        SnapshotMetadataGlobal::V128(_) => return Err(invalid("no module here has a global of type v128".to_string())),
    })
}
