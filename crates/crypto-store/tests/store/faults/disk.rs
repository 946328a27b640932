//! The contents of a disk after a power cut.

use std::collections::HashMap;
use std::path::Path;

/// One call of SQLite on a file, or a note of the test.
#[derive(Clone, Debug)]
pub enum Op {
    Write {
        file: String,
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        file: String,
        size: usize,
    },
    Sync {
        file: String,
    },
    Delete {
        file: String,
    },
    /// So many messages are acknowledged.
    Acknowledged(u32),
}

/// The fate of writes that no sync has followed.
#[derive(Clone, Copy, Debug)]
pub enum Unsynced {
    Dropped,
    Kept,
    /// Each sector of 512 bytes is kept or dropped at random: writes are torn and out of order.
    Torn(u64),
}

/// The syncs that the disk carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    All,
    /// None of the write-ahead log: the disk has then what `synchronous = NORMAL` leaves there between checkpoints.
    DatabaseOnly,
}

const SECTOR: usize = 512;

#[derive(Default)]
struct File {
    durable: Vec<u8>,
    unsynced: Vec<Op>,
}

/// Writes to `folder` the contents of the disk after a power failure that follows `ops`.
pub fn after_power_cut(ops: &[Op], disk: Disk, unsynced: Unsynced, folder: &Path) {
    let mut files: HashMap<&str, File> = HashMap::new();
    for op in ops {
        match op {
            Op::Write { file, .. } | Op::Truncate { file, .. } => {
                files.entry(file).or_default().unsynced.push(op.clone());
            }
            Op::Sync { file } if disk == Disk::All || !file.ends_with("-wal") => {
                let file = files.entry(file).or_default();
                for op in std::mem::take(&mut file.unsynced) {
                    apply(&mut file.durable, &op, &mut |_| true);
                }
            }
            Op::Delete { file } => drop(files.remove(file.as_str())),
            Op::Sync { .. } | Op::Acknowledged(_) => {}
        }
    }
    let mut random = match unsynced {
        Unsynced::Torn(seed) => seed | 1,
        _ => 1,
    };
    let mut keep = |_: usize| match unsynced {
        Unsynced::Dropped => false,
        Unsynced::Kept => true,
        Unsynced::Torn(_) => {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random & 1 == 0
        }
    };
    for (name, mut file) in files {
        for op in &file.unsynced {
            apply(&mut file.durable, op, &mut keep);
        }
        std::fs::write(folder.join(name), &file.durable).unwrap();
    }
}

fn apply(content: &mut Vec<u8>, op: &Op, keep: &mut impl FnMut(usize) -> bool) {
    match op {
        Op::Write { offset, bytes, .. } => {
            for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                let at = offset + number * SECTOR;
                if keep(at) {
                    if content.len() < at + sector.len() {
                        // Much faster than `resize` without optimisation.
                        content.extend(vec![0; at + sector.len() - content.len()]);
                    }
                    content[at..at + sector.len()].copy_from_slice(sector);
                }
            }
        }
        Op::Truncate { size, .. } if keep(*size) => content.truncate(*size),
        _ => {}
    }
}
