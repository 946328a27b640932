//! Letters that may open later. Their number is limited. They are tried again when a session begins.

use crate::opening::{self, Closed};
use crate::records::{Position, Rows, Waiting, delete, put};
use crate::wire::letter::Letter;
use crate::{Error, millis};
use crypto_store::Tx;

/// Maximum number of waiting letters of an inbox, and of their bytes.
const MAX: (u32, u64) = (1_000, 16 << 20);
/// Maximum time that a letter waits, in milliseconds: 30 days.
const PATIENCE: u64 = 30 * 24 * 3_600_000;

/// Adds a letter to those that wait. Returns false if too many wait already.
pub(crate) fn push(
    tx: &mut Tx<'_>,
    inbox: [u8; 29],
    position: &mut Position,
    id: u32,
    letter: &Letter,
) -> Result<bool, Error> {
    let letter = letter.encode();
    let (number, bytes) = (position.waiting.0 + 1, position.waiting.1 + letter.len() as u64);
    if number > MAX.0 || bytes > MAX.1 {
        return Ok(false);
    }
    position.waiting = (number, bytes);
    put(tx, key(&inbox, id), &Waiting { since: millis(), letter })?;
    Ok(true)
}

/// Tries to open all waiting letters, in order. Tries again if one of them begins a session.
pub(crate) fn open_all(tx: &mut Tx<'_>, inbox: [u8; 29], position: &mut Position) -> Result<(), Error> {
    loop {
        let mut is_new_session = false;
        for (key, waiting) in tx.records::<Waiting>(&inbox, b"", MAX.0 as usize)? {
            match opening::open(tx, &inbox, &decoded(&waiting)) {
                Ok(is_new) => is_new_session |= is_new,
                Err(Closed::Failed(error)) => return Err(error),
                Err(Closed::ForNow) => continue,
                Err(Closed::Again | Closed::NoRoom | Closed::ForEver(_)) => {}
            }
            forget(tx, &key, &waiting, position)?;
        }
        if !is_new_session {
            return Ok(());
        }
    }
}

/// Gives up letters that have waited for too long, and logs this.
pub(crate) fn give_up(
    tx: &mut Tx<'_>,
    inbox: [u8; 29],
    position: &mut Position,
    mut tell: impl FnMut(&mut Tx<'_>, u32, &Letter) -> Result<(), Error>,
) -> Result<(), Error> {
    while let Some((key, waiting)) = tx.records::<Waiting>(&inbox, b"", 1)?.pop()
        && waiting.since + PATIENCE <= millis()
    {
        let id = u32::from_be_bytes(*key.last_chunk().expect("the key ends with the id"));
        forget(tx, &key, &waiting, position)?;
        tell(tx, id, &decoded(&waiting))?;
    }
    Ok(())
}

/// Drops all waiting letters of an inbox that is no longer read.
pub(crate) fn drop_all(tx: &mut Tx<'_>, inbox: &[u8; 29]) -> Result<(), Error> {
    let waiting = tx.records::<Waiting>(inbox, b"", MAX.0 as usize)?;
    waiting.iter().try_for_each(|(key, _)| delete::<Waiting>(tx, key))
}

fn forget(tx: &mut Tx<'_>, key: &[u8], waiting: &Waiting, position: &mut Position) -> Result<(), Error> {
    delete::<Waiting>(tx, key)?;
    position.waiting.0 -= 1;
    position.waiting.1 -= waiting.letter.len() as u64;
    Ok(())
}

fn decoded(waiting: &Waiting) -> Letter {
    Letter::decode(&waiting.letter).expect("it was a letter when it was stored")
}

fn key(inbox: &[u8; 29], id: u32) -> Vec<u8> {
    [&inbox[..], &id.to_be_bytes()].concat()
}
