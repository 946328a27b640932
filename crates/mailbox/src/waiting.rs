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
    // In a restored store an id may come again, for another letter.
    let key = key(&inbox, id);
    if let Some(old) = tx.record::<Waiting>(&key)? {
        forget(tx, &key, &old, position)?;
    }
    let letter = letter.encode();
    let (number, bytes) = (position.waiting.0 + 1, position.waiting.1 + letter.len() as u64);
    if number > MAX.0 || bytes > MAX.1 {
        return Ok(false);
    }
    position.waiting = (number, bytes);
    put(tx, key, &Waiting { since: millis(), letter })?;
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

/// Gives up letters that have waited for too long, and logs this. Letters that came while the clock was ahead wait for longer.
pub(crate) fn give_up(
    tx: &mut Tx<'_>,
    inbox: [u8; 29],
    position: &mut Position,
    mut tell: impl FnMut(&mut Tx<'_>, u32, &Letter) -> Result<(), Error>,
) -> Result<(), Error> {
    let (now, mut after) = (millis(), Vec::new());
    while let Some((key, waiting)) = tx.records::<Waiting>(&inbox, &after, 1)?.pop() {
        if waiting.since + PATIENCE <= now {
            forget(tx, &key, &waiting, position)?;
            tell(tx, id_of(&key), &decoded(&waiting))?;
        } else if waiting.since <= now {
            // Those behind it came later.
            break;
        }
        after = key;
    }
    Ok(())
}

/// Drops all waiting letters of an inbox that is no longer read, and logs this.
pub(crate) fn drop_all(
    tx: &mut Tx<'_>,
    inbox: &[u8; 29],
    mut tell: impl FnMut(&mut Tx<'_>, u32, &Letter) -> Result<(), Error>,
) -> Result<(), Error> {
    for (key, waiting) in tx.records::<Waiting>(inbox, b"", MAX.0 as usize)? {
        delete::<Waiting>(tx, &key)?;
        tell(tx, id_of(&key), &decoded(&waiting))?;
    }
    Ok(())
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

fn id_of(key: &[u8]) -> u32 {
    u32::from_be_bytes(*key.last_chunk().expect("the key ends with the id"))
}

fn key(inbox: &[u8; 29], id: u32) -> Vec<u8> {
    [&inbox[..], &id.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::test_mailbox;
    use crate::wire::letter::id_of as session_id;
    use vodozemac::olm::{Account, SessionConfig};

    #[tokio::test]
    async fn a_letter_that_came_while_the_clock_was_ahead_waits_and_keeps_none_behind_it() {
        let (_folder, mailbox) = test_mailbox().await;
        let (sender, mut recipient) = (Account::new(), Account::new());
        recipient.generate_fallback_key();
        let fallback = recipient.fallback_key().into_values().next().unwrap();
        let config = SessionConfig::version_1();
        let mut session = sender.create_outbound_session(config, recipient.curve25519_key(), fallback).unwrap();
        let message = session.encrypt("hello").unwrap();
        let letter = Letter { sender: sender.curve25519_key().to_bytes(), session: session_id(&session), message };
        let write = mailbox.store.write(move |tx| {
            let (inbox, now, mut position) = ([7; 29], millis(), Position::default());
            for (id, since) in [(1, now + PATIENCE), (2, now - PATIENCE), (3, now)] {
                assert!(push(tx, inbox, &mut position, id, &letter)?);
                put(tx, key(&inbox, id), &Waiting { since, letter: letter.encode() })?;
            }
            let mut told = Vec::new();
            give_up(tx, inbox, &mut position, |_, id, _| {
                told.push(id);
                Ok(())
            })?;
            Ok::<_, Error>((told, position.waiting.0))
        });
        assert_eq!(write.await.unwrap(), (vec![2], 2));
    }
}
