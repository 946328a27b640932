//! Receiving: verified pages from the cursor. Opened messages, ratchets and the cursor commit together. Then they are
//! acknowledged.

use crate::mailbox::{Mailbox, own};
use crate::network::Network;
use crate::opening::{self, Closed, is_answerable};
use crate::reading::{Read, Step, pages_behind, read_next};
use crate::records::{self, BEHIND, Behind, Entry, Event, Own, Peer, Position, Rows, With, append, put};
use crate::sealing::sealing;
use crate::waiting;
use crate::wire::envelope::{self, Address as Place};
use crate::wire::letter::Letter;
use crate::{Error, millis, refusal};
use client::api::{AckError, Acknowledgement, KeyHead, KeySetting, Message, NewSendKey, OwnerProof};
use client::{CallError, Client, Lie, Transport};
use crypto_store::Tx;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The result of [`Mailbox::receive`].
#[derive(Debug, Default)]
pub struct Received {
    /// Messages of the inboxes that were new to this store.
    pub messages: u64,
    /// How many of them are junk: not an envelope for this device, or of no known session. Anybody can send these.
    pub junk: u64,
    /// Strangers' introductions that were dropped, because there are as many unknown contacts, or contacts, as may be.
    pub turned_away: u64,
    /// Letters that have not opened, but may open later.
    pub waiting: u32,
    /// Letters that will never open. If the sender is known, the log has the reason.
    pub unopened: u64,
    /// The reason why acknowledging failed, if it did. The next call tries again.
    pub not_acknowledged: Option<String>,
    /// Shared inboxes that the canister does not let this mailbox read: names and reasons.
    pub not_read: Vec<(String, String)>,
    /// Whether all reads were verified against the subnet's key.
    pub is_verified: bool,
}

impl Mailbox {
    /// Reads the inboxes to their ends, and the shared ones.
    ///
    /// Any number of processes may call it at once. One of them stores each message. `on_page` is called after each page of an
    /// inbox, with the number of messages so far, and the number that is expected.
    ///
    /// # Errors
    ///
    /// [`Error::Heads`], [`Error::Page`], [`Error::Claim`], [`Error::SendKey`], [`Error::OtherStore`], [`Error::Behind`], and
    /// those of the store. What was read before an error is kept.
    pub async fn receive(&self, network: &impl Network, mut on_page: impl FnMut(u64, u64)) -> Result<Received, Error> {
        let own = self.own().await?;
        let (mut received, mut expected) = (Received { is_verified: true, ..Received::default() }, 0);
        let mut failed = None;
        for inbox in &own.inboxes {
            match self.receive_from(network, &own, inbox, &mut received, &mut expected, &mut on_page).await {
                Ok(()) => {}
                // An old copy reads nothing more. What passes, passes for all inboxes.
                Err(error) if error.is_passing() || matches!(error, Error::Behind { .. }) => return Err(error),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        self.receive_shared(network, &mut received).await?;
        if let Some(error) = failed {
            return Err(error);
        }
        self.drop_old_inboxes().await?;
        Ok(received)
    }

    /// Reads an inbox to its end, and acknowledges what it has read. Adds the number of its messages to `expected`.
    async fn receive_from(
        &self,
        network: &impl Network,
        own: &Own,
        inbox: &records::Inbox,
        received: &mut Received,
        expected: &mut u64,
        on_page: &mut impl FnMut(u64, u64),
    ) -> Result<(), Error> {
        let client = network.client(&inbox.owner.0);
        let (id, send_key) = (inbox.id(), &own.send_key.0);
        let position = self.position(id).await?;
        let mut is_introduced = position.label.is_none();
        let label = match position.label {
            Some(label) => label,
            None => self.introduce_inbox(&client, id, send_key).await?,
        };
        let client = client.with_label(&id, label);
        let heads = match client.read_key_heads(&[id]).await {
            // Where reads are closed, nothing proves that the canister has forgotten an inbox. Once introduced, it is there.
            Err(CallError::Lie(Lie::NoProof)) => {
                self.introduce_inbox(&client, id, send_key).await?;
                is_introduced = true;
                client.read_key_heads(&[id]).await
            }
            heads => heads,
        };
        let heads = heads.map_err(Error::Heads)?;
        let head = heads.value.heads.first().and_then(Option::as_ref);
        let count = head.map_or(0, |head| head.count);
        if let Some(head) = head {
            self.check_not_behind(id, head.acknowledged_id).await?;
        }
        // Contacts have the send key of the newest inbox.
        if !is_introduced && id == own.inbox().id() && (position.is_forgotten(head) || position.is_first(head)) {
            self.introduce_inbox(&client, id, send_key).await?;
        }
        *expected += u64::from(count);
        let (before, canister) = (received.messages, &own.place.canister);
        while !self.read_on(&client, inbox, canister, received, |read| on_page(read, *expected)).await? {}
        if count > 0 || received.messages > before {
            received.not_acknowledged = self.acknowledge(&client, id).await?.or(received.not_acknowledged.take());
        }
        received.waiting += self.position(id).await?.waiting.0;
        Ok(())
    }

    pub(crate) async fn position<const N: usize>(&self, inbox: [u8; N]) -> Result<Position, Error> {
        self.store.read(move |snapshot| Ok::<_, Error>(snapshot.record(inbox)?.unwrap_or_default())).await
    }

    /// Checks that the store has read everything that was acknowledged: otherwise the store is an old copy, and never seals again.
    /// The position is read after the canister's answer, because other processes of this mailbox may read on meanwhile. They
    /// commit before they acknowledge.
    pub(crate) async fn check_not_behind(&self, inbox: [u8; 29], acknowledged: u32) -> Result<(), Error> {
        let position = self.position(inbox).await?.id;
        if acknowledged <= position {
            return Ok(());
        }
        self.store.write(move |tx| put(tx, BEHIND, &Behind { position, acknowledged })).await?;
        Err(Error::Behind { position, acknowledged })
    }

    /// Learns the inbox's label, and sets the hash of the send key in the canister.
    async fn introduce_inbox<T: Transport>(
        &self,
        client: &Client<T>,
        inbox: [u8; 29],
        send_key: &[u8; 32],
    ) -> Result<[u8; 32], Error> {
        let claimed = client.claim(&inbox, &OwnerProof::own).await.map_err(Error::Claim)?;
        let label: [u8; 32] = claimed.label[..].try_into().map_err(|_| {
            let reason = format!("a label of {} bytes", claimed.label.len());
            Error::Claim(CallError::Malformed { method: "claim", reason })
        })?;
        let hash = NewSendKey::sha256(Sha256::digest(send_key).to_vec().into());
        client.set_key(&inbox, &[KeySetting::send_key(hash)]).await.map_err(Error::SendKey)?;
        self.store
            .write(move |tx| {
                let position = tx.record::<Position>(inbox)?.unwrap_or_default();
                put(tx, inbox, &Position { label: Some(label), acknowledged: 0, ..position })
            })
            .await?;
        Ok(label)
    }

    /// Reads an inbox from its position to its end. False: another process has read meanwhile, and so it ended early.
    async fn read_on<T: Transport>(
        &self,
        client: &Client<T>,
        inbox: &records::Inbox,
        canister: &[u8],
        received: &mut Received,
        mut on_page: impl FnMut(u64),
    ) -> Result<bool, Error> {
        let id = inbox.id();
        let mut pages = pages_behind(client, &id, &self.position(id).await?);
        let mut fetched = read_next(&mut pages, received).await?;
        let (mut opened, mut failed): (Option<Stored>, _) = (None, None);
        // Three pages are processed at once: one is fetched and verified, the one before it is opened, and the one before that
        // is stored.
        while fetched.is_some() || opened.is_some() {
            let is_last = fetched.is_none() || failed.is_some();
            let fetch = async { if is_last { Ok(None) } else { read_next(&mut pages, received).await } };
            let open = open_letters(fetched, inbox, canister);
            let store = async {
                let Some(page) = opened else { return Ok(Some(Counts::default())) };
                self.store.write(move |tx| page.store(tx, id)).await
            };
            let (next, letters, counts) = tokio::join!(fetch, open, store);
            let counts: Option<Counts> = counts?;
            let Some(counts) = counts else { return Ok(false) };
            received.messages += counts.messages;
            received.junk += counts.junk;
            received.turned_away += counts.turned_away;
            received.unopened += counts.unopened;
            on_page(received.messages);
            opened = letters;
            // Pages that came before the error are still stored.
            fetched = next.unwrap_or_else(|error| {
                failed = Some(error);
                None
            });
        }
        failed.map_or(Ok(true), Err)
    }

    /// Acknowledges the messages that were read. Returns the reason if that failed.
    async fn acknowledge<T: Transport>(&self, client: &Client<T>, inbox: [u8; 29]) -> Result<Option<String>, Error> {
        let position = self.position(inbox).await?;
        if position.id <= position.acknowledged {
            return Ok(None);
        }
        let through = position.id;
        let answers = client.acknowledge(&[Acknowledgement { key_id: inbox.to_vec().into(), through }]).await;
        match answers.as_deref() {
            // Another process was faster.
            Ok([Ok(_) | Err(AckError::NotNewer { .. })]) => {}
            Ok(other) => return Ok(Some(format!("the canister answered {other:?}"))),
            Err(error) => return Ok(Some(refusal::of_owner(error))),
        }
        self.store
            .write(move |tx| {
                let position = tx.record::<Position>(inbox)?.unwrap_or_default();
                let acknowledged = position.acknowledged.max(through);
                put(tx, inbox, &Position { acknowledged, ..position })
            })
            .await?;
        Ok(None)
    }
}

impl Position {
    /// Whether the canister has forgotten the inbox, and with it the hash of the send key: it forgets a key that had no messages
    /// for a time. Somebody may have written since, which makes the key anew: then nothing of it was acknowledged, and its ranks
    /// start again.
    pub fn is_forgotten(&self, head: Option<&KeyHead>) -> bool {
        let seen = self.seen.map_or(0, |(_, _, rank, _)| rank);
        let is_new = |head: &KeyHead| {
            (head.acknowledged_id == 0 && self.acknowledged > 0) || (head.rank > 0 && head.rank < seen)
        };
        self.label.is_some() && head.is_none_or(is_new)
    }

    /// Whether the first messages have come to an inbox that was introduced before. The canister may have forgotten it meanwhile:
    /// nothing tells.
    fn is_first(&self, head: Option<&KeyHead>) -> bool {
        self.seen.is_none() && head.is_some_and(|head| head.rank > 0)
    }
}

/// Opens the envelopes of a page, on a thread that may block.
async fn open_letters(page: Option<Read>, inbox: &records::Inbox, canister: &[u8]) -> Option<Stored> {
    let Read { page, step } = page?;
    let (inbox, canister) = (inbox.clone(), canister.to_vec());
    let open = move || {
        let id = inbox.id();
        let letters = page.messages.iter().map(|message| (message.id, letter(message, &inbox.hpke.0, &canister, &id)));
        Stored { letters: letters.collect(), dropped: page.gap.then_some(page.first_id), step }
    };
    Some(tokio::task::spawn_blocking(open).await.expect("bytes of others do not make it panic"))
}

/// Opens the envelope of a message. `None`: it is sealed to another key, or does not contain a letter.
fn letter(message: &Message, secret: &[u8; 32], canister: &[u8], inbox: &[u8]) -> Option<Letter> {
    let opened = envelope::open(&message.ciphertext, secret, &Place { canister, inbox }).ok()?;
    Letter::decode(&opened).ok()
}

/// A page whose envelopes are opened with the inbox's key.
struct Stored {
    letters: Vec<(u32, Option<Letter>)>,
    dropped: Option<u32>,
    step: Step,
}

#[derive(Default)]
struct Counts {
    messages: u64,
    junk: u64,
    turned_away: u64,
    unopened: u64,
}

impl Stored {
    /// Stores the messages. `None`: another process has read on, and nothing is stored.
    fn store(self, tx: &mut Tx<'_>, inbox: [u8; 29]) -> Result<Option<Counts>, Error> {
        let mut position = tx.record::<Position>(inbox)?.unwrap_or_default();
        if !position.takes(&self.step) {
            return Ok(None);
        }
        let mut counts = Counts::default();
        if let Some(first_id) = self.dropped {
            append(tx, &Entry { at: millis(), with: None, event: Event::Dropped { first_id } })?;
        }
        let (mut is_new_session, mut wedged) = (false, BTreeSet::new());
        for (id, letter) in self.letters {
            counts.messages += 1;
            let Some(letter) = letter else {
                position.junk += 1;
                counts.junk += 1;
                continue;
            };
            match opening::open(tx, &inbox, &letter) {
                Ok(is_new) => is_new_session |= is_new,
                Err(Closed::Again) => {}
                Err(Closed::NoRoom) => counts.turned_away += 1,
                Err(Closed::Failed(error)) => return Err(error),
                Err(Closed::ForNow) => {
                    wedged.insert(letter.sender);
                    // Anybody can name a sender, so the log does not name one. Numbers that are missing are told later.
                    if !waiting::push(tx, inbox, &mut position, id, &letter)? {
                        counts.unopened += 1;
                    }
                }
                Err(Closed::ForEver(why)) => {
                    wedged.insert(letter.sender);
                    // Anybody can name any sender. Only the two devices of a session know its id.
                    let peer = tx.record::<Peer>(letter.sender)?;
                    if peer.is_some_and(|peer| peer.sessions.contains(&letter.session)) {
                        counts.unopened += 1;
                        tell(tx, &letter, id, &why)?;
                    } else {
                        position.junk += 1;
                        counts.junk += 1;
                    }
                }
            }
        }
        if is_new_session {
            waiting::open_all(tx, inbox, &mut position)?;
        }
        waiting::give_up(tx, inbox, &mut position, |tx, id, letter| {
            counts.unopened += 1;
            tell(tx, letter, id, "its session did not come within 30 days")
        })?;
        put(tx, inbox, &position)?;
        for identity in wedged {
            let Some(mut peer) = tx.record::<Peer>(identity)? else { continue };
            if is_answerable(tx, &identity, &peer)? {
                sealing(tx, own(tx)?, |sealer, tx| sealer.renew(tx, &identity, &mut peer))?;
            }
        }
        Ok(Some(counts))
    }
}

/// Writes to the log that a letter will never open, if its sender is known.
pub(crate) fn tell(tx: &mut Tx<'_>, letter: &Letter, id: u32, why: &str) -> Result<(), Error> {
    let Some(peer) = tx.record::<Peer>(letter.sender)? else { return Ok(()) };
    append(
        tx,
        &Entry { at: millis(), with: Some(With::Person(peer.address)), event: Event::Unopened { id, why: why.into() } },
    )
}
