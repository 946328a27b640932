//! Restores a saved state.

use std::fmt;

use candid::Principal;
use serde::de::DeserializeOwned;

use super::Engine;
use super::changes::{Record, kind};
use crate::canister::{Canister, Code, Global};
use crate::limits::{MAX_STABLE_MEMORY, OS_PAGE, WASM_PAGE};
use crate::snapshot::{Part, Snapshot};
use crate::wasm::compile;

/// A state that is being restored, entry by entry.
#[derive(Default)]
pub struct Restore {
    engine: Option<Engine>,
    /// The canisters whose modules are still to come, with the size of the heap and the globals.
    expected: Vec<(Principal, u64, Vec<Global>)>,
}

/// The saved bytes are not a state.
#[derive(Debug, PartialEq, Eq)]
pub struct RestoreError(String);

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RestoreError {}

impl Restore {
    /// Takes the next entry that [`Changes::save`](super::Changes::save) left in the storage, in ascending order of keys.
    ///
    /// # Errors
    ///
    /// If the entry does not belong there.
    pub fn entry(&mut self, key: &[u8], value: &[u8]) -> Result<(), RestoreError> {
        let wrong = |what: &str| RestoreError(format!("the entry {} {what}", hex(key)));
        let Some((&kind, rest)) = key.split_first() else { return Err(wrong("has no kind")) };
        if kind == kind::ENGINE {
            if !rest.is_empty() {
                return Err(wrong("names more than the engine"));
            }
            let (now, engine) = value.split_first_chunk().ok_or_else(|| wrong("has no time"))?;
            let mut engine: Engine = decode(engine).map_err(|error| wrong(&error))?;
            engine.now = u64::from_le_bytes(*now);
            self.engine = Some(engine);
            return Ok(());
        }
        let engine = self.engine.as_mut().ok_or_else(|| wrong("comes before the engine"))?;
        let (id, page) = split_id(rest).ok_or_else(|| wrong("names no canister"))?;
        if matches!(kind, kind::RECORD | kind::MODULE) && !page.is_empty() {
            return Err(wrong("names a page, but is not one"));
        }
        if kind == kind::RECORD {
            let record: Record<Canister> = decode(value).map_err(|error| wrong(&error))?;
            let mut canister = record.canister;
            if canister.id != id {
                return Err(wrong("is of another canister"));
            }
            if record.stable_pages > MAX_STABLE_MEMORY / WASM_PAGE || !canister.stable.grow(record.stable_pages) {
                return Err(wrong("has too much stable memory"));
            }
            if let Some((heap_size, globals)) = record.code {
                self.expected.push((id, heap_size, globals));
            }
            engine.canisters.insert(id, canister);
            return Ok(());
        }
        if kind == kind::SNAPSHOT || kind == kind::SNAPSHOT_PAGE {
            return restore_snapshot(engine, kind, id, page, value).map_err(|error| wrong(&error));
        }
        let canister = engine.canister_mut(id).map_err(|_| wrong("is of no canister"))?;
        if kind == kind::MODULE {
            let place = self.expected.iter().position(|(expected, ..)| *expected == id);
            let place = place.ok_or_else(|| wrong("is of a canister without code"))?;
            let (_, heap_size, globals) = self.expected.swap_remove(place);
            let code = compile(value).and_then(|module| Code::restore(module, heap_size, &globals));
            canister.code = Some(code.map_err(|error| wrong(&error))?);
            return Ok(());
        }
        let number = page.try_into().map(u32::from_be_bytes).map_err(|_| wrong("has no page number"))?;
        let offset = u64::from(number) * OS_PAGE;
        if value.len() as u64 != OS_PAGE {
            return Err(wrong("is no page"));
        }
        let written = match kind {
            kind::HEAP => canister.code.as_ref().is_some_and(|code| code.heap.write(offset as usize, value)),
            kind::STABLE => canister.stable.restore_page(offset, value),
            _ => return Err(wrong("is of an unknown kind")),
        };
        if written { Ok(()) } else { Err(wrong("lies outside of its memory")) }
    }

    /// The engine, unless something is missing.
    pub(crate) fn finish(self) -> Result<Engine, RestoreError> {
        if let Some((id, ..)) = self.expected.first() {
            return Err(RestoreError(format!("the module of canister {id} is missing")));
        }
        let mut engine = self.engine.ok_or_else(|| RestoreError("there is no engine".into()))?;
        for (id, canister) in &engine.canisters {
            let bytes: u64 = engine.snapshots_of(*id).map(|(_, snapshot)| snapshot.bytes()).sum();
            if bytes != canister.snapshot_bytes {
                let pays = canister.snapshot_bytes;
                let error = format!("canister {id} has {bytes} bytes of snapshots, and pays for {pays}");
                return Err(RestoreError(error));
            }
        }
        for canister in engine.canisters.values_mut() {
            if let Some(code) = &mut canister.code {
                code.commit();
            }
        }
        Ok(engine)
    }
}

/// Takes an entry of a snapshot of canister `id`: it, or one of its pages. `rest` is the key from the snapshot's number on.
fn restore_snapshot(engine: &mut Engine, kind: u8, id: Principal, rest: &[u8], value: &[u8]) -> Result<(), String> {
    let (number, rest) = rest.split_first_chunk().ok_or("names no snapshot")?;
    let key = (id, u64::from_be_bytes(*number));
    if kind == kind::SNAPSHOT {
        if !rest.is_empty() {
            return Err("names a page, but is not one".into());
        }
        let snapshot: Snapshot = decode(value)?;
        let canister = engine.canister(id).map_err(|_| "is of no canister")?;
        if key.1 >= canister.snapshots_made {
            return Err("is of a snapshot that was never made".into());
        }
        snapshot.check()?;
        engine.snapshots.insert(key, snapshot);
        return Ok(());
    }
    let snapshot = engine.snapshots.get_mut(&key).ok_or("is of no snapshot")?;
    let (part, page) = rest.split_first().ok_or("names no part")?;
    let part = Part::ALL.get(usize::from(*part)).ok_or("is of an unknown part")?;
    let page = page.try_into().map(u32::from_be_bytes).map_err(|_| "has no page number")?;
    let contents = value.try_into().map_err(|_| "is no page")?;
    match snapshot.part_mut(*part).restore_page(page, contents) {
        true => Ok(()),
        false => Err("lies outside of its part".into()),
    }
}

/// The value that all of `bytes` encode.
fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(format!("has {} bytes behind its value", rest.len())),
        Err(error) => Err(error.to_string()),
    }
}

/// The canister id at the front of `bytes`, and what follows.
fn split_id(bytes: &[u8]) -> Option<(Principal, &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (id, rest) = rest.split_at_checked(length.into())?;
    Some((Principal::try_from_slice(id).ok()?, rest))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
