//! Sealing a content for a device: one step of a ratchet, and the exact bytes in the outbox.

use crate::mailbox::account;
use crate::records::{Identity, Own, Peer, Queued, put, session_key};
use crate::wire::content::{Body, Content, Id};
use crate::wire::envelope::{self, Address as Place};
use crate::wire::letter::{Letter, id_of};
use crate::{Error, millis, random, seconds};
use crypto_store::Tx;
use directory_core::bundle::Bundle;
use vodozemac::Curve25519PublicKey;
use vodozemac::olm::{Account, Session, SessionConfig};

/// Maximum number of sessions with a device.
const MAX_SESSIONS: usize = 8;

/// Seals for devices, as this one.
pub(crate) struct Sealer {
    own: Own,
    account: Account,
}

/// The content that is sealed, for each device anew.
pub(crate) struct Said<'a> {
    pub id: Id,
    /// The entry of the log; 0: none.
    pub entry: u64,
    pub body: &'a Body,
}

impl Sealer {
    pub fn new(tx: &Tx<'_>, own: Own) -> Result<Self, Error> {
        Ok(Self { own, account: account(tx)? })
    }

    /// Seals for a device, with an introduction before the first content. False: the device's keys have expired.
    pub fn seal(&self, tx: &mut Tx<'_>, identity: &Identity, peer: &mut Peer, said: &Said<'_>) -> Result<bool, Error> {
        let bundle = Bundle::decode(&peer.bundle).expect("it was checked with its card");
        if bundle.content.expiry <= seconds() {
            return Ok(false);
        }
        if peer.sessions.is_empty() {
            self.begin(tx, identity, peer, &bundle)?;
        }
        self.introduce(tx, identity, peer, &bundle)?;
        self.queue(tx, identity, peer, &bundle, said)?;
        put(tx, identity, peer)?;
        Ok(true)
    }

    /// Introduces this device again to another device, because its keys have changed. False: the other device's keys
    /// have expired. Then the next content introduces it.
    pub fn introduce_again(&self, tx: &mut Tx<'_>, identity: &Identity, peer: &mut Peer) -> Result<bool, Error> {
        peer.introduced = false;
        let bundle = Bundle::decode(&peer.bundle).expect("it was checked with its card");
        let is_current = bundle.content.expiry > seconds();
        if is_current {
            self.introduce(tx, identity, peer, &bundle)?;
        }
        put(tx, identity, peer)?;
        Ok(is_current)
    }

    fn introduce(&self, tx: &mut Tx<'_>, identity: &Identity, peer: &mut Peer, bundle: &Bundle) -> Result<(), Error> {
        if peer.introduced {
            return Ok(());
        }
        let send_key = self.own.send_key.0.to_vec();
        let body = Body::Introduction { send_key, card: self.own.card(&self.account, seconds())? };
        self.queue(tx, identity, peer, bundle, &Said { id: random()?, entry: 0, body: &body })?;
        peer.introduced = true;
        Ok(())
    }

    /// Begins a new session with a device after a message of it did not open, and tells the device. Does this at
    /// most once an hour.
    pub fn renew(&self, tx: &mut Tx<'_>, identity: &Identity, peer: &mut Peer) -> Result<(), Error> {
        const HOUR: u64 = 3_600;
        let bundle = Bundle::decode(&peer.bundle).expect("it was checked with its card");
        let now = seconds();
        if now < peer.renewed + HOUR || bundle.content.expiry <= now {
            return Ok(());
        }
        peer.renewed = now;
        self.begin(tx, identity, peer, &bundle)?;
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

    fn queue(
        &self,
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
        let place = Place { canister: &self.own.place.canister, inbox: &bundle.content.inbox };
        let envelope = envelope::seal(&letter, &bundle.content.hpke, &place).ok_or(Error::DeviceKeys(*identity))?;
        let key = [&bundle.content.inbox[..], &peer.sent.to_be_bytes()].concat();
        put(tx, key, &Queued { entry: said.entry, since: millis(), send_key: peer.send_key.clone(), envelope })
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
