//! The envelope that the canister stores. It shows only its suite and its padded length.
//!
//! ```text
//! offset  size  envelope of suite 1
//!      0     1  suite: 1
//!      1    32  encapsulated key
//!     33     n  ciphertext of the padded content, of the same length
//!   33+n    16  tag
//!
//! info             "mailbox-envelope-v1"
//! associated data  length 1 | principal of the canister | length 1 | key id of the inbox
//! ```
//!
//! Suite 1 is HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. The recipient's key
//! is in its bundle. Base mode does not authenticate the sender. The Olm message inside does. Suite 2 is reserved for
//! groups. No suite is 0x4d, the first byte of the page's sealed messages ("MCSL").

use super::Malformed;
use super::padding::{pad, unpad};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, HpkeError, Kem, OpModeR, OpModeS, Serializable};
use rand_core::OsRng;
use std::fmt;
use vodozemac::{Curve25519PublicKey, Curve25519SecretKey};
use zeroize::Zeroizing;

/// The suite that this release seals with.
pub const SUITE: u8 = 1;
const ENC: usize = 32;
const TAG: usize = 16;
const INFO: &[u8] = b"mailbox-envelope-v1";

/// The inbox of an envelope. The envelope opens only there.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    /// Bytes of the canister's principal.
    pub canister: &'a [u8],
    /// Key id of the inbox.
    pub inbox: &'a [u8],
}

/// The reason why an envelope was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// It is shorter than an envelope can be.
    TooShort {
        /// Its bytes.
        length: usize,
    },
    /// This release does not know its suite.
    Suite(u8),
    /// It is sealed to another key or for another inbox, or its bytes were altered.
    OtherKey,
    /// It opens, but its content is not padded correctly.
    Padding(Malformed),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { length } => write!(f, "{length} bytes are too few for an envelope"),
            Self::Suite(suite) => write!(f, "this release does not know suite {suite}"),
            Self::OtherKey => write!(f, "it is sealed to another key or for another inbox, or was altered"),
            Self::Padding(why) => write!(f, "its padding is wrong: {why}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl Address<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let length = |bytes: &[u8]| u8::try_from(bytes.len()).expect("principals and key ids have at most 64 bytes");
        [&[length(self.canister)], self.canister, &[length(self.inbox)], self.inbox].concat()
    }
}

/// A new pair of keys for an inbox: secret and public.
pub fn new_keys() -> (Zeroizing<[u8; 32]>, [u8; 32]) {
    let (secret, public) = X25519HkdfSha256::gen_keypair(&mut OsRng);
    (Zeroizing::new(secret.to_bytes().into()), public.to_bytes().into())
}

/// The public key of a secret key. `None`: the bytes are not a secret key.
pub fn public_key(secret: &[u8; 32]) -> Option<[u8; 32]> {
    let secret = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(secret).ok()?;
    Some(X25519HkdfSha256::sk_to_pk(&secret).to_bytes().into())
}

/// Whether something can be agreed on with a Curve25519 key of another device: not with one of small order.
pub fn is_usable(key: &[u8; 32]) -> bool {
    Curve25519SecretKey::new().diffie_hellman(&Curve25519PublicKey::from_bytes(*key)).is_some()
}

/// Seals a content to a public key. Each call returns other bytes. `None`: the bytes are no public key.
pub fn seal(content: &[u8], key: &[u8; 32], address: &Address<'_>) -> Option<Vec<u8>> {
    let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(key).ok()?;
    let sealed = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256, _>(
        &OpModeS::Base,
        &key,
        INFO,
        &pad(content),
        &address.associated_data(),
        &mut OsRng,
    );
    let (enc, ciphertext) = sealed.ok()?;
    Some([&[SUITE], &enc.to_bytes()[..], &ciphertext].concat())
}

/// Opens an envelope. Returns the content without its padding.
///
/// # Errors
///
/// If it does not open, or is not padded as `seal` pads.
pub fn open(envelope: &[u8], secret: &[u8; 32], address: &Address<'_>) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (suite, rest) = envelope.split_first().ok_or(OpenError::TooShort { length: 0 })?;
    if *suite != SUITE {
        return Err(OpenError::Suite(*suite));
    }
    let (enc, ciphertext) = rest
        .split_first_chunk::<ENC>()
        .filter(|(_, ciphertext)| ciphertext.len() >= TAG)
        .ok_or(OpenError::TooShort { length: envelope.len() })?;
    let padded = open_base(secret, enc, INFO, &address.associated_data(), ciphertext);
    let padded = Zeroizing::new(padded.map_err(|_| OpenError::OtherKey)?);
    unpad(&padded).map(|content| Zeroizing::new(content.to_vec())).map_err(OpenError::Padding)
}

fn open_base(secret: &[u8; 32], enc: &[u8; ENC], info: &[u8], aad: &[u8], ct: &[u8]) -> Result<Vec<u8>, HpkeError> {
    let secret = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(secret)?;
    let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(enc)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &secret,
        &enc,
        info,
        ct,
        aad,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Address<'static> = Address { canister: b"canister", inbox: b"inbox" };

    #[test]
    fn the_vector_of_rfc_9180_opens() {
        let vector: serde_json::Value = serde_json::from_str(include_str!("../../vectors/rfc9180.json")).unwrap();
        let field = |name: &str| hex::decode(vector[name].as_str().unwrap()).unwrap();
        let secret = field("skRm").try_into().unwrap();
        let enc = field("enc").try_into().unwrap();
        assert_eq!(public_key(&secret).unwrap()[..], field("pkRm"));
        let opened = open_base(&secret, &enc, &field("info"), &field("aad"), &field("ct"));
        assert_eq!(opened.unwrap(), field("pt"));
    }

    #[test]
    fn an_envelope_opens_only_for_its_key_canister_and_inbox() {
        let (secret, public) = new_keys();
        let sealed = seal(b"hello", &public, &HERE).unwrap();
        assert_eq!(open(&sealed, &secret, &HERE).unwrap()[..], b"hello"[..]);
        assert_ne!(seal(b"hello", &public, &HERE).unwrap(), sealed, "each has a key of its own");
        let (other, _) = new_keys();
        assert_eq!(open(&sealed, &other, &HERE), Err(OpenError::OtherKey));
        for elsewhere in [Address { canister: b"other", ..HERE }, Address { inbox: b"other", ..HERE }] {
            assert_eq!(open(&sealed, &secret, &elsewhere), Err(OpenError::OtherKey), "{elsewhere:?}");
        }
        // The lengths in the associated data keep the two apart.
        let shifted = Address { canister: b"canisteri", inbox: b"nbox" };
        assert_eq!(open(&sealed, &secret, &shifted), Err(OpenError::OtherKey));
    }

    #[test]
    fn an_envelope_with_any_byte_altered_or_cut_off_does_not_open() {
        let (secret, public) = new_keys();
        let sealed = seal(b"hello", &public, &HERE).unwrap();
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            let expected = if at == 0 { OpenError::Suite(SUITE ^ 1) } else { OpenError::OtherKey };
            // X25519 ignores the highest bit of a public key, but HPKE binds the bytes.
            assert_eq!(open(&altered, &secret, &HERE), Err(expected), "byte {at}");
            assert!(open(&sealed[..at], &secret, &HERE).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn a_message_of_the_page_is_told_apart_by_its_first_byte() {
        let (secret, _) = new_keys();
        assert_eq!(open(b"MCSL\x01 and more", &secret, &HERE), Err(OpenError::Suite(b'M')));
    }

    #[test]
    fn a_key_of_small_order_is_refused() {
        let mut one = [0; 32];
        one[0] = 1;
        for key in [[0; 32], one] {
            assert!(seal(b"hello", &key, &HERE).is_none() && !is_usable(&key));
        }
        assert!(is_usable(&new_keys().1));
    }
}
