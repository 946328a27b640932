//! The durable state beside the store.
//!
//! ```text
//! offset size
//!      0   64  header (crates/stable): magic "DCST", layout 1
//!     64   32  VRF secret key                        0 until it is drawn
//!     96    8  time of the last ratification         nanoseconds since 1970; 0: none
//!    104 1225  cosignatures of the newest log        size 8 | n 1 | 16 x 76
//!   1329 1225  cosignatures of the ratified log      the same
//!   2554    2  length of the configuration
//!   2556 1572  the configuration (directory-core's), 0 behind its end
//!   4128    4  bits of the budget's bounds
//!   4132   32  budget of strangers (canister-base's)
//!   4164    8  reserve of cycles
//!   4172   12  what strangers have spent (crates/stable's)
//! ```
//!
//! Little-endian, but for cosignatures and configuration, which are as on the wire.

use crate::api::Settings;
use canister_base::budget::{BUDGET_BYTES, Budget};
use directory_core::checkpoint::Cosignature;
use directory_core::configuration::{self, Configuration};
use directory_core::proof::MAX_COSIGNATURES;
use ic_stable_structures::Memory;
use stable::budget::{SPENT_BYTES, Spent};
use stable::header::{self, HEADER_BYTES, HeaderError, Kind, OWN_BYTES};
use std::fmt;

const KIND: Kind = Kind { magic: *b"DCST", layout: 1, record_bytes: 0, segment_pages: 0 };
const VRF: u64 = HEADER_BYTES as u64;
const RATIFIED_AT: u64 = VRF + 32;
const NEWEST: u64 = RATIFIED_AT + 8;
const COSIGNATURES: u64 = 8 + 1 + (MAX_COSIGNATURES * Cosignature::SIZE) as u64;
const RATIFIED: u64 = NEWEST + COSIGNATURES;
const CONFIGURATION: u64 = RATIFIED + COSIGNATURES;
const BOUNDS: u64 = CONFIGURATION + 2 + configuration::MAX_SIZE as u64;
const BUDGET: u64 = BOUNDS + 4;
const RESERVE: u64 = BUDGET + BUDGET_BYTES as u64;
const SPENT: u64 = RESERVE + 8;
const _: () = assert!(BOUNDS == 4_128 && SPENT + SPENT_BYTES as u64 <= 65_536);

/// Cosignatures of one log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cosigned {
    /// Size of the log, 0 for none.
    pub size: u64,
    /// In the order of their key ids.
    pub cosignatures: Vec<Cosignature>,
}

/// The reason why the state is not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateError {
    /// The header is wrong.
    Header(HeaderError),
    /// This release did not write the bytes of this field.
    Damaged(&'static str),
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(error) => write!(f, "memory DCST: {error}"),
            Self::Damaged(what) => write!(f, "memory DCST: {what} cannot be read"),
        }
    }
}

/// VRF key, configuration and cosignatures.
pub struct State<M> {
    memory: M,
    configuration: Configuration,
}

impl<M: Memory> State<M> {
    /// Writes the state of a new directory into a memory that has a page.
    pub fn create(memory: M, configuration: Configuration) -> Self {
        header::write(&memory, KIND, [0; OWN_BYTES]);
        let bytes = configuration.encode();
        memory.write(CONFIGURATION, &(bytes.len() as u16).to_le_bytes());
        memory.write(CONFIGURATION + 2, &bytes);
        Self { memory, configuration }
    }

    /// Opens the state.
    pub fn open(memory: M) -> Result<Self, StateError> {
        header::read(&memory, KIND, 1).map_err(StateError::Header)?;
        let length = u16::from_le_bytes(read(&memory, CONFIGURATION));
        let damaged = StateError::Damaged("the configuration");
        if usize::from(length) > configuration::MAX_SIZE {
            return Err(damaged);
        }
        let mut bytes = vec![0; length.into()];
        memory.read(CONFIGURATION + 2, &mut bytes);
        let configuration = Configuration::decode(&bytes).map_err(|_| damaged)?;
        let state = Self { memory, configuration };
        for at in [NEWEST, RATIFIED] {
            state.cosigned(at).ok_or(StateError::Damaged("the cosignatures"))?;
        }
        Ok(state)
    }

    /// The cosignatures of the newest and of the ratified log. `None`: the state cannot be read, or its header or configuration
    /// has changed since it was opened.
    pub fn kept(&self) -> Option<[Cosigned; 2]> {
        header::read(&self.memory, KIND, 1).ok()?;
        let bytes = self.configuration.encode();
        let mut stored = vec![0; bytes.len()];
        self.memory.read(CONFIGURATION + 2, &mut stored);
        let length = u16::from_le_bytes(read(&self.memory, CONFIGURATION));
        let is_kept = usize::from(length) == bytes.len() && stored == bytes;
        is_kept.then_some([self.cosigned(NEWEST)?, self.cosigned(RATIFIED)?])
    }

    /// The configuration that was fixed at installation.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The VRF's secret key, once it is drawn.
    pub fn vrf(&self) -> Option<[u8; 32]> {
        Some(read(&self.memory, VRF)).filter(|key| *key != [0; 32])
    }

    /// Stores the VRF's secret key.
    pub fn set_vrf(&mut self, key: &[u8; 32]) {
        self.memory.write(VRF, key);
    }

    /// When the last head was ratified, in nanoseconds since 1970, or 0.
    pub fn ratified_at(&self) -> u64 {
        u64::from_le_bytes(read(&self.memory, RATIFIED_AT))
    }

    /// The cosignatures of the newest cosigned log.
    pub fn newest(&self) -> Cosigned {
        self.cosigned(NEWEST).expect("it was checked when it was opened")
    }

    /// Cosignatures of the ratified log.
    pub fn ratified(&self) -> Cosigned {
        self.cosigned(RATIFIED).expect("it was checked when it was opened")
    }

    /// Stores the cosignatures of the newest log.
    pub fn set_newest(&mut self, cosigned: &Cosigned) {
        self.set(NEWEST, cosigned);
    }

    /// Stores the cosignatures of the ratified log, and the time of the ratification.
    pub fn set_ratified(&mut self, cosigned: &Cosigned, at: u64) {
        self.set(RATIFIED, cosigned);
        self.memory.write(RATIFIED_AT, &at.to_le_bytes());
    }

    /// The settings of the operators.
    pub fn settings(&self) -> Settings {
        let bounds = u32::from_le_bytes(read(&self.memory, BOUNDS));
        Settings {
            strangers: Budget::from_bytes(&read(&self.memory, BUDGET), bounds),
            reserve: u64::from_le_bytes(read(&self.memory, RESERVE)),
        }
    }

    /// Stores the operators' settings.
    pub fn set_settings(&mut self, settings: &Settings) {
        let (budget, bounds) = settings.strangers.to_bytes();
        self.memory.write(BOUNDS, &bounds.to_le_bytes());
        self.memory.write(BUDGET, &budget);
        self.memory.write(RESERVE, &settings.reserve.to_le_bytes());
    }

    /// The budget that strangers have spent.
    pub fn spent(&self) -> Spent {
        Spent::from_bytes(&read(&self.memory, SPENT))
    }

    /// Stores the budget that strangers have spent.
    pub fn set_spent(&mut self, spent: &Spent) {
        self.memory.write(SPENT, &spent.to_bytes());
    }

    fn cosigned(&self, at: u64) -> Option<Cosigned> {
        let size = u64::from_le_bytes(read(&self.memory, at));
        let [number] = read(&self.memory, at + 8);
        if usize::from(number) > MAX_COSIGNATURES {
            return None;
        }
        let one = |number: u64| {
            let bytes: [u8; Cosignature::SIZE] = read(&self.memory, at + 9 + number * Cosignature::SIZE as u64);
            Cosignature::decode(&bytes).ok()
        };
        Some(Cosigned { size, cosignatures: (0..number.into()).map(one).collect::<Option<_>>()? })
    }

    fn set(&self, at: u64, cosigned: &Cosigned) {
        let mut bytes = cosigned.size.to_le_bytes().to_vec();
        bytes.push(cosigned.cosignatures.len() as u8);
        bytes.extend(cosigned.cosignatures.iter().flat_map(Cosignature::encode));
        self.memory.write(at, &bytes);
    }
}

fn read<const N: usize>(memory: &impl Memory, at: u64) -> [u8; N] {
    let mut bytes = [0; N];
    memory.read(at, &mut bytes);
    bytes
}
