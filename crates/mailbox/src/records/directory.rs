//! The records of the directory.

use serde::{Deserialize, Serialize};

/// The pinned directory.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Pins {
    /// Its canister.
    pub canister: Vec<u8>,
    /// The configuration that it published, in candid.
    pub published: Vec<u8>,
    /// Present and former keys of its registrar. Empty: registration is open.
    pub registrars: Vec<[u8; 32]>,
    /// Whether the platform's certificate is enough.
    pub certified_only: bool,
}

/// The largest log of the directory that was seen, and the number of epochs through the newest ratified head.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub size: u64,
    pub root: [u8; 32],
    pub ratified: u64,
}

/// The label of this device's person.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Registered {
    pub label: Vec<u8>,
    pub index: [u8; 32],
    /// When a look-up last confirmed the registered entry, in seconds since 1970.
    pub checked: u64,
}

/// The registration in a request to the registrar.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub label: Vec<u8>,
    /// The opening of the entry's commitment.
    pub opening: [u8; 16],
}

/// The last proved state of a label: the entry, its time, the entry that a recovery replaces, and the newest bundle that was seen
/// of each device.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Known {
    pub entry: Vec<u8>,
    pub time: u64,
    pub replaced: Option<Vec<u8>>,
    pub bundles: Vec<Vec<u8>>,
}
