//! What was replayed, in one file that is only appended to. The tree is made from it at each start.
//!
//! ```text
//! journal   epochs; an epoch is its updates' records and its head's
//! record    length of the body 4 (little-endian) | kind 1 | body | CRC-32 of all before 4 (little-endian)
//! kind 1    an update as in the update log: position 8 | time 8 | update
//! kind 2    a head, 133 bytes: it ends the epoch
//! ```
//!
//! An epoch counts once its head's record is whole. What follows the last whole epoch was lost in part: it is cut off at the
//! start, and fetched and checked again.

#![allow(clippy::indexing_slicing, reason = "a record is at least as long as what stands before its body")]

use crate::disk::Disk;
use crate::replay::{Epoch, Past};
use directory_core::head::Head;
use directory_core::update::LoggedUpdate;
use std::io::{self, ErrorKind};

const FILE: &str = "journal";
const UPDATE: u8 = 1;
const HEAD: u8 = 2;
/// Length and kind.
const BEFORE: usize = 5;
const CHECKSUM: usize = 4;
/// More than an update has at most.
const MAX_BODY: usize = 8 * 1024;
/// Bytes that are read at once when the journal is opened.
const CHUNK: usize = 1024 * 1024;

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
    /// Opens the journal, hands out its epochs in order, and cuts off what follows the last whole one.
    pub fn open<D: Disk>(disk: &mut D, mut each: impl FnMut(&Epoch)) -> io::Result<Self> {
        let mut journal = Self { end: 0, updates: Vec::new(), last: None };
        let mut scan = Scan { disk, at: 0, size: disk.size(FILE)?, chunk: Vec::new(), taken: 0 };
        let (mut updates, mut starts) = (Vec::new(), Vec::new());
        loop {
            let start = scan.at;
            match scan.next()? {
                Some((UPDATE, body)) => {
                    let Ok(update) = LoggedUpdate::decode_stored(&body) else { break };
                    updates.push(update);
                    starts.push(start);
                }
                Some((HEAD, body)) => {
                    let Ok(head) = Head::decode(&body) else { break };
                    each(&Epoch { head, updates: std::mem::take(&mut updates) });
                    journal.updates.append(&mut starts);
                    (journal.end, journal.last) = (scan.at, Some(head));
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
    pub fn append(&mut self, disk: &mut impl Disk, epoch: &Epoch) -> io::Result<()> {
        let (mut bytes, mut starts) = (Vec::new(), Vec::with_capacity(epoch.updates.len()));
        for update in &epoch.updates {
            starts.push(self.end + bytes.len() as u64);
            push_record(&mut bytes, UPDATE, &update.encode());
        }
        push_record(&mut bytes, HEAD, &epoch.head.encode());
        disk.append(FILE, &bytes)?;
        self.end += bytes.len() as u64;
        self.updates.append(&mut starts);
        self.last = Some(epoch.head);
        Ok(())
    }

    /// Returns once all epochs will survive a power cut.
    pub fn sync(&self, disk: &mut impl Disk) -> io::Result<()> {
        disk.sync(FILE)
    }
}

impl<D: Disk> Past for Stored<'_, D> {
    fn update(&self, position: u64) -> io::Result<LoggedUpdate> {
        let at = usize::try_from(position).ok().and_then(|position| self.journal.updates.get(position));
        let start = *at.ok_or_else(|| damaged(position))?;
        let mut before = [0; BEFORE];
        self.disk.read(FILE, start, &mut before)?;
        let body = body_length(&before).ok_or_else(|| damaged(position))?;
        let mut record = vec![0; BEFORE + body + CHECKSUM];
        self.disk.read(FILE, start, &mut record)?;
        let update = checked(&record).and_then(|body| LoggedUpdate::decode_stored(body).ok());
        update.filter(|update| update.position == position).ok_or_else(|| damaged(position))
    }
}

/// Reads records one after another, in large pieces.
struct Scan<'a, D> {
    disk: &'a D,
    at: u64,
    size: u64,
    chunk: Vec<u8>,
    taken: usize,
}

impl<D: Disk> Scan<'_, D> {
    /// The next record's kind and body, or `None` where no whole record follows.
    fn next(&mut self) -> io::Result<Option<(u8, Vec<u8>)>> {
        let Some(body) = self.peek(BEFORE)?.and_then(body_length) else { return Ok(None) };
        let length = BEFORE + body + CHECKSUM;
        let Some(record) = self.peek(length)? else { return Ok(None) };
        let found = checked(record).map(|body| (record[BEFORE - 1], body.to_vec()));
        self.taken += length;
        self.at += length as u64;
        Ok(found)
    }

    fn peek(&mut self, length: usize) -> io::Result<Option<&[u8]>> {
        if self.chunk.len() - self.taken < length {
            let left = (self.size - self.at).min(CHUNK.max(length) as u64) as usize;
            self.chunk.resize(left, 0);
            self.taken = 0;
            self.disk.read(FILE, self.at, &mut self.chunk)?;
        }
        Ok(self.chunk.get(self.taken..self.taken + length))
    }
}

fn push_record(out: &mut Vec<u8>, kind: u8, body: &[u8]) {
    let start = out.len();
    out.extend((body.len() as u32).to_le_bytes());
    out.push(kind);
    out.extend(body);
    let checksum = crc32fast::hash(&out[start..]);
    out.extend(checksum.to_le_bytes());
}

fn body_length(before: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(*before.first_chunk()?) as usize;
    (length <= MAX_BODY).then_some(length)
}

/// The body of a record whose checksum is right.
fn checked(record: &[u8]) -> Option<&[u8]> {
    let (bytes, checksum) = record.split_last_chunk::<CHECKSUM>()?;
    (crc32fast::hash(bytes) == u32::from_le_bytes(*checksum)).then(|| &bytes[BEFORE..])
}

fn damaged(position: u64) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("the journal's record of update {position} is damaged"))
}
