//! The key index: key id → oldest, newest and count.
//!
//! Heads live in numbered places that never move; a table finds the place by the key's fingerprint, and the key is
//! confirmed against the record of its newest message.

use super::fingerprint::Fingerprint;
use super::table::{OutOfHeap, Table};
use crate::api::{Id, KeyHead};

const CHUNK: usize = 1_024;

/// Where a key's head lives; never 0.
pub type Place = u32;

/// Heads by key. Keeps the ends and counts of invariant 2.
pub struct KeyIndex {
    table: Table,
    /// Chunks of equal size, so that no head ever moves and growth copies nothing.
    chunks: Vec<Vec<KeyHead>>,
    /// The place of a head that was closed, and may be taken again; its `min_id` names the next one. 0: none.
    free: Place,
    len: u32,
}

impl KeyIndex {
    /// An index without keys.
    pub fn empty() -> Self {
        Self { table: Table::for_entries(0), chunks: Vec::new(), free: 0, len: 0 }
    }

    /// How many keys it has.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// The head of the key with this fingerprint that `is_it` accepts.
    pub fn find(&self, fingerprint: Fingerprint, mut is_it: impl FnMut(KeyHead) -> bool) -> Option<(Place, KeyHead)> {
        let mut found = None;
        self.table.find(fingerprint, |place| {
            let head = self.head(place);
            let is_it = is_it(head);
            found = is_it.then_some((place, head));
            is_it
        });
        found
    }

    /// Makes sure that one key more with this fingerprint needs no memory.
    pub fn reserve(&mut self, fingerprint: Fingerprint) -> Result<(), OutOfHeap> {
        self.table.reserve(fingerprint)?;
        if self.free == 0 && self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            let mut chunk = Vec::new();
            chunk.try_reserve_exact(CHUNK).map_err(|_| OutOfHeap)?;
            self.chunks.try_reserve(1).map_err(|_| OutOfHeap)?;
            self.chunks.push(chunk);
        }
        Ok(())
    }

    /// Opens a list with its first message. Precondition: [`Self::reserve`], and the key is not there.
    pub fn open(&mut self, fingerprint: Fingerprint, id: Id) -> Place {
        let head = KeyHead { min_id: id, max_id: id, count: 1 };
        let place = if self.free != 0 {
            let place = self.free;
            self.free = std::mem::replace(self.head_mut(place), head).min_id;
            place
        } else {
            let chunk = self.chunks.last_mut().expect("reserve has made one");
            chunk.push(head);
            ((self.chunks.len() - 1) * CHUNK) as Place + self.chunks[self.chunks.len() - 1].len() as Place
        };
        self.len += 1;
        self.table.insert(fingerprint, place);
        place
    }

    /// Takes the first message out of the list that begins with it, and `next` is then the first; a list without
    /// messages is closed. False: there is no such list.
    pub fn shorten(&mut self, fingerprint: Fingerprint, id: Id, next: Id) -> bool {
        let Some((place, head)) = self.find(fingerprint, |head| head.min_id == id) else {
            return false;
        };
        if head.max_id != id {
            *self.head_mut(place) = KeyHead { min_id: next, count: head.count.saturating_sub(1), ..head };
        } else {
            self.table.remove(fingerprint, place);
            *self.head_mut(place) = KeyHead { min_id: self.free, max_id: 0, count: 0 };
            self.free = place;
            self.len -= 1;
        }
        true
    }

    /// Adds a message to the end of a list.
    pub fn extend(&mut self, place: Place, id: Id) {
        let head = self.head_mut(place);
        head.max_id = id;
        head.count += 1;
    }

    /// Adds a message to a list if it ended at `prev_id`.
    pub fn extend_from(&mut self, place: Place, prev_id: Id, id: Id) -> bool {
        let head = self.head_mut(place);
        let ended_there = head.max_id == prev_id;
        if ended_there {
            head.max_id = id;
            head.count += 1;
        }
        ended_there
    }

    /// The head in a place.
    pub fn head(&self, place: Place) -> KeyHead {
        let (chunk, at) = locate(place);
        self.chunks[chunk][at]
    }

    fn head_mut(&mut self, place: Place) -> &mut KeyHead {
        let (chunk, at) = locate(place);
        &mut self.chunks[chunk][at]
    }

    /// Every head.
    pub fn heads(&self) -> impl Iterator<Item = KeyHead> {
        self.chunks.iter().flatten().copied().filter(|head| head.count > 0)
    }
}

fn locate(place: Place) -> (usize, usize) {
    let number = place as usize - 1;
    (number / CHUNK, number % CHUNK)
}
