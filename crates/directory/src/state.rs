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
//!   2556    …  the configuration (directory-core's), at most 1,572
//! ```
//!
//! Little-endian, but for cosignatures and configuration, which are as on the wire.

use directory_core::checkpoint::Cosignature;
use directory_core::configuration::{self, Configuration};
use directory_core::proof::MAX_COSIGNATURES;
use ic_stable_structures::Memory;
use stable::header::{self, HEADER_BYTES, HeaderError, Kind, OWN_BYTES};
use std::fmt;

const KIND: Kind = Kind { magic: *b"DCST", layout: 1, record_bytes: 0, segment_pages: 0 };
const VRF: u64 = HEADER_BYTES as u64;
const RATIFIED_AT: u64 = VRF + 32;
const NEWEST: u64 = RATIFIED_AT + 8;
const COSIGNATURES: u64 = 8 + 1 + (MAX_COSIGNATURES * Cosignature::SIZE) as u64;
const RATIFIED: u64 = NEWEST + COSIGNATURES;
const CONFIGURATION: u64 = RATIFIED + COSIGNATURES;
const _: () = assert!(CONFIGURATION as usize + 2 + configuration::MAX_SIZE <= 65_536);

/// Cosignatures of one log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cosigned {
    /// Size of the log, 0 for none.
    pub size: u64,
    /// In the order of their key ids.
    pub cosignatures: Vec<Cosignature>,
}

/// Why the state is not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateError {
    /// The header is another one.
    Header(HeaderError),
    /// What follows was not written by this release.
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

    /// What was fixed at installation.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The VRF's secret key, once it is drawn.
    pub fn vrf(&self) -> Option<[u8; 32]> {
        Some(read(&self.memory, VRF)).filter(|key| *key != [0; 32])
    }

    /// Keeps the VRF's secret key.
    pub fn set_vrf(&mut self, key: &[u8; 32]) {
        self.memory.write(VRF, key);
    }

    /// When the last head was ratified, in nanoseconds since 1970, or 0.
    pub fn ratified_at(&self) -> u64 {
        u64::from_le_bytes(read(&self.memory, RATIFIED_AT))
    }

    /// Cosignatures of the newest log that has any.
    pub fn newest(&self) -> Cosigned {
        self.cosigned(NEWEST).expect("it was checked when it was opened")
    }

    /// Cosignatures of the ratified log.
    pub fn ratified(&self) -> Cosigned {
        self.cosigned(RATIFIED).expect("it was checked when it was opened")
    }

    /// Keeps cosignatures of the newest log.
    pub fn set_newest(&mut self, cosigned: &Cosigned) {
        self.set(NEWEST, cosigned);
    }

    /// Keeps cosignatures of the ratified log, and since when it is ratified.
    pub fn set_ratified(&mut self, cosigned: &Cosigned, at: u64) {
        self.set(RATIFIED, cosigned);
        self.memory.write(RATIFIED_AT, &at.to_le_bytes());
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
