//! The key index: key id → oldest id, newest id and count.
//!
//! Heads have numbered places and never move. A table maps the key's fingerprint to the place. The record of the newest
//! message confirms the key.

use super::fingerprint::Fingerprint;
use super::table::{OutOfHeap, Table};
use crate::api::{Id, KeyHead};

const CHUNK: usize = 1_024;

/// The number of a key's head; never 0.
pub type Place = u32;

/// Heads by key. Keeps the ends and counts of invariant 2.
pub struct KeyIndex {
    table: Table,
    /// Chunks of equal size: no head ever moves, and growth copies nothing.
    chunks: Vec<Vec<KeyHead>>,
    /// The first free place, 0: none. The `min_id` of a free place is the next free one.
    free: Place,
    len: u32,
}

impl KeyIndex {
    /// An index without keys.
    pub fn empty() -> Self {
        Self { table: Table::for_entries(0), chunks: Vec::new(), free: 0, len: 0 }
    }

    /// Number of keys in it.
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

    /// Allocates memory, so that one more key with this fingerprint needs none.
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

    /// Opens a list with its first message. Preconditions: [`Self::reserve`]; the key has no list.
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

    /// Removes message `id` from the list that begins with it; `next` then becomes the first. A list without messages
    /// is closed. False: no list begins with `id`.
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

    /// Adds a message to the end of a list that ends at `prev_id`. False: it ends elsewhere.
    pub fn extend_from(&mut self, place: Place, prev_id: Id, id: Id) -> bool {
        let head = self.head_mut(place);
        let ended_there = head.max_id == prev_id;
        if ended_there {
            head.max_id = id;
            head.count += 1;
        }
        ended_there
    }

    /// The head at a place.
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
