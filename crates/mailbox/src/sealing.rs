//! Sealing a content for a device: one step of the ratchet, and the exact bytes in the outbox.
//!
//! The ratchet's steps in a transaction depend on each other. The envelopes do not, and making their key pairs is most of the
//! work. So the envelopes are made on all cores.

use crate::mailbox::account;
use crate::records::{BEHIND, Behind, Identity, Own, Peer, Queued, Rows, next_queued, put, session_key};
use crate::wire::content::{Body, Content, Id};
use crate::wire::envelope::{self, Address as Place};
use crate::wire::letter::{Letter, id_of};
use crate::{Error, millis, random, seconds};
use crypto_store::{Field, Tx};
use directory_core::bundle::Bundle;
use std::num::NonZero;
use std::thread;
use vodozemac::Curve25519PublicKey;
use vodozemac::olm::{Account, Session, SessionConfig};

/// Maximum number of sessions with a device.
const MAX_SESSIONS: usize = 8;

/// Number of envelopes from which on another thread pays off.
const OF_A_THREAD: usize = 16;

/// Seals contents from this device to other devices.
pub(crate) struct Sealer {
    own: Own,
    account: Account,
    open: Vec<Open>,
}

/// A letter without its envelope.
struct Open {
    letter: Vec<u8>,
    identity: Identity,
    /// Its destination: the inbox and the key to seal to.
    inbox: Vec<u8>,
    hpke: [u8; 32],
    /// Its number in the outbox.
    number: u64,
    /// Its row of the outbox, without the envelope.
    row: Queued,
}

/// A content to be sealed for each device.
pub(crate) struct Said<'a> {
    pub id: Id,
    /// The number of its log entry. 0: none.
    pub entry: u64,
    pub body: &'a Body,
}

/// Runs `run` with a sealer in a transaction. All sealed letters are in the outbox on return. An old copy seals nothing: its
/// ratchets have been used further elsewhere.
pub(crate) fn sealing<T>(
    tx: &mut Tx<'_>,
    own: Own,
    run: impl FnOnce(&mut Sealer, &mut Tx<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    if let Some(Behind { position, acknowledged }) = tx.record(BEHIND)? {
        return Err(Error::Behind { position, acknowledged });
    }
    let mut sealer = Sealer { own, account: account(tx)?, open: Vec::new() };
    let value = run(&mut sealer, tx)?;
    sealer.close(tx)?;
    Ok(value)
}

impl Sealer {
    /// Seals for a device. An introduction precedes the first content. Returns false if the device's keys have expired.
    pub fn seal(
        &mut self,
        tx: &mut Tx<'_>,
        identity: &Identity,
        peer: &mut Peer,
        said: &Said<'_>,
    ) -> Result<bool, Error> {
        let bundle = Bundle::decode(&peer.bundle).expect("it was checked with its card");
        if bundle.content.expiry <= seconds() {
            return Ok(false);
        }
        if peer.sessions.is_empty() {
            self.begin(tx, identity, peer, &bundle)?;
        }
        self.introduce(tx, identity, peer, &bundle)?;
        self.step(tx, identity, peer, &bundle, said)?;
        put(tx, identity, peer)?;
        Ok(true)
    }

    /// Introduces this device again, because its keys have changed. Returns false if the other device's keys have expired; then
    /// its next content introduces it.
    pub fn introduce_again(&mut self, tx: &mut Tx<'_>, identity: &Identity, peer: &mut Peer) -> Result<bool, Error> {
        peer.introduced = false;
        let bundle = Bundle::decode(&peer.bundle).expect("it was checked with its card");
        let is_current = bundle.content.expiry > seconds();
        if is_current {
            self.introduce(tx, identity, peer, &bundle)?;
        }
        put(tx, identity, peer)?;
        Ok(is_current)
    }

    fn introduce(
        &mut self,
        tx: &mut Tx<'_>,
        identity: &Identity,
        peer: &mut Peer,
        bundle: &Bundle,
    ) -> Result<(), Error> {
        if peer.introduced {
            return Ok(());
        }
        let send_key = self.own.send_key.0.to_vec();
        let body = Body::Introduction { send_key, card: self.own.card(&self.account, seconds())? };
        self.step(tx, identity, peer, bundle, &Said { id: random()?, entry: 0, body: &body })?;
        peer.introduced = true;
        Ok(())
    }

    /// Tells a device that one of its messages did not open, in a new session. Does nothing if this happened within the last hour.
    /// A session that the device has not answered yet serves again: else letters that do not open, which anybody can send, would
    /// displace the sessions in use.
    pub fn renew(&mut self, tx: &mut Tx<'_>, identity: &Identity, peer: &mut Peer) -> Result<(), Error> {
        const HOUR: u64 = 3_600;
        let bundle = Bundle::decode(&peer.bundle).expect("it was checked with its card");
        let now = seconds();
        // A time later than now is of a clock that was ahead.
        if (peer.renewed..peer.renewed + HOUR).contains(&now) || bundle.content.expiry <= now {
            return Ok(());
        }
        peer.renewed = now;
        if !is_unanswered(tx, identity, peer)? {
            self.begin(tx, identity, peer, &bundle)?;
        }
        self.seal(tx, identity, peer, &Said { id: random()?, entry: 0, body: &Body::NewSession })?;
        Ok(())
    }

    fn begin(&self, tx: &mut Tx<'_>, identity: &Identity, peer: &mut Peer, bundle: &Bundle) -> Result<(), Error> {
        let key = |bytes| Curve25519PublicKey::from_bytes(bytes);
        let session = self
            .account
            .create_outbound_session(SessionConfig::version_1(), key(*identity), key(bundle.content.fallback))
            .map_err(|_| Error::DeviceKeys(*identity))?;
        keep(tx, identity, peer, session)
    }

    /// Encrypts a content with the ratchet.
    fn step(
        &mut self,
        tx: &mut Tx<'_>,
        identity: &Identity,
        peer: &mut Peer,
        bundle: &Bundle,
        said: &Said<'_>,
    ) -> Result<(), Error> {
        let session = *peer.sessions.first().expect("a session was begun");
        peer.sent += 1;
        let content = Content { number: peer.sent, time: millis(), id: said.id, body: said.body.clone() }.encode();
        let encrypt = |session: &mut Session| session.encrypt(&*content).map_err(|_| Error::DeviceKeys(*identity));
        let message = tx.update(session_key(identity, &session), encrypt)?.expect("a session that is listed is stored");
        let letter = Letter { sender: self.account.curve25519_key().to_bytes(), session, message }.encode();
        let (inbox, hpke) = (bundle.content.inbox.clone(), bundle.content.hpke);
        let row = Queued { entry: said.entry, since: millis(), send_key: peer.send_key.clone(), envelope: Vec::new() };
        let number = next_queued(tx, peer.sent)?;
        self.open.push(Open { letter, identity: *identity, inbox, hpke, number, row });
        Ok(())
    }

    /// Seals the letters into envelopes, and puts them into the outbox.
    fn close(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let canister = &self.own.place.canister[..];
        let close = |open: &Open| {
            let place = Place { canister, inbox: &open.inbox };
            envelope::seal(&open.letter, &open.hpke, &place).ok_or(Error::DeviceKeys(open.identity))
        };
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let each = self.open.len().div_ceil(threads).max(OF_A_THREAD);
        let envelopes: Result<Vec<_>, Error> = thread::scope(|scope| {
            let mut parts = self.open.chunks(each);
            let first = parts.next().unwrap_or_default();
            let others: Vec<_> =
                parts.map(|part| scope.spawn(move || part.iter().map(close).collect::<Vec<_>>())).collect();
            let first: Vec<_> = first.iter().map(close).collect();
            let others = others.into_iter().flat_map(|part| part.join().expect("sealing does not panic"));
            first.into_iter().chain(others).collect()
        });
        for (open, envelope) in self.open.into_iter().zip(envelopes?) {
            put(tx, [&open.inbox[..], &open.number.to_be_bytes()].concat(), &Queued { envelope, ..open.row })?;
        }
        Ok(())
    }
}

/// Stores a session as the one to send with. If there are too many, it drops the least recently used one.
pub(crate) fn keep(tx: &mut Tx<'_>, identity: &Identity, peer: &mut Peer, session: Session) -> Result<(), Error> {
    let id = id_of(&session);
    tx.put(session_key(identity, &id), session)?;
    peer.sessions.retain(|other| *other != id);
    peer.sessions.insert(0, id);
    while peer.sessions.len() > MAX_SESSIONS {
        let oldest = peer.sessions.pop().expect("there are more than none");
        tx.delete::<Session>(session_key(identity, &oldest))?;
    }
    Ok(())
}

/// Whether the device has not answered yet in the session to send with. Until then each letter of the session begins it.
fn is_unanswered(tx: &Tx<'_>, identity: &Identity, peer: &Peer) -> Result<bool, Error> {
    let Some(session) = peer.sessions.first() else { return Ok(false) };
    let held = tx.get::<Session>(session_key(identity, session))?;
    Ok(held.is_some_and(|held| !held.copy().has_received_message()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::{own, test_mailbox};
    use crate::records::Rows;
    use crate::wire::card;
    use crate::{Mailbox, contacts};
    use tempfile::TempDir;
    use vodozemac::olm::OlmMessage;

    /// Alice, who has added Bob, and the identity key of his device.
    async fn alice_and_bob() -> (TempDir, Mailbox, Identity) {
        let ((folder, alice), (_his, bob)) = (test_mailbox().await, test_mailbox().await);
        let text = bob.card().await.unwrap();
        alice.add_contact(&text, "bob").await.unwrap();
        let card = card::verify(&card::from_text(&text).unwrap(), seconds()).unwrap();
        let [identity] = contacts::identities(&card)[..] else { panic!("a person has one device") };
        (folder, alice, identity)
    }

    /// As after a message that did not open, so many seconds later. Returns the number of sessions and of sealed messages.
    async fn renewed(alice: &Mailbox, identity: Identity, later: u64) -> (usize, usize) {
        let write = alice.store.write(move |tx| {
            let mut peer = tx.record::<Peer>(identity)?.expect("it was added");
            peer.renewed = peer.renewed.saturating_sub(later);
            sealing(tx, own(tx)?, |sealer, tx| sealer.renew(tx, &identity, &mut peer))?;
            Ok::<_, Error>((peer.sessions.len(), tx.records::<Queued>(b"", b"", 100)?.len()))
        });
        write.await.unwrap()
    }

    #[tokio::test]
    async fn a_device_is_told_once_an_hour_whatever_does_not_open() {
        let (_folder, alice, bob) = alice_and_bob().await;
        assert_eq!(renewed(&alice, bob, 0).await, (1, 2), "with an introduction");
        assert_eq!(renewed(&alice, bob, 0).await, (1, 2));
        assert_eq!(renewed(&alice, bob, 3_590).await, (1, 2));
        assert_eq!(renewed(&alice, bob, 3_600).await, (1, 3));
    }

    #[tokio::test]
    async fn a_clock_that_was_ahead_does_not_silence_a_device() {
        let (_folder, alice, bob) = alice_and_bob().await;
        let write = alice.store.write(move |tx| {
            let peer = tx.record::<Peer>(bob)?.expect("it was added");
            put(tx, bob, &Peer { renewed: seconds() + 1_000_000, ..peer })
        });
        write.await.unwrap();
        assert_eq!(renewed(&alice, bob, 0).await, (1, 2));
    }

    #[tokio::test]
    async fn letters_that_do_not_open_never_displace_the_session_in_use() {
        let (_folder, alice, bob) = alice_and_bob().await;
        let in_use = answered_session();
        let id = id_of(&in_use);
        let write = alice.store.write(move |tx| {
            let mut peer = tx.record::<Peer>(bob)?.expect("it was added");
            keep(tx, &bob, &mut peer, in_use)?;
            put(tx, bob, &peer)
        });
        write.await.unwrap();
        for _ in 0..2 * MAX_SESSIONS {
            assert_eq!(renewed(&alice, bob, 3_600).await.0, 2);
        }
        let held = alice.store.read(move |snapshot| snapshot.one::<Session>(&session_key(&bob, &id))).await.unwrap();
        assert!(held.is_some());
    }

    /// A session in which both sides have written.
    fn answered_session() -> Session {
        let (account, mut other) = (Account::new(), Account::new());
        other.generate_fallback_key();
        let fallback = *other.fallback_key().values().next().unwrap();
        let config = SessionConfig::version_1();
        let mut session = account.create_outbound_session(config, other.curve25519_key(), fallback).unwrap();
        let OlmMessage::PreKey(first) = session.encrypt("hello").unwrap() else { panic!("a first message") };
        let inbound = other.create_inbound_session(config, account.curve25519_key(), &first).unwrap();
        let answer = { inbound.session }.encrypt("hello, too").unwrap();
        session.decrypt(&answer).unwrap();
        session
    }
}
