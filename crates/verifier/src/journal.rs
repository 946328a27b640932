//! The replayed epochs, in one append-only file. The tree is made from it at each start.
//!
//! ```text
//! journal   epochs; an epoch is the records (`records.rs`) of its updates and then its head's
//! ```
//!
//! An epoch counts once its head's record is whole. Bytes behind the last whole epoch were lost in part. They are cut off at
//! the start, and the epoch is fetched and checked again.

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

/// The journal, as far as it is whole.
#[derive(Debug)]
pub struct Journal {
    end: u64,
    /// Where the updates' records start, by position.
    updates: Vec<u64>,
    last: Option<Head>,
}

/// The updates of a journal, to be read again.
#[derive(Debug)]
pub struct Stored<'a, D> {
    disk: &'a D,
    journal: &'a Journal,
}

impl Journal {
    /// Opens the journal, passes its epochs to `each` in order, and cuts off the bytes behind the last whole one.
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

    /// Bytes of the journal.
    pub fn size(&self) -> u64 {
        self.end
    }

    /// Its updates.
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

    /// Returns once all epochs will survive a power cut.
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
