//! Snapshots: the state of a canister at one moment, to be loaded again.

mod region;

pub use region::Region;

use serde::{Deserialize, Serialize};

use crate::canister::{Canister, Global, LowWasmMemory, Source};
use crate::limits::{MAX_CERTIFIED_DATA, MAX_GLOBALS, MAX_HEAP, MAX_MODULE, MAX_STABLE_MEMORY, WASM_PAGE};
use crate::memory::Page;

/// The state of a snapshot besides its module and memories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Its source.
    pub source: Source,
    /// When, in nanoseconds since the Unix epoch.
    pub taken_at: u64,
    /// The version that the canister had.
    pub canister_version: u64,
    /// The mutable globals of the module, in order.
    pub globals: Vec<Global>,
    /// The certified data.
    pub certified_data: Vec<u8>,
    /// The global timer in nanoseconds since the Unix epoch, or 0. Unknown of some that were uploaded.
    pub global_timer: Option<u64>,
    /// Whether `canister_on_low_wasm_memory` was due. Unknown of some that were uploaded.
    pub low_wasm_memory: Option<LowWasmMemory>,
}

/// A part of a snapshot that is read and written by offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Part {
    /// The module, as it was installed.
    Module = 0,
    /// The heap.
    Heap = 1,
    /// The stable memory.
    Stable = 2,
}

impl Part {
    /// All parts, each at its number.
    pub const ALL: [Self; 3] = [Self::Module, Self::Heap, Self::Stable];
}

/// A snapshot.
#[derive(Serialize, Deserialize)]
pub struct Snapshot {
    /// Its state besides its parts.
    pub metadata: Metadata,
    /// The parts, by number.
    parts: [Region; 3],
}

impl Snapshot {
    /// A snapshot of `canister` at `now`, if it has code.
    pub fn take(canister: &Canister, now: u64) -> Option<Self> {
        let code = canister.code.as_ref()?;
        let metadata = Metadata {
            source: Source::Taken,
            taken_at: now,
            canister_version: canister.version,
            globals: code.saved_globals(),
            certified_data: canister.certified_data.clone(),
            global_timer: Some(canister.global_timer),
            low_wasm_memory: Some(canister.low_wasm_memory),
        };
        let heap = code.heap.read(0..code.heap.size()).expect("the whole heap is in bounds");
        let parts = [code.module.wasm.as_slice(), heap, canister.stable.contents()].map(Region::of);
        Some(Self { metadata, parts })
    }

    /// A snapshot whose parts have so many zero bytes, to be written to.
    ///
    /// # Errors
    ///
    /// If no canister can be like this.
    pub fn upload(metadata: Metadata, bytes: [u64; 3]) -> Result<Self, String> {
        let snapshot = Self { metadata, parts: bytes.map(Region::from) };
        snapshot.check()?;
        Ok(snapshot)
    }

    /// Whether a canister can be like this.
    ///
    /// # Errors
    ///
    /// If something is too large.
    pub fn check(&self) -> Result<(), String> {
        let limits = [MAX_MODULE, MAX_HEAP, MAX_STABLE_MEMORY];
        for ((part, region), limit) in Part::ALL.into_iter().zip(&self.parts).zip(limits) {
            let bytes = region.bytes();
            if bytes > limit {
                return Err(format!("{part:?} has {bytes} bytes, more than {limit}"));
            }
            if part != Part::Module && bytes % WASM_PAGE != 0 {
                return Err(format!("{part:?} has {bytes} bytes, which is not a multiple of {WASM_PAGE}"));
            }
        }
        let metadata = &self.metadata;
        let (globals, certified) = (metadata.globals.len(), metadata.certified_data.len());
        if globals > MAX_GLOBALS {
            return Err(format!("{globals} globals are more than {MAX_GLOBALS}"));
        }
        if certified > MAX_CERTIFIED_DATA {
            return Err(format!("{certified} bytes of certified data are more than {MAX_CERTIFIED_DATA}"));
        }
        Ok(())
    }

    /// A part.
    pub fn part(&self, part: Part) -> &Region {
        &self.parts[part as usize]
    }

    /// A part, to be written to.
    pub fn part_mut(&mut self, part: Part) -> &mut Region {
        &mut self.parts[part as usize]
    }

    /// The bytes that its canister pays storage for.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(Region::bytes).sum::<u64>()
            + (self.metadata.certified_data.len() + size_of::<Global>() * self.metadata.globals.len()) as u64
    }

    /// Every page that may not be zero, with its part. None was written since.
    pub fn all_pages(&mut self) -> Vec<(Part, u32, &Page)> {
        self.take_written();
        let parts = Part::ALL.into_iter().zip(&self.parts);
        parts.flat_map(|(part, region)| region.pages().map(move |(number, page)| (part, number, page))).collect()
    }

    /// The pages that were written since this was last asked, with their parts.
    pub fn take_written(&mut self) -> Vec<(Part, u32, &Page)> {
        let parts = Part::ALL.into_iter().zip(&mut self.parts);
        let written = parts.flat_map(|(part, region)| {
            region.take_written().into_iter().map(move |(number, page)| (part, number, page))
        });
        written.collect()
    }
}
