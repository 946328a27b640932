//! The outbox. Any process sends the sealed bytes, in the order of each inbox, until the canister has them.

use crate::claims::{Claimed, claim};
use crate::mailbox::Mailbox;
use crate::network::Network;
use crate::records::{Entry, Event, Queued, Rows, entry_key, put};
use crate::{Error, millis, refusal};
use client::api::{AddError, NewMessage};
use client::{Client, MAX_BATCH_BYTES, Transport};
use crypto_store::{Tx, fields};
use std::collections::BTreeMap;
use std::time::Duration;

/// Maximum number of messages in a batch, and of rows that are read at once: the limit of the canister and of a snapshot.
const BATCH: usize = 1_000;
/// Maximum bytes of a message in a batch beside its envelope: key id, send key, and candid's own bytes.
const OVERHEAD: usize = 128;
/// Time after which messages that were not stored are given up: 7 days. Recipients keep their keys long enough for this.
const HORIZON: u64 = 7 * 24 * 3_600_000;
/// Interval at which a process checks whether another one still sends.
const LOOK: Duration = Duration::from_millis(50);

/// The result of [`Mailbox::push`].
#[derive(Debug, Default)]
pub struct Pushed {
    /// Sealed messages that wait. 0 once all messages are sent that waited when the push began.
    pub waiting: u64,
    /// The reasons why messages were not sent, in the order in which they occurred.
    pub reasons: Vec<String>,
}

/// The rest of the outbox: rows with their keys.
type Rest = Vec<(Vec<u8>, Queued)>;

impl Mailbox {
    /// Sends the outbox's messages. Waits up to `wait` for other processes that send.
    ///
    /// A message that the canister refuses for now, or does not answer, stays in the outbox: [`Pushed::reasons`]
    /// says why. `on_sent` is called after each batch, with the number of messages that the canister has taken.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn push(
        &self,
        network: &impl Network,
        wait: Duration,
        mut on_sent: impl FnMut(u64),
    ) -> Result<Pushed, Error> {
        let client = network.client(&self.own().await?.sender.0);
        let start = std::time::Instant::now();
        let mut pushed = Pushed::default();
        let mut failed = Vec::new();
        loop {
            let mut is_claimed = false;
            for inbox in self.waiting_inboxes().await? {
                if failed.contains(&inbox) {
                    continue;
                }
                let Some(claim) = claim(&self.store, &[b"push", &inbox[..]].concat()).await? else {
                    is_claimed = true;
                    continue;
                };
                let result = self.push_to(&client, &inbox, &claim, &mut on_sent).await;
                claim.release(&self.store).await?;
                if let Some(reason) = result? {
                    pushed.reasons.push(reason);
                    failed.push(inbox);
                }
            }
            if !is_claimed && failed.is_empty() {
                return Ok(pushed);
            }
            if !is_claimed || start.elapsed() >= wait {
                pushed.waiting = self.outbox().await?.iter().map(|(_, number)| number).sum();
                return Ok(pushed);
            }
            client.transport().pause(LOOK).await;
        }
    }

    /// Number of sealed messages that wait for each inbox, by its key id.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn outbox(&self) -> Result<Vec<(Vec<u8>, u64)>, Error> {
        let mut numbers = BTreeMap::<_, u64>::new();
        let mut after = Vec::new();
        loop {
            let from = after.clone();
            let keys = self.store.read(move |snapshot| {
                let rows = snapshot.records::<Queued>(b"", &from, PAGE)?;
                Ok::<_, Error>(rows.into_iter().map(|(key, _)| key).collect::<Vec<_>>())
            });
            let keys = keys.await?;
            let Some(last) = keys.last() else { return Ok(numbers.into_iter().collect()) };
            after.clone_from(last);
            keys.iter().for_each(|key| *numbers.entry(inbox_of(key).to_vec()).or_default() += 1);
        }
    }

    async fn waiting_inboxes(&self) -> Result<Vec<Vec<u8>>, Error> {
        let mut inboxes = Vec::<Vec<u8>>::new();
        loop {
            let mut after = inboxes.last().map_or(Vec::new(), |last| behind(last));
            let more = self.store.read(move |snapshot| {
                let mut more = Vec::new();
                // Each step reads one row.
                while more.len() < BATCH
                    && let Some((key, _)) = snapshot.records::<Queued>(b"", &after, 1)?.pop()
                {
                    let inbox = inbox_of(&key).to_vec();
                    after = behind(&inbox);
                    more.push(inbox);
                }
                Ok::<_, Error>(more)
            });
            let more = more.await?;
            if more.is_empty() {
                return Ok(inboxes);
            }
            inboxes.extend(more);
        }
    }

    /// Sends to an inbox until no message waits. Otherwise returns the reason why one still waits.
    async fn push_to(
        &self,
        client: &Client<impl Transport>,
        inbox: &[u8],
        claim: &Claimed,
        on_sent: &mut impl FnMut(u64),
    ) -> Result<Option<String>, Error> {
        loop {
            let batch = self.batch(inbox.to_vec()).await?;
            if batch.is_empty() {
                return Ok(None);
            }
            let (batch, old): (Rest, Rest) = batch.into_iter().partition(|(_, row)| millis() < row.since + HORIZON);
            let messages: Vec<_> = batch.iter().map(|(key, row)| message(key, row)).collect();
            let answers = match messages.is_empty() {
                true => Ok(Vec::new()),
                false => client.add_messages(&messages).await,
            };
            let answers = match answers {
                Ok(answers) if answers.len() == batch.len() => answers,
                Ok(answers) => return Ok(Some(format!("{} results for {} messages", answers.len(), batch.len()))),
                Err(error) => return Ok(Some(refusal::of_call(&error))),
            };
            let reason = answers.iter().filter_map(|answer| answer.as_ref().err()).find(|error| !is_final(error));
            let reason = reason.map(refusal::of_message);
            let sent = answers.iter().filter(|answer| answer.is_ok()).count() as u64;
            let renew = claim.renew();
            let write = self.store.write(move |tx| {
                for ((key, row), answer) in batch.iter().zip(&answers) {
                    match answer {
                        Ok(_) => done(tx, key, row, None)?,
                        Err(error) if is_final(error) => {
                            done(tx, key, row, Some(&format!("the canister refused it: {error:?}")))?;
                        }
                        Err(_) => {}
                    }
                }
                let late = "the canister did not take it within 7 days";
                old.iter().try_for_each(|(key, row)| done(tx, key, row, Some(late)))?;
                renew(tx)
            });
            write.await?;
            on_sent(sent);
            if reason.is_some() {
                return Ok(reason);
            }
        }
    }

    /// The next rows of an inbox that fit into one call.
    async fn batch(&self, inbox: Vec<u8>) -> Result<Rest, Error> {
        self.store
            .read(move |snapshot| {
                let (mut batch, mut bytes, mut after) = (Rest::new(), 0, Vec::new());
                while batch.len() < BATCH
                    && let Some((key, row)) = snapshot.records::<Queued>(&inbox, &after, 1)?.pop()
                {
                    bytes += row.envelope.len() + OVERHEAD;
                    if bytes > MAX_BATCH_BYTES && !batch.is_empty() {
                        break;
                    }
                    after.clone_from(&key);
                    batch.push((key, row));
                }
                Ok(batch)
            })
            .await
    }
}

/// Number of rows that are counted at once. Each may have 2 MB.
const PAGE: usize = 100;
/// Bytes of the number after an inbox's key id.
const NUMBER: usize = 8;

fn inbox_of(key: &[u8]) -> &[u8] {
    key.split_last_chunk::<NUMBER>().map_or(key, |(inbox, _)| inbox)
}

/// A key behind all rows of an inbox.
fn behind(inbox: &[u8]) -> Vec<u8> {
    [inbox, &[0xff; NUMBER + 1]].concat()
}

fn message(key: &[u8], row: &Queued) -> NewMessage {
    let send_key = (!row.send_key.is_empty()).then(|| row.send_key.clone().into());
    NewMessage { key_id: inbox_of(key).to_vec().into(), ciphertext: row.envelope.clone().into(), send_key }
}

/// Whether the canister will refuse the same bytes for ever.
fn is_final(error: &AddError) -> bool {
    matches!(error, AddError::KeyIdLength(_) | AddError::CiphertextEmpty | AddError::CiphertextTooLarge(_))
}

/// Removes a row from the outbox, and updates the log. Another process may have done so already.
fn done(tx: &mut Tx<'_>, key: &[u8], row: &Queued, failed: Option<&str>) -> Result<(), Error> {
    if !tx.delete::<fields::Outbox>(key)? {
        return Ok(());
    }
    let Some(mut entry) = tx.record::<Entry>(entry_key(row.entry))? else { return Ok(()) };
    if let Event::Sent { waiting, failed: why, .. } = &mut entry.event {
        *waiting -= 1;
        if let Some(failed) = failed {
            *why = Some(failed.into());
        }
    }
    put(tx, entry_key(row.entry), &entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;

    fn key_of(inbox: &[u8], number: u64) -> Vec<u8> {
        [inbox, &number.to_be_bytes()].concat()
    }

    #[tokio::test]
    async fn every_inbox_of_the_outbox_is_found_once() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place { url: "http://127.0.0.1:1".into(), root_key: Vec::new(), canister: vec![1] };
        let mailbox = Mailbox::create(&folder.path().join("mailbox"), place).await.unwrap();
        let inboxes: Vec<_> = (0..1_200_u32).map(|number| [&[7; 25][..], &number.to_be_bytes()].concat()).collect();
        // A transaction has at most 1,000 rows.
        for part in inboxes.chunks(400) {
            let keys: Vec<_> = part.iter().flat_map(|inbox| [1, 2].map(|number: u64| key_of(inbox, number))).collect();
            let row = Queued { entry: 1, since: 0, send_key: Vec::new(), envelope: vec![1] };
            mailbox.store.write(move |tx| keys.iter().try_for_each(|key| put(tx, key, &row))).await.unwrap();
        }
        assert_eq!(mailbox.waiting_inboxes().await.unwrap(), inboxes);
    }
}
