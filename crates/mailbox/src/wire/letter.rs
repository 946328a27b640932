//! The letter in an envelope. It tells only the recipient which session opens the message.
//!
//! ```text
//! offset  size  letter
//!      0     1  kind: 0 Olm pre-key message, 1 Olm message
//!      1    32  Curve25519 identity key of the sending device
//!     33    32  Olm session id
//!     65     n  Olm message
//! ```
//!
//! Olm authenticates the sender. These fields only find the session. Kind 2 is reserved for groups.

use super::Malformed;
use directory_core::bytes::Reader;
use vodozemac::olm::{OlmMessage, Session};

/// Bytes before the Olm message.
pub const HEADER: usize = 65;

/// A letter.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Identity key of the sending device.
    pub sender: [u8; 32],
    /// Id of the session.
    pub session: [u8; 32],
    /// The Olm message.
    pub message: OlmMessage,
}

impl Letter {
    /// Encodes the letter.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, message) = self.message.to_parts();
        [&[u8::try_from(kind).expect("there are two kinds")], &self.sender[..], &self.session, &message].concat()
    }

    /// Decodes a letter.
    ///
    /// # Errors
    ///
    /// If the bytes are not a letter, or a pre-key message has another sender or session than the letter names.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8("kind of letter")?;
        let (sender, session) = (reader.array("sender")?, reader.array("session")?);
        let length = bytes.len() - HEADER;
        let message = reader.slice("Olm message", length)?;
        if kind > 1 {
            return Err(Malformed::at("kind of letter", kind.into()));
        }
        let message = OlmMessage::from_parts(kind.into(), message).map_err(|_| Malformed::at("Olm message", length))?;
        if let OlmMessage::PreKey(first) = &message
            && (first.identity_key().to_bytes(), session_id(&first.session_id())?) != (sender, session)
        {
            return Err(Malformed::at("sender or session of a pre-key message", length));
        }
        Ok(Self { sender, session, message })
    }
}

/// The bytes of a session's id, from vodozemac's base64.
///
/// # Errors
///
/// If the text is not a session id.
pub fn session_id(text: &str) -> Result<[u8; 32], Malformed> {
    let bytes = vodozemac::base64_decode(text).map_err(|_| Malformed::at("session id", text.len()))?;
    bytes.try_into().map_err(|_| Malformed::at("session id", text.len()))
}

/// The id of a session.
pub fn id_of(session: &Session) -> [u8; 32] {
    session_id(&session.session_id()).expect("a session's id is a SHA-256 in base64")
}

#[cfg(test)]
mod tests {
    use super::*;
    use vodozemac::olm::{Account, SessionConfig};

    #[test]
    fn a_letter_decodes_to_itself_and_a_pre_key_message_is_its_senders() {
        let (alice, mut bob) = (Account::new(), Account::new());
        bob.generate_fallback_key();
        let key = *bob.fallback_key().values().next().unwrap();
        let mut session = alice.create_outbound_session(SessionConfig::version_1(), bob.curve25519_key(), key).unwrap();
        let message = session.encrypt("hello").unwrap();
        let letter = Letter { sender: alice.curve25519_key().to_bytes(), session: id_of(&session), message };
        let bytes = letter.encode();
        let decoded = Letter::decode(&bytes).unwrap();
        assert_eq!((decoded.sender, decoded.session), (letter.sender, letter.session));
        assert_eq!(decoded.message, letter.message);
        for at in [1, 33] {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_eq!(Letter::decode(&other).unwrap_err().field, "sender or session of a pre-key message");
        }
        let mut kind = bytes.clone();
        kind[0] = 2;
        assert_eq!(Letter::decode(&kind).unwrap_err(), Malformed::at("kind of letter", 2));
        for length in 0..HEADER + 1 {
            assert!(Letter::decode(&bytes[..length]).is_err(), "{length} bytes");
        }
    }
}
