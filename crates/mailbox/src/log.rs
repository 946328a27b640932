//! The log: messages sent and received, and events that the user must know.

use crate::Error;
use crate::claims::claim;
use crate::mailbox::Mailbox;
use crate::opening::bytes_of;
use crate::records::{
    Counter, Entry, Event, Rows, Said, With, entry_key, entry_number, file_keys, put, shared_file_key,
};
use crypto_store::{MAX_ROWS, fields};

/// Maximum number of entries read at once, and the bytes of texts after which no more are read.
const PAGE: usize = 100;
const PAGE_BYTES: usize = 4 << 20;

impl Mailbox {
    /// At most 1,000 entries after a number, oldest first, with their numbers. After 4 MiB of texts there are at most 100 more.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn log(&self, after: u64) -> Result<Vec<(u64, Entry)>, Error> {
        self.store
            .read(move |snapshot| {
                let (mut entries, mut bytes) = (Vec::new(), 0);
                while entries.len() < MAX_ROWS && bytes < PAGE_BYTES {
                    let after = entries.last().map_or(after, |(number, _)| *number);
                    let rows = snapshot.records::<Entry>(b"e", &entry_key(after), PAGE)?;
                    let is_end = rows.len() < PAGE;
                    bytes += rows.iter().map(|(_, entry)| entry.event.text_length()).sum::<usize>();
                    entries.extend(rows.into_iter().map(|(key, entry)| (entry_number(&key), entry)));
                    if is_end {
                        break;
                    }
                }
                Ok(entries)
            })
            .await
    }

    /// Shows the messages and events since the last call by any process, an entry at a time.
    ///
    /// One process shows at a time. Another one that calls it meanwhile shows nothing. An entry is marked after it was
    /// shown. So if a process is killed in between, the entry is shown again, and none is lost. Returns the number of
    /// entries that were shown.
    ///
    /// # Errors
    ///
    /// Those of the store and of `show`.
    pub async fn show_new<E: From<Error>>(&self, mut show: impl FnMut(u64, &Entry) -> Result<(), E>) -> Result<u64, E> {
        let Some(claim) = claim(&self.store, b"show").await? else { return Ok(0) };
        let mut number = 0;
        loop {
            let read = self.store.read(|snapshot| snapshot.record::<Counter>("shown"));
            let Counter(shown) = read.await?.unwrap_or_default();
            let entries = self.log(shown).await?;
            let Some((last, _)) = entries.last() else { break };
            let last = *last;
            for (at, entry) in entries.iter().filter(|(_, entry)| !matches!(entry.event, Event::Sent { .. })) {
                show(*at, entry)?;
                number += 1;
            }
            let renew = claim.renew();
            let write = self.store.write(move |tx| {
                put(tx, "shown", &Counter(last))?;
                renew(tx)
            });
            write.await?;
        }
        claim.release(&self.store).await?;
        Ok(number)
    }

    /// The bytes of a received file, by its number in the log.
    ///
    /// # Errors
    ///
    /// [`Error::NoFile`], and those of the store.
    pub async fn file(&self, number: u64) -> Result<Vec<u8>, Error> {
        self.store
            .read(move |snapshot| {
                let entry = snapshot.record::<Entry>(entry_key(number))?;
                let bytes = match entry.map(|entry| (entry.with, entry.event)) {
                    Some((_, Event::Received { id, device, said: Said::File(file), .. })) => {
                        bytes_of(snapshot, &file_keys(&device, &id).1, &file)?
                    }
                    Some((Some(With::Shared(inbox)), Event::Shared { id, said: Said::File(_), .. })) => {
                        let held = snapshot.one::<fields::Message>(&shared_file_key(&inbox, id))?;
                        held.map(|held| held.bytes.clone())
                    }
                    _ => None,
                };
                bytes.ok_or(Error::NoFile(number))
            })
            .await
    }
}
