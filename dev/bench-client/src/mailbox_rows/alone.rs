//! Envelopes and ratchets alone, on one core, without reading, verifying or storing.

use mailbox::wire::content::{Body, Content};
use mailbox::wire::envelope::{self, Address};
use mailbox::wire::letter::{Letter, id_of};
use vodozemac::olm::{Account, OlmMessage, Session, SessionConfig};

const PLACE: Address<'static> = Address { canister: &[1; 10], inbox: &[7; 29] };

/// A sender that seals messages. The recipient has received the first one.
pub struct Sealing {
    identity: [u8; 32],
    hpke: [u8; 32],
    session: Session,
    id: [u8; 32],
    number: u64,
}

impl Sealing {
    /// A sender to new keys.
    pub fn new() -> Self {
        Self::to_new_device().0
    }

    /// Seals this many short messages.
    pub fn run(&mut self, number: usize) {
        (0..number).for_each(|number| drop(self.seal(number.to_string())));
    }

    fn to_new_device() -> (Self, Account, [u8; 32]) {
        let (secret, hpke) = envelope::new_keys();
        let (sender, mut recipient) = (Account::new(), Account::new());
        recipient.generate_fallback_key();
        let fallback = recipient.fallback_key().into_values().next().expect("it was just made");
        let session = sender
            .create_outbound_session(SessionConfig::version_1(), recipient.curve25519_key(), fallback)
            .expect("an account's keys are keys");
        let identity = sender.curve25519_key().to_bytes();
        let id = id_of(&session);
        (Self { identity, hpke, session, id, number: 0 }, recipient, *secret)
    }

    fn seal(&mut self, text: String) -> Vec<u8> {
        self.number += 1;
        let content = Content { number: self.number, time: 0, id: [0; 16], body: Body::Text(text) };
        let message = self.session.encrypt(&*content.encode()).expect("its keys are keys");
        let letter = Letter { sender: self.identity, session: self.id, message };
        envelope::seal(&letter.encode(), &self.hpke, &PLACE).expect("it is a key")
    }
}

/// Envelopes of texts of 1 KiB, and the session and key that open them.
pub struct Opening {
    secret: [u8; 32],
    session: Session,
    sealed: Vec<Vec<u8>>,
}

impl Opening {
    /// Seals this many.
    pub fn of(number: usize) -> Self {
        let (mut sealing, mut recipient, secret) = Sealing::to_new_device();
        let sealed = (0..=number).map(|_| sealing.seal("x".repeat(1_023))).collect::<Vec<_>>();
        let (first, sealed) = sealed.split_first().expect("there is a first");
        let OlmMessage::PreKey(first) = letter(first, &secret).message else {
            panic!("the first messages are pre-key messages")
        };
        let created = recipient.create_inbound_session(SessionConfig::version_1(), first.identity_key(), &first);
        Self { secret, session: created.expect("it was sealed to it").session, sealed: sealed.to_vec() }
    }

    /// Opens all envelopes.
    pub fn run(&self) {
        let mut session = Session::from_pickle(self.session.pickle());
        for sealed in &self.sealed {
            let plain = session.decrypt(&letter(sealed, &self.secret).message).expect("each is decrypted once");
            Content::decode(&plain).expect("it was encoded");
        }
    }
}

fn letter(sealed: &[u8], secret: &[u8; 32]) -> Letter {
    let opened = envelope::open(sealed, secret, &PLACE).expect("it was sealed to it");
    Letter::decode(&opened).expect("it was encoded")
}
