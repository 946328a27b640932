//! The head of an epoch: a leaf of the log.
//!
//! ```text
//! 0    format 1 (1)
//! 1    epoch 8            from 0: the head's index in the log
//! 9    time 8             nanoseconds since 1970
//! 17   map root 32
//! 49   updates root 32    RFC 6962 tree of the epoch's own updates
//! 81   first update 8     position in the log of all updates
//! 89   updates 4
//! 93   labels 8           entries in the map
//! 101  configuration 32   hash of the directory's fixed configuration
//! ```

use crate::bytes::{DecodeError, Reader, decode_all};
use crate::hash::Hash;

/// Size of a head in bytes.
pub const SIZE: usize = 133;
const FORMAT: u8 = 1;

/// A directory's statement at the close of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Counts from 0.
    pub epoch: u64,
    /// When the epoch closed, in nanoseconds since 1970.
    pub time: u64,
    /// The prefix tree's root.
    pub map_root: Hash,
    /// The root of the tree of the epoch's updates.
    pub updates_root: Hash,
    /// Position of the epoch's first update among all updates.
    pub first_update: u64,
    /// Number of the epoch's updates.
    pub updates: u32,
    /// Number of labels that have an entry.
    pub labels: u64,
    /// Hash of the directory's configuration.
    pub configuration: Hash,
}

impl Head {
    /// Decodes a head.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, Self::read)
    }

    /// Encodes the head.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(SIZE);
        self.write(&mut out);
        out
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.version("head format", FORMAT)?;
        Ok(Self {
            epoch: reader.u64("epoch")?,
            time: reader.u64("time")?,
            map_root: reader.array("map root")?,
            updates_root: reader.array("updates root")?,
            first_update: reader.u64("first update")?,
            updates: reader.u32("updates")?,
            labels: reader.u64("labels")?,
            configuration: reader.array("configuration")?,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(FORMAT);
        out.extend(self.epoch.to_be_bytes());
        out.extend(self.time.to_be_bytes());
        out.extend(self.map_root);
        out.extend(self.updates_root);
        out.extend(self.first_update.to_be_bytes());
        out.extend(self.updates.to_be_bytes());
        out.extend(self.labels.to_be_bytes());
        out.extend(self.configuration);
    }
}
