//! The holder of a lock file, as the file names it.
//!
//! ```text
//! offset  bytes  lock file
//! 0       4      process id, little-endian
//! 4       8      start of that process in clock ticks since boot, little-endian
//! 12      8      the newest change that was committed, little-endian; in `store.lock` only
//! 20      8      the newest change that was copied into the database, little-endian; in `store.lock` only
//! ```
//!
//! The holder writes the first two after it has the lock. They serve messages only: the lock is the kernel's. The start tells a
//! process from a later one of the same id. The others are `lock_file`'s.

use std::fs;
use std::sync::OnceLock;

const START_AT: usize = 4;

/// A process that holds the store, or something in it. With a record of the holder, others can ask whether it still runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub pid: u32,
    /// Its command's name; empty if the process is gone.
    pub command: String,
    /// Whether it runs.
    pub state: HolderState,
}

/// Whether a holder runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderState {
    /// It runs or waits.
    Running,
    /// It was stopped by a signal or a debugger, and has the lock until it continues or ends.
    Stopped,
    /// It has ended. A process that it forked may hold the lock still.
    Gone,
}

impl Holder {
    /// Bytes of a record.
    pub const RECORD: usize = START_AT + 8;

    /// The record that this process writes into a lock file.
    pub fn own_record() -> [u8; Self::RECORD] {
        static START: OnceLock<u64> = OnceLock::new();
        let pid = std::process::id();
        let start = *START.get_or_init(|| stat_of(pid).map_or(0, |stat| stat.start));
        let mut record = [0; Self::RECORD];
        record[..START_AT].copy_from_slice(&pid.to_le_bytes());
        record[START_AT..].copy_from_slice(&start.to_le_bytes());
        record
    }

    /// Reads a record. None where nobody has ever written one.
    pub fn of(record: &[u8; Self::RECORD]) -> Option<Self> {
        let pid = u32::from_le_bytes(record[..START_AT].try_into().expect("4 bytes"));
        let start = u64::from_le_bytes(record[START_AT..].try_into().expect("8 bytes"));
        if pid == 0 {
            return None;
        }
        let stat = stat_of(pid).filter(|stat| stat.start == start && stat.state != 'Z');
        Some(match stat {
            Some(stat) if matches!(stat.state, 'T' | 't') => {
                Self { pid, command: stat.command, state: HolderState::Stopped }
            }
            Some(stat) => Self { pid, command: stat.command, state: HolderState::Running },
            None => Self { pid, command: String::new(), state: HolderState::Gone },
        })
    }
}

struct Stat {
    command: String,
    state: char,
    start: u64,
}

/// `/proc/PID/stat`: the command stands in parentheses and may contain any byte; state and start are fields 3 and 22.
fn stat_of(pid: u32) -> Option<Stat> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let (before, after) = stat.rsplit_once(')')?;
    let command = before.split_once('(')?.1.to_owned();
    let mut fields = after.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let start = fields.nth(18)?.parse().ok()?;
    Some(Stat { command, state, start })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_this_process_and_not_a_later_one_of_the_same_id() {
        let record = Holder::own_record();
        let holder = Holder::of(&record).unwrap();
        assert_eq!((holder.pid, holder.state), (std::process::id(), HolderState::Running));
        assert!(!holder.command.is_empty());

        let mut other_start = record;
        other_start[START_AT] ^= 1;
        assert_eq!(Holder::of(&other_start).unwrap().state, HolderState::Gone);
        assert_eq!(Holder::of(&[0; Holder::RECORD]), None);
    }
}
