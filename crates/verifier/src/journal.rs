//! The replayed epochs, in one append-only file. At each start the tree is rebuilt from it.
//!
//! ```text
//! journal   epochs; an epoch is the records (`records.rs`) of its updates and then its head's
//! ```
//!
//! An epoch counts once the record of its head is complete. At the start, bytes after the last complete epoch are cut off, and
//! that epoch is fetched and checked again.

#![allow(clippy::indexing_slicing, reason = "a record is at least as long as what stands before its body")]

use crate::disk::{Disk, Files, Reading};
use crate::records::{self, BEFORE, CHECKSUM, HEAD, Records, UPDATE};
use crate::replay::{Complete, Epoch, Past};
use directory_core::head::{self, Head};
use directory_core::update::LoggedUpdate;
use std::io::{self, ErrorKind};

/// The journal's file.
pub const FILE: &str = "journal";
const HEAD_RECORD: usize = BEFORE + head::SIZE + CHECKSUM;
/// Bytes that are searched at once for the last head.
const CHUNK: u64 = 1024 * 1024;

/// The complete epochs of a journal.
#[derive(Debug)]
pub struct Journal {
    end: u64,
    /// Where the record of each update starts, by position.
    updates: Vec<u64>,
    last: Option<Head>,
}

/// Reads updates from a journal.
#[derive(Debug)]
pub struct Stored<'a, D> {
    disk: &'a D,
    journal: &'a Journal,
}

impl Journal {
    /// Opens the journal. Passes its epochs to `each` in order, and cuts off the bytes after the last complete one.
    pub fn open<D: Disk>(disk: &mut D, mut each: impl FnMut(&Epoch)) -> io::Result<Self> {
        let mut journal = Self { end: 0, updates: Vec::new(), last: None };
        let mut records = Records::new(Reading::new(disk, FILE));
        let (mut updates, mut starts) = (Vec::new(), Vec::new());
        loop {
            let start = records.end();
            match records.read()? {
                Some((UPDATE, body)) => {
                    let Ok(update) = LoggedUpdate::decode_stored(&body) else { break };
                    updates.push(update);
                    starts.push(start);
                }
                Some((HEAD, body)) => {
                    let Ok(head) = Head::decode(&body) else { break };
                    each(&Epoch { head, updates: std::mem::take(&mut updates) });
                    journal.updates.append(&mut starts);
                    (journal.end, journal.last) = (records.end(), Some(head));
                }
                _ => break,
            }
        }
        if journal.end < disk.size(FILE)? {
            disk.cut(FILE, journal.end)?;
        }
        Ok(journal)
    }

    /// The head of the last epoch.
    pub fn last(&self) -> Option<&Head> {
        self.last.as_ref()
    }

    /// Size of the journal in bytes.
    pub fn size(&self) -> u64 {
        self.end
    }

    /// A reader of its updates.
    pub fn stored<'a, D>(&'a self, disk: &'a D) -> Stored<'a, D> {
        Stored { disk, journal: self }
    }

    /// Appends an epoch. It may be lost until [`Journal::sync`].
    pub fn append(&mut self, disk: &mut impl Disk, epoch: &Complete<'_>) -> io::Result<()> {
        let (head, leaves) = (epoch.epoch().head, epoch.leaves());
        let (mut bytes, mut starts) = (Vec::new(), Vec::with_capacity(leaves.len()));
        for leaf in leaves {
            starts.push(self.end + bytes.len() as u64);
            records::push(&mut bytes, UPDATE, leaf);
        }
        records::push(&mut bytes, HEAD, &head.encode());
        disk.append(FILE, &bytes)?;
        self.end += bytes.len() as u64;
        self.updates.append(&mut starts);
        self.last = Some(head);
        Ok(())
    }

    /// Syncs the journal: on return all epochs survive a power cut.
    pub fn sync(&self, disk: &mut impl Disk) -> io::Result<()> {
        disk.sync(FILE)
    }
}

/// The head of the last whole epoch, sought from the journal's end. A process that writes the journal does not disturb it.
pub fn last_head(files: &impl Files) -> io::Result<Option<Head>> {
    let mut end = files.size(FILE)?;
    loop {
        let start = end.saturating_sub(CHUNK);
        let mut bytes = vec![0; (end - start) as usize];
        files.read(FILE, start, &mut bytes)?;
        let last = bytes.windows(HEAD_RECORD).rev().find_map(head_of);
        if last.is_some() || start == 0 {
            return Ok(last);
        }
        // A record may lie across the border of two pieces.
        end = start + HEAD_RECORD as u64 - 1;
    }
}

/// The head, if these bytes are the whole record of one.
fn head_of(record: &[u8]) -> Option<Head> {
    let is_head = records::body_length(record) == Some(head::SIZE) && record[BEFORE - 1] == HEAD;
    let body = Some(record).filter(|_| is_head).and_then(records::checked)?;
    Head::decode(body).ok()
}

impl<D: Files> Past for Stored<'_, D> {
    fn update(&self, position: u64) -> io::Result<LoggedUpdate> {
        let at = usize::try_from(position).ok().and_then(|position| self.journal.updates.get(position));
        let start = *at.ok_or_else(|| damaged(position))?;
        let mut before = [0; BEFORE];
        self.disk.read(FILE, start, &mut before)?;
        let body = records::body_length(&before).ok_or_else(|| damaged(position))?;
        let mut record = vec![0; BEFORE + body + CHECKSUM];
        self.disk.read(FILE, start, &mut record)?;
        let update = records::checked(&record).and_then(|body| LoggedUpdate::decode_stored(body).ok());
        update.filter(|update| update.position == position).ok_or_else(|| damaged(position))
    }
}

fn damaged(position: u64) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("the journal's record of update {position} is damaged"))
}
