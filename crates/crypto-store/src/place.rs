//! The place where a store was made: its machine and its file. A copy has another place, and is refused.
//!
//! ```text
//! offset  bytes  place
//! 0       16     machine: first half of SHA-256("crypto-store machine" | store's id | /etc/machine-id); zeros: unknown
//! 16      8      inode of the database, little-endian
//! 24      8      when that inode was made, in nanoseconds since 1970, little-endian; 0: unknown
//! ```
//!
//! Two copies would use the same ratchet steps. After a file was deleted, its inode number may be used again, but with
//! another time. The number of the device is left out: a disk may have another after each boot. A move within a file system
//! keeps the inode.

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use crate::values::ID_LENGTH;
use sha2::{Digest, Sha256};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::UNIX_EPOCH;

const INODE_AT: usize = 16;
const MADE_AT: usize = INODE_AT + 8;
/// Bytes of a place.
pub(crate) const LENGTH: usize = MADE_AT + 8;

/// Identifies an installation of the system, see machine-id(5).
const MACHINE_ID: &str = "/etc/machine-id";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(pub(crate) [u8; LENGTH]);

/// The reason why a store is not in its original place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The store was made on another machine.
    Machine,
    /// The store was made in another file.
    File,
}

impl Place {
    /// The place of a database file on this machine.
    pub(crate) fn of(database: &Metadata, store: &[u8; ID_LENGTH]) -> Self {
        let machine = std::fs::read(MACHINE_ID).unwrap_or_default();
        let made = database.created().ok().and_then(|made| made.duration_since(UNIX_EPOCH).ok());
        // Nanoseconds fit until the year 2554.
        Self::new(machine.trim_ascii(), database.ino(), made.map_or(0, |made| made.as_nanos() as u64), store)
    }

    fn new(machine: &[u8], inode: u64, made: u64, store: &[u8; ID_LENGTH]) -> Self {
        let mut place = [0; LENGTH];
        if !machine.is_empty() {
            let hash = Sha256::new().chain_update(b"crypto-store machine").chain_update(store).chain_update(machine);
            place[..INODE_AT].copy_from_slice(&hash.finalize()[..INODE_AT]);
        }
        place[INODE_AT..MADE_AT].copy_from_slice(&inode.to_le_bytes());
        place[MADE_AT..].copy_from_slice(&made.to_le_bytes());
        Self(place)
    }

    /// The way in which a store came from there to here. None: it is the same place, as far as both are known.
    pub(crate) fn moved_to(&self, here: &Self) -> Option<Moved> {
        let differs = |at: std::ops::Range<usize>, may_be_unknown: bool| {
            let (there, here) = (&self.0[at.clone()], &here.0[at]);
            let unknown = |part: &[u8]| may_be_unknown && part.iter().all(|byte| *byte == 0);
            there != here && !unknown(there) && !unknown(here)
        };
        if differs(0..INODE_AT, true) {
            Some(Moved::Machine)
        } else if differs(INODE_AT..MADE_AT, false) || differs(MADE_AT..LENGTH, true) {
            Some(Moved::File)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_or_another_file_is_another_place_and_what_is_unknown_is_not() {
        let store = [7; ID_LENGTH];
        let place = |machine: &str, inode, made| Place::new(machine.as_bytes(), inode, made, &store);
        let here = place("a", 1, 5);
        for (there, moved) in [
            (here, None),
            (place("b", 1, 5), Some(Moved::Machine)),
            (place("a", 2, 5), Some(Moved::File)),
            (place("a", 1, 6), Some(Moved::File)),
            (place("", 1, 5), None),
            (place("a", 1, 0), None),
        ] {
            assert_eq!((there.moved_to(&here), here.moved_to(&there)), (moved, moved), "{there:?}");
        }
        assert_ne!(here, Place::new(b"a", 1, 5, &[8; ID_LENGTH]), "machines of two stores can be linked");
    }
}
