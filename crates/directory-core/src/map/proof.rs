//! Proofs of the prefix tree.
//!
//! ```text
//! 0   result 1            0 found, 1 another leaf, 2 missing
//! 1   depth 2 (1 to 256)  of where the search ends
//! 3   bitmap ceil(depth / 8): bit i, from the highest of the first byte, says that sibling i is present; unused bits are 0
//! ... a sibling of 32 bytes, not zero, for each bit that is set, from the root downwards
//! ... another leaf's index 32 and value 32, for result 1
//! ```

#![allow(clippy::indexing_slicing, reason = "the bitmap's length is checked first")]

use super::{BITS, bit, join, leaf_hash};
use crate::bytes::{DecodeError, Reader, require};
use crate::hash::{Hash, ZERO};

/// Where a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// At the leaf of the index. The encoding does not contain the value: the verifier computes it.
    Found {
        /// The leaf's value.
        value: Hash,
    },
    /// At the leaf of another index with the same prefix.
    Other {
        /// The other index.
        index: Hash,
        /// The other leaf's value.
        value: Hash,
    },
    /// At an absent child.
    Missing,
}

/// A search and the siblings on its path, from the root downwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapProof {
    /// The siblings. An absent one is zero. Their number is the depth where the search ended.
    pub siblings: Vec<Hash>,
    /// Where the search ended.
    pub search: Search,
}

impl MapProof {
    /// The root that the proof yields for an index. `None`: the other leaf does not share the index's prefix, or is the index
    /// itself, so the proof proves nothing.
    pub fn root(&self, index: &Hash) -> Option<Hash> {
        let depth = u16::try_from(self.siblings.len()).ok().filter(|depth| (1..=BITS).contains(depth))?;
        let end = match &self.search {
            Search::Found { value } => leaf_hash(index, value),
            Search::Missing => ZERO,
            Search::Other { index: other, value } => {
                let shares = other != index && (0..depth).all(|depth| bit(index, depth) == bit(other, depth));
                shares.then(|| leaf_hash(other, value))?
            }
        };
        let path = self.siblings.iter().zip(0..depth).rev();
        Some(path.fold(end, |hash, (sibling, depth)| join(bit(index, depth), &hash, sibling)))
    }

    /// Reads a proof. If the leaf was found, its value is `ZERO` until the caller sets it.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let result = reader.u8("search result")?;
        require(result <= 2, "search result", result)?;
        let depth = reader.u16("depth")?;
        require((1..=BITS).contains(&depth), "depth", depth)?;
        let bitmap = reader.slice("bitmap", usize::from(depth).div_ceil(8))?;
        let is_set = |at: u16| bitmap[usize::from(at / 8)] >> (7 - at % 8) & 1 == 1;
        require((depth..bitmap.len() as u16 * 8).all(|at| !is_set(at)), "bitmap", bitmap[bitmap.len() - 1])?;
        let mut siblings = Vec::with_capacity(depth.into());
        for at in 0..depth {
            let sibling = if is_set(at) { reader.array("sibling")? } else { ZERO };
            require(!is_set(at) || sibling != ZERO, "sibling", at)?;
            siblings.push(sibling);
        }
        let search = match result {
            0 => Search::Found { value: ZERO },
            1 => Search::Other { index: reader.array("other index")?, value: reader.array("other value")? },
            _ => Search::Missing,
        };
        Ok(Self { siblings, search })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(match self.search {
            Search::Found { .. } => 0,
            Search::Other { .. } => 1,
            Search::Missing => 2,
        });
        out.extend((self.siblings.len() as u16).to_be_bytes());
        let mut bitmap = vec![0_u8; self.siblings.len().div_ceil(8)];
        for (at, _) in self.siblings.iter().enumerate().filter(|(_, sibling)| **sibling != ZERO) {
            bitmap[at / 8] |= 0x80 >> (at % 8);
        }
        out.extend(bitmap);
        out.extend(self.siblings.iter().filter(|sibling| **sibling != ZERO).flatten());
        if let Search::Other { index, value } = &self.search {
            out.extend(index);
            out.extend(value);
        }
    }
}
