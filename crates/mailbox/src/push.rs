//! The outbox. Any process sends the sealed bytes, in the order of each inbox, until the canister has them.

use crate::claims::{Claimed, claim};
use crate::mailbox::Mailbox;
use crate::network::Network;
use crate::records::{Entry, Event, Queued, Rows, entry_key, put};
use crate::{Error, millis, refusal};
use client::api::{AddError, Added, BatchError, NewMessage};
use client::{CallError, Client, MAX_BATCH_BYTES, Transport};
use crypto_store::{Tx, fields};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// Maximum number of messages in a batch, and of rows that are read at once: the limit of the canister and of a snapshot.
const BATCH: usize = 1_000;
/// Number of rows that are read at once for their keys. Each may have 2 MB.
const PAGE: usize = 100;
/// Bytes of the number after an inbox's key id.
const NUMBER: usize = 8;
/// Maximum bytes of a message in a batch beside its envelope: key id, send key, and candid's own bytes.
const OVERHEAD: usize = 128;
/// Time after which a message is given up if the canister refuses it: 7 days. Recipients keep their keys long enough for this.
/// An older message is tried too, because the clock may be wrong.
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

/// Keys of rows, in the order in which they are sent.
type Keys = VecDeque<Vec<u8>>;
/// Rows with their keys.
type Batch = Vec<(Vec<u8>, Queued)>;

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
        let (mut failed, mut is_claimed) = (BTreeSet::new(), false);
        loop {
            let inboxes = self.waiting_rows().await?;
            pushed.waiting = inboxes.values().map(|keys| keys.len() as u64).sum();
            let is_over = is_claimed && start.elapsed() >= wait;
            if is_over || inboxes.keys().all(|inbox| failed.contains(inbox)) {
                return Ok(pushed);
            }
            if is_claimed {
                client.transport().pause(LOOK).await;
            }
            is_claimed = false;
            for (inbox, keys) in inboxes {
                if failed.contains(&inbox) {
                    continue;
                }
                let Some(claim) = claim(&self.store, &[b"push", &inbox[..]].concat()).await? else {
                    is_claimed = true;
                    continue;
                };
                let result = self.push_rows(&client, keys, &claim, &mut on_sent).await;
                claim.release(&self.store).await?;
                if let Some(reason) = result? {
                    pushed.reasons.push(reason);
                    failed.insert(inbox);
                }
            }
        }
    }

    /// Number of sealed messages that wait for each inbox, by its key id.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn outbox(&self) -> Result<Vec<(Vec<u8>, u64)>, Error> {
        let inboxes = self.waiting_rows().await?;
        Ok(inboxes.into_iter().map(|(inbox, keys)| (inbox, keys.len() as u64)).collect())
    }

    /// Keys of the outbox's rows, by inbox.
    ///
    /// One key id may begin with another one. So rows of an inbox are found by their whole keys, never by a prefix.
    async fn waiting_rows(&self) -> Result<BTreeMap<Vec<u8>, Keys>, Error> {
        let mut inboxes = BTreeMap::<_, Keys>::new();
        let mut after = Vec::new();
        loop {
            let from = after.clone();
            let keys = self.store.read(move |snapshot| {
                let rows = snapshot.records::<Queued>(b"", &from, PAGE)?;
                Ok::<_, Error>(rows.into_iter().map(|(key, _)| key).collect::<Vec<_>>())
            });
            let keys = keys.await?;
            let Some(last) = keys.last() else { return Ok(inboxes) };
            after.clone_from(last);
            for key in keys {
                inboxes.entry(inbox_of(&key).to_vec()).or_default().push_back(key);
            }
        }
    }

    /// Sends an inbox's rows. Otherwise returns the reason why one still waits.
    async fn push_rows(
        &self,
        client: &Client<impl Transport>,
        mut keys: Keys,
        claim: &Claimed,
        on_sent: &mut impl FnMut(u64),
    ) -> Result<Option<String>, Error> {
        while !keys.is_empty() {
            let (batch, rest) = self.batch(keys).await?;
            keys = rest;
            let messages: Vec<_> = batch.iter().map(|(key, row)| message(key, row)).collect();
            let result = match messages.is_empty() {
                true => Ok(Vec::new()),
                false => client.add_messages(&messages).await,
            };
            let answers = match answers(result, batch.len()) {
                Ok(answers) => answers,
                Err(reason) => return Ok(Some(reason)),
            };
            let (mut ended, mut sent, mut reason) = (Vec::new(), 0, None);
            for ((key, row), answer) in batch.into_iter().zip(answers) {
                match answer {
                    Answer::Taken => {
                        sent += 1;
                        ended.push((key, row, None));
                    }
                    Answer::Never(why) => ended.push((key, row, Some(why))),
                    Answer::NotNow(_) if row.since + HORIZON <= millis() => {
                        ended.push((key, row, Some("the canister did not take it within 7 days".into())));
                    }
                    Answer::NotNow(why) => reason = reason.or(Some(why)),
                }
            }
            let renew = claim.renew();
            let write = self.store.write(move |tx| {
                ended.iter().try_for_each(|(key, row, failed)| end(tx, key, row, failed.as_deref()))?;
                renew(tx)
            });
            write.await?;
            on_sent(sent);
            if reason.is_some() {
                return Ok(reason);
            }
        }
        Ok(None)
    }

    /// Takes the next rows that fit into one call. Skips those that another process has sent.
    async fn batch(&self, mut keys: Keys) -> Result<(Batch, Keys), Error> {
        self.store
            .read(move |snapshot| {
                let (mut batch, mut bytes) = (Batch::new(), 0);
                for _ in 0..BATCH {
                    let Some(key) = keys.front() else { break };
                    let row = snapshot.record::<Queued>(key)?;
                    bytes += row.as_ref().map_or(0, |row| row.envelope.len() + OVERHEAD);
                    if bytes > MAX_BATCH_BYTES && !batch.is_empty() {
                        break;
                    }
                    batch.extend(keys.pop_front().zip(row));
                }
                Ok((batch, keys))
            })
            .await
    }
}

/// The key id in a row's key.
fn inbox_of(key: &[u8]) -> &[u8] {
    key.split_last_chunk::<NUMBER>().map_or(key, |(inbox, _)| inbox)
}

fn message(key: &[u8], row: &Queued) -> NewMessage {
    let send_key = (!row.send_key.is_empty()).then(|| row.send_key.clone().into());
    NewMessage { key_id: inbox_of(key).to_vec().into(), ciphertext: row.envelope.clone().into(), send_key }
}

/// The canister's answer about a row.
enum Answer {
    Taken,
    /// It refuses these bytes for ever.
    Never(String),
    /// It refuses them for now.
    NotNow(String),
}

/// The answers about `number` rows. A call that the canister refused counts as an answer about each. An error is the reason why
/// there is no answer.
fn answers(
    result: Result<Vec<Result<Added, AddError>>, CallError<BatchError>>,
    number: usize,
) -> Result<Vec<Answer>, String> {
    match result {
        Ok(results) if results.len() == number => Ok(results.iter().map(answer).collect()),
        Ok(results) => Err(format!("{} results for {number} messages", results.len())),
        Err(error) => {
            let is_refused = matches!(error, CallError::Refused(_)) || error.reject().is_some() && !error.is_passing();
            let reason = refusal::of_call(&error);
            if is_refused { Ok((0..number).map(|_| Answer::NotNow(reason.clone())).collect()) } else { Err(reason) }
        }
    }
}

fn answer(result: &Result<Added, AddError>) -> Answer {
    match result {
        Ok(_) => Answer::Taken,
        Err(error @ (AddError::KeyIdLength(_) | AddError::CiphertextEmpty | AddError::CiphertextTooLarge(_))) => {
            Answer::Never(format!("the canister refused it: {error:?}"))
        }
        Err(error) => Answer::NotNow(refusal::of_message(error)),
    }
}

/// Removes a row from the outbox, and updates the log. Another process may have done so already.
fn end(tx: &mut Tx<'_>, key: &[u8], row: &Queued, failed: Option<&str>) -> Result<(), Error> {
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
    use crate::Address;
    use crate::mailbox::test_mailbox;
    use crate::network::Certified;
    use crate::records::{Said, With};
    use candid::Principal;
    use client::directory::DirectoryClient;
    use client::directory::api::Published;
    use client::{Failure, Reject, RejectCode};
    use directory_core::verify::Trusted;
    use std::sync::{Arc, Mutex};

    const DAY: u64 = 24 * 3_600_000;
    type Results = Vec<Result<Added, AddError>>;

    /// A canister that answers a call by a function, and keeps what it has taken.
    #[derive(Clone)]
    struct Canister {
        answer: fn(&[NewMessage]) -> Result<Results, Failure>,
        taken: Arc<Mutex<Vec<NewMessage>>>,
    }

    impl Canister {
        fn new(answer: fn(&[NewMessage]) -> Result<Results, Failure>) -> Self {
            Self { answer, taken: Arc::default() }
        }

        fn call(&self, arg: &[u8]) -> Result<Vec<u8>, Failure> {
            let messages: Vec<NewMessage> = candid::decode_one(arg).unwrap();
            let results = (self.answer)(&messages)?;
            let taken = messages.into_iter().zip(&results).filter(|(_, result)| result.is_ok());
            self.taken.lock().unwrap().extend(taken.map(|(message, _)| message));
            Ok(candid::encode_one(Ok::<_, BatchError>(results)).unwrap())
        }
    }

    impl Transport for Canister {
        async fn update(&self, _: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
            self.call(&arg)
        }

        async fn query(&self, _: &'static str, _: Vec<u8>) -> Result<Vec<u8>, Failure> {
            unreachable!("a push asks nothing")
        }

        async fn pause(&self, _: Duration) {}
    }

    impl Network for Canister {
        type Transport = Self;

        fn client(&self, _: &[u8; 32]) -> Client<Self> {
            Client::new(self.clone())
        }

        fn directory(&self, _: Principal, _: Trusted) -> DirectoryClient<Self> {
            unreachable!("a push looks nothing up")
        }

        async fn certified(&self) -> Result<Certified, Failure> {
            unreachable!("a push needs no certificate")
        }

        async fn configuration(&self, _: Principal) -> Result<Published, Error> {
            unreachable!("a push looks nothing up")
        }
    }

    fn take(_: &NewMessage) -> Result<Added, AddError> {
        Ok(Added { id: 1, duplicate: false })
    }

    fn is_full(_: &NewMessage) -> Result<Added, AddError> {
        Err(AddError::KeyFull { since: 1 })
    }

    fn key_of(inbox: &[u8], number: u64) -> Vec<u8> {
        [inbox, &number.to_be_bytes()].concat()
    }

    /// Puts rows of an inbox into the outbox, one of each number, which is its envelope too.
    async fn fill(mailbox: &Mailbox, inbox: &[u8], numbers: std::ops::RangeInclusive<u64>) {
        let inbox = inbox.to_vec();
        let fill = move |tx: &mut Tx<'_>| {
            numbers.clone().try_for_each(|number| {
                let envelope = number.to_be_bytes().into();
                let row = Queued { entry: 0, since: millis(), send_key: Vec::new(), envelope };
                put(tx, key_of(&inbox, number), &row)
            })
        };
        mailbox.store.write(fill).await.unwrap();
    }

    #[tokio::test]
    async fn every_inbox_of_the_outbox_is_found_with_its_rows() {
        let (_folder, mailbox) = test_mailbox().await;
        let inboxes: Vec<_> = (0..300_u32).map(|number| [&[7; 25][..], &number.to_be_bytes()].concat()).collect();
        for inbox in &inboxes {
            fill(&mailbox, inbox, 1..=2).await;
        }
        let expected: Vec<_> = inboxes.into_iter().map(|inbox| (inbox, 2)).collect();
        assert_eq!(mailbox.outbox().await.unwrap(), expected);
    }

    /// A card can name any key id as its inbox. One key id may be the beginning of another. Shared inboxes have shorter key ids
    /// than others.
    #[tokio::test]
    async fn an_inbox_that_takes_nothing_holds_up_none_whose_key_id_begins_alike() {
        const BOB: [u8; 29] = [9; 29];
        let (_folder, mailbox) = test_mailbox().await;
        let longer = [&BOB[..], &[0; 9]].concat();
        fill(&mailbox, &BOB[..1], 1..=1_000).await;
        fill(&mailbox, &longer, 1_001..=2_000).await;
        fill(&mailbox, &BOB, 2_001..=2_002).await;
        let canister = Canister::new(|messages| {
            assert!(messages.iter().all(|message| message.key_id == messages[0].key_id), "one inbox at a time");
            Ok(messages.iter().map(if messages[0].key_id[..] == BOB { take } else { is_full }).collect())
        });
        let pushed = mailbox.push(&canister, Duration::ZERO, |_| ()).await.unwrap();
        assert_eq!((pushed.waiting, pushed.reasons.len()), (2_000, 2));
        let taken: Vec<_> = canister.taken.lock().unwrap().iter().map(|taken| taken.ciphertext.to_vec()).collect();
        assert_eq!(taken, [2_001_u64, 2_002].map(|number| number.to_be_bytes().to_vec()));
        assert_eq!(mailbox.outbox().await.unwrap(), [(BOB[..1].to_vec(), 1_000), (longer, 1_000)]);
    }

    /// A message that waits for so many days is pushed. Returns what still waits of it, and why it was given up.
    async fn pushed(days: u64, answer: fn(&[NewMessage]) -> Result<Results, Failure>) -> (u32, Option<String>) {
        let (_folder, mailbox) = test_mailbox().await;
        let address = Address::from_bytes([1; 29]);
        let write = mailbox.store.write(move |tx| {
            let event = Event::Sent { id: [1; 16], said: Said::Text("hello".into()), waiting: 1, failed: None };
            put(tx, entry_key(1), &Entry { at: 0, with: Some(With::Person(address)), event })?;
            let row = Queued { entry: 1, since: millis() - days * DAY, send_key: Vec::new(), envelope: vec![1] };
            put(tx, key_of(&[7; 29], 1), &row)
        });
        write.await.unwrap();
        let pushed = mailbox.push(&Canister::new(answer), Duration::ZERO, |_| ()).await.unwrap();
        let (_, entry) = mailbox.log(0).await.unwrap().remove(0);
        let Event::Sent { waiting, failed, .. } = entry.event else { panic!("it was sent") };
        assert_eq!(pushed.waiting, u64::from(waiting));
        assert_eq!(pushed.reasons.len(), usize::from(waiting > 0), "{:?}", pushed.reasons);
        (waiting, failed)
    }

    fn rejected(error_code: u32) -> Result<Results, Failure> {
        let (code, message) = (RejectCode::CanisterReject, "for a test".into());
        Err(Failure::Rejected(Reject { code, error_code: Some(error_code), message }))
    }

    #[tokio::test]
    async fn a_message_is_given_up_only_when_the_canister_refuses_it_after_a_week() {
        let sent = (0, None);
        let waits = (1, None);
        let given_up = (0, Some("the canister did not take it within 7 days".into()));
        // A clock that is ahead makes messages old.
        assert_eq!(pushed(8, |messages| Ok(messages.iter().map(take).collect())).await, sent);
        assert_eq!(pushed(8, |_| Err(Failure::Unanswered("no network".into()))).await, waits);
        assert_eq!(pushed(8, |_| Ok(Vec::new())).await, waits, "an answer about another number of messages is none");
        assert_eq!(pushed(8, |_| rejected(Reject::STOPPED)).await, waits, "the canister will be back");
        assert_eq!(pushed(8, |messages| Ok(messages.iter().map(is_full).collect())).await, given_up);
        assert_eq!(pushed(8, |_| rejected(Reject::NOT_ADMITTED)).await, given_up);
        assert_eq!(pushed(6, |messages| Ok(messages.iter().map(is_full).collect())).await, waits);
        assert_eq!(pushed(6, |_| rejected(Reject::NOT_ADMITTED)).await, waits);
    }
}
