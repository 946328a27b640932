//! Snapshots of canisters: taking, loading, deleting and uploading them.

use candid::Principal;

use super::lifecycle::{check_controller, invalid};
use super::{Engine, Sender, not_found, out_of_cycles};
use crate::canister::{Canister, ChangeDetails, Code, Source};
use crate::fees;
use crate::limits::{MAX_SNAPSHOTS, OS_PAGE, WASM_PAGE};
use crate::memory::StableMemory;
use crate::reject::{ErrorCode, RejectResponse};
use crate::snapshot::{Metadata, Part, Region, Snapshot};
use crate::wasm::compile;

/// A snapshot's canister, and its number among the snapshots that were made of it, from 0 on.
pub type SnapshotKey = (Principal, u64);

impl Engine {
    /// Takes a snapshot of a canister that `sender` controls, in place of `replaced`, and then removes its code if that is
    /// wanted.
    pub fn take_snapshot(
        &mut self,
        id: Principal,
        sender: Sender,
        replaced: Option<SnapshotKey>,
        uninstall: bool,
    ) -> Result<SnapshotKey, RejectResponse> {
        let now = self.now;
        let canister = self.check_controller(id, sender.id)?;
        let snapshot = Snapshot::take(canister, now).ok_or_else(|| {
            let message = format!("Canister {id} cannot have a snapshot taken because it is empty");
            RejectResponse::new(ErrorCode::CanisterWasmModuleNotFound, message)
        })?;
        let key = self.add_snapshot(id, replaced, snapshot)?;
        if uninstall {
            self.remove_code(id, sender);
        }
        Ok(key)
    }

    /// Makes an empty snapshot for a canister that `sender` controls, in place of `replaced`. Its parts are written later.
    pub fn upload_snapshot(
        &mut self,
        id: Principal,
        sender: Principal,
        replaced: Option<SnapshotKey>,
        metadata: Metadata,
        bytes: [u64; 3],
    ) -> Result<SnapshotKey, RejectResponse> {
        let (now, canister) = (self.now, self.check_controller(id, sender)?);
        let metadata = Metadata { taken_at: now, canister_version: canister.version, ..metadata };
        let snapshot = Snapshot::upload(metadata, bytes).map_err(invalid)?;
        self.add_snapshot(id, replaced, snapshot)
    }

    /// Adds a snapshot, which its canister pays for.
    fn add_snapshot(
        &mut self,
        id: Principal,
        replaced: Option<SnapshotKey>,
        snapshot: Snapshot,
    ) -> Result<SnapshotKey, RejectResponse> {
        let freed = match replaced {
            Some(replaced) => self.snapshot(id, replaced)?.bytes(),
            None if self.snapshots_of(id).count() >= MAX_SNAPSHOTS => {
                return Err(invalid(format!("Canister {id} has {MAX_SNAPSHOTS} snapshots, the most that it may")));
            }
            None => 0,
        };
        let bytes = snapshot.bytes();
        let canister = self.canister_mut(id)?;
        let before = canister.snapshot_bytes;
        canister.snapshot_bytes = before - freed + bytes;
        if let Err(reject) = pay(canister, fees::snapshot(bytes)) {
            canister.snapshot_bytes = before;
            return Err(reject);
        }
        let key = (id, canister.snapshots_made);
        canister.snapshots_made += 1;
        if let Some(replaced) = replaced {
            self.snapshots.remove(&replaced);
        }
        self.snapshots.insert(key, snapshot);
        Ok(key)
    }

    /// Loads a snapshot into a canister. `sender` controls this canister and the snapshot's. Open calls, cycles and
    /// settings stay. So do the global timer and the state of the low-memory hook, unless the snapshot has them.
    pub fn load_snapshot(&mut self, id: Principal, sender: Sender, key: SnapshotKey) -> Result<(), RejectResponse> {
        self.check_controller(id, sender.id)?;
        check_controller(self.canister(key.0).map_err(|_| no_snapshot(key))?, sender.id)?;
        let snapshot = self.snapshots.get(&key).ok_or_else(|| no_snapshot(key))?;
        let (code, stable) = instantiate(snapshot).map_err(|error| inconsistent(key, &error))?;
        let (bytes, metadata) = (snapshot.bytes(), snapshot.metadata.clone());

        let canister = self.canisters.get_mut(&id).ok_or_else(|| not_found(id))?;
        let low = canister.settings.is_wasm_memory_low(code.heap.size() as u64);
        let uploaded = metadata.source == Source::Uploaded;
        if let Some(state) = metadata.low_wasm_memory.filter(|state| uploaded && !state.fits(low)) {
            let error = format!("its state {state:?} of low memory does not fit the canister's settings");
            return Err(inconsistent(key, &error));
        }
        let (old_code, old_stable) = (canister.code.replace(code), std::mem::replace(&mut canister.stable, stable));
        if let Err(reject) = pay(canister, fees::snapshot(bytes)) {
            (canister.code, canister.stable) = (old_code, old_stable);
            return Err(reject);
        }
        canister.certified_data = metadata.certified_data;
        if uploaded {
            canister.global_timer = metadata.global_timer.unwrap_or(canister.global_timer);
            canister.low_wasm_memory = metadata.low_wasm_memory.unwrap_or(canister.low_wasm_memory);
        }
        canister.update_low_wasm_memory();
        canister.version += 1;
        let details = ChangeDetails::Loaded {
            from: Some(key.0).filter(|from| *from != id),
            snapshot: snapshot_id(key),
            version: metadata.canister_version,
            taken_at: metadata.taken_at,
            source: metadata.source,
        };
        self.note(id, sender, details);
        Ok(())
    }

    /// Deletes a snapshot of a canister that `sender` controls.
    pub fn delete_snapshot(
        &mut self,
        id: Principal,
        sender: Principal,
        key: SnapshotKey,
    ) -> Result<(), RejectResponse> {
        self.check_controller(id, sender)?;
        let bytes = self.snapshot(id, key)?.bytes();
        self.canister_mut(id)?.snapshot_bytes -= bytes;
        self.snapshots.remove(&key);
        Ok(())
    }

    /// Writes to a part of an uploaded snapshot.
    pub fn write_snapshot(
        &mut self,
        id: Principal,
        sender: Principal,
        key: SnapshotKey,
        part: Part,
        offset: u64,
        chunk: &[u8],
    ) -> Result<(), RejectResponse> {
        self.check_controller(id, sender)?;
        if self.snapshot(id, key)?.metadata.source != Source::Uploaded {
            let message =
                format!("snapshot {} was taken, not uploaded: it cannot be written to", hex(&snapshot_id(key)));
            return Err(RejectResponse::new(ErrorCode::CanisterSnapshotImmutable, message));
        }
        pay(self.canister_mut(id)?, fees::snapshot_data(chunk.len() as u64))?;
        let region = self.snapshots.get_mut(&key).ok_or_else(|| no_snapshot(key))?.part_mut(part);
        match region.write(offset, chunk) {
            true => Ok(()),
            false => Err(outside(part, region, offset, chunk.len() as u64)),
        }
    }

    /// Reads from a part of a snapshot of a canister, for somebody who may.
    pub fn read_snapshot(
        &mut self,
        id: Principal,
        key: SnapshotKey,
        part: Part,
        offset: u64,
        len: u64,
    ) -> Result<Vec<u8>, RejectResponse> {
        self.snapshot(id, key)?;
        pay(self.canister_mut(id)?, fees::snapshot_data(len))?;
        let region = self.snapshot(id, key)?.part(part);
        region.read(offset, len).ok_or_else(|| outside(part, region, offset, len))
    }

    /// The snapshots of a canister, the oldest first.
    pub fn snapshots_of(&self, id: Principal) -> impl Iterator<Item = (SnapshotKey, &Snapshot)> {
        self.snapshots.range((id, 0)..=(id, u64::MAX)).map(|(key, snapshot)| (*key, snapshot))
    }

    /// A snapshot, if it is one of this canister's.
    pub fn snapshot(&self, id: Principal, key: SnapshotKey) -> Result<&Snapshot, RejectResponse> {
        self.snapshots.get(&key).filter(|_| key.0 == id).ok_or_else(|| no_snapshot(key))
    }
}

/// The code of a snapshot, prepared to run.
fn instantiate(snapshot: &Snapshot) -> Result<(Code, StableMemory), String> {
    let wasm = snapshot.part(Part::Module);
    let module = compile(&wasm.read(0, wasm.bytes()).expect("it is the whole module"))?;
    let heap = snapshot.part(Part::Heap);
    let mut code = Code::restore(module, heap.bytes(), &snapshot.metadata.globals)?;
    for (number, page) in heap.pages() {
        assert!(code.heap.write((u64::from(number) * OS_PAGE) as usize, page), "both have the same size");
    }
    code.commit();
    let region = snapshot.part(Part::Stable);
    let mut stable = StableMemory::default();
    assert!(stable.grow(region.bytes() / WASM_PAGE), "it was checked when the snapshot was made");
    for (number, page) in region.pages() {
        assert!(stable.restore_page(u64::from(number) * OS_PAGE, page), "both have the same size");
    }
    Ok((code, stable))
}

/// Charges a canister `fee`, unless that would freeze it at its present memory.
fn pay(canister: &mut Canister, fee: u128) -> Result<(), RejectResponse> {
    if !canister.can_pay(fee) {
        return Err(out_of_cycles(canister, fee));
    }
    canister.cycles -= fee;
    Ok(())
}

/// The id of a snapshot: its number, 8 bytes, big-endian, and its canister's id.
pub fn snapshot_id((canister, number): SnapshotKey) -> Vec<u8> {
    [&number.to_be_bytes(), canister.as_slice()].concat()
}

/// The snapshot with this id.
pub fn snapshot_key(id: &[u8]) -> Result<SnapshotKey, RejectResponse> {
    let key = id
        .split_first_chunk()
        .and_then(|(number, canister)| Some((Principal::try_from_slice(canister).ok()?, u64::from_be_bytes(*number))));
    key.ok_or_else(|| invalid(format!("{} is not the id of a snapshot", hex(id))))
}

fn no_snapshot(key: SnapshotKey) -> RejectResponse {
    let message = format!("there is no snapshot {} of canister {}", hex(&snapshot_id(key)), key.0);
    RejectResponse::new(ErrorCode::CanisterSnapshotNotFound, message)
}

fn inconsistent(key: SnapshotKey, error: &str) -> RejectResponse {
    invalid(format!("snapshot {} cannot be loaded: {error}", hex(&snapshot_id(key))))
}

fn outside(part: Part, region: &Region, offset: u64, len: u64) -> RejectResponse {
    invalid(format!("{part:?} has {} bytes: {len} from {offset} on are not all in it", region.bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
