//! The payload region: an endless stream of bytes. Positions are never reused.
//!
//! A message's extent holds its ciphertext, then its key id's tail (the bytes after the 23rd), then extensions (none
//! today). Extents follow each other without gaps and may cross the end of a segment. The write position is the end of
//! the last record's extent, so it is not stored.

#![allow(unsafe_code, reason = "payloads are read into memory that is not filled with zeros first")]
#![allow(clippy::indexing_slicing, reason = "pieces are ranges within the bytes that they split")]

use crate::limits::MAX_PAYLOAD_STREAM_BYTES;
use crate::memory::LAYOUT_VERSION;
use ic_stable_structures::Memory;
use stable::header::{HeaderError, Kind};
use stable::region::{LowIds, Region};
use std::ops::Range;

/// Bytes of a segment, 8 MiB.
pub const SEGMENT_BYTES: u64 = 8 << 20;
/// The constants that identify the payload region's header.
pub const KIND: Kind =
    Kind { magic: *b"MCPL", layout: LAYOUT_VERSION, record_bytes: 1, segment_pages: (SEGMENT_BYTES / 65_536) as u32 };

/// The payload stream. Keeps the first half of invariant 4.
pub struct Payloads<V: Memory> {
    region: Region<V>,
    end: u64,
}

impl<V: Memory> Payloads<V> {
    /// Creates an empty stream. Precondition: as for [`Region::create`].
    pub fn create(memory: V) -> Self {
        Self { region: Region::create(memory, KIND, LowIds { first: 0, reclaimed: 0 }), end: 0 }
    }

    /// Opens a stream that was written up to `end`, the end of the last record's extent.
    pub fn open(memory: V, end: u64) -> Result<Self, HeaderError> {
        let (region, _) = Region::open(memory, KIND)?;
        if end.div_ceil(SEGMENT_BYTES) > region.mapped_end() {
            return Err(HeaderError::StreamEnd { end, mapped: region.mapped_end() * SEGMENT_BYTES });
        }
        Ok(Self { region, end })
    }

    /// The position that the next extent gets.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Wasm pages by which the memory must grow before `bytes` more fit; `None` if positions or the segment table run
    /// out.
    pub fn pages_missing(&self, bytes: u64) -> Option<u64> {
        let end = self.end + bytes;
        let segments = end.div_ceil(SEGMENT_BYTES);
        (end <= MAX_PAYLOAD_STREAM_BYTES && self.region.can_map(segments)).then(|| self.region.pages_missing(segments))
    }

    /// Appends an extent, given in two pieces, and returns its position.
    ///
    /// Precondition: the memory has grown by [`Self::pages_missing`] for the bytes of both.
    pub fn append(&mut self, ciphertext: &[u8], tail: &[u8]) -> u64 {
        let position = self.end;
        self.end += (ciphertext.len() + tail.len()) as u64;
        self.region.map_to(self.end.div_ceil(SEGMENT_BYTES));
        self.write(position, ciphertext);
        self.write(position + ciphertext.len() as u64, tail);
        position
    }

    /// Overwrites `len` bytes from `position` on with zeros. Precondition: as for [`Self::read`].
    pub fn erase(&mut self, position: u64, len: usize) {
        const ZEROS: [u8; 4_096] = [0; 4_096];
        self.pieces(position, len, |address, piece| {
            for at in piece.clone().step_by(ZEROS.len()) {
                let some = ZEROS.len().min(piece.end - at);
                self.region.memory().write(address + (at - piece.start) as u64, &ZEROS[..some]);
            }
        });
    }

    /// Unmaps the segments that lie completely below `position`.
    pub fn unmap_below(&mut self, position: u64) {
        self.region.unmap_below(position / SEGMENT_BYTES);
    }

    /// Whether `len` bytes from `position` on have been written and are still mapped. Where a record may be damaged,
    /// its extent is checked here before it is read.
    pub fn holds(&self, position: u64, len: usize) -> bool {
        position >= self.region.mapped_from() * SEGMENT_BYTES && position + len as u64 <= self.end
    }

    /// Fills `bytes` with the stream's bytes from `position` on.
    ///
    /// Precondition: all of them have been written and are still mapped (see [`Self::holds`]).
    pub fn read(&self, position: u64, bytes: &mut [u8]) {
        self.pieces(position, bytes.len(), |address, piece| self.region.memory().read(address, &mut bytes[piece]));
    }

    /// Appends `len` bytes of the stream, from `position` on, to `bytes`. Precondition: as for [`Self::read`].
    pub fn append_to(&self, position: u64, len: usize, bytes: &mut Vec<u8>) {
        bytes.reserve(len);
        self.pieces(position, len, |address, piece| {
            // SAFETY: `reserve` made room for all pieces, together `len` bytes, and the read fills this piece.
            unsafe {
                let end = bytes.as_mut_ptr().add(bytes.len());
                self.region.memory().read_unsafe(address, end, piece.len());
                bytes.set_len(bytes.len() + piece.len());
            }
        });
    }

    /// The address of a position in the payload memory, from which callers count the pages that a read touches.
    pub fn address(&self, position: u64) -> u64 {
        self.region.segment_address(position / SEGMENT_BYTES) + position % SEGMENT_BYTES
    }

    fn write(&self, position: u64, bytes: &[u8]) {
        self.pieces(position, bytes.len(), |address, piece| self.region.memory().write(address, &bytes[piece]));
    }

    /// Splits `len` bytes from `position` on into pieces of one segment each (almost always one). Calls `piece` with
    /// the address of each and its range within the bytes.
    #[inline(always)]
    fn pieces(&self, position: u64, len: usize, mut piece: impl FnMut(u64, Range<usize>)) {
        let mut done = 0;
        while done < len {
            let at = position + done as u64;
            let room = (SEGMENT_BYTES - at % SEGMENT_BYTES) as usize;
            let end = len.min(done + room);
            piece(self.address(at), done..end);
            done = end;
        }
    }
}
