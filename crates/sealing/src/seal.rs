//! Sealing and opening.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use zeroize::Zeroizing;

use crate::content::{Content, ContentError};
use crate::format::{OVERHEAD_BYTES, Parts, SALT_BYTES, header};
use crate::keys::{Key, MessageKey};

/// The reason why a content was not sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealError {
    /// The name of the file is too long.
    Content(ContentError),
    /// Sealed, it would be larger than the canister takes.
    TooLarge {
        /// The bytes it would have.
        bytes: usize,
        /// The maximum allowed.
        max: usize,
    },
    /// The system returned no random bytes.
    NoRandomness(getrandom::Error),
}

/// The reason why a message was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// It is not in this format.
    NotSealed,
    /// It was sealed with another key or for another key id, or its bytes were altered.
    OtherKey,
    /// It was sealed with this key, by a program that writes another form of content.
    UnknownContent,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content(error) => error.fmt(f),
            Self::TooLarge { bytes, max } => {
                write!(f, "sealed, the content would have {bytes} bytes; at most {max} are allowed")
            }
            Self::NoRandomness(error) => write!(f, "the system returned no random bytes: {error}"),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSealed => "the message is not in the sealing format",
            Self::OtherKey => "the message was sealed with another key, or its bytes were altered",
            Self::UnknownContent => "the message was sealed with this key, but its content is of no known form",
        })
    }
}

impl std::error::Error for SealError {}
impl std::error::Error for OpenError {}

/// Seals a content in at most `max_bytes`: the canister's `limits.ciphertext_bytes`.
///
/// Each call returns other bytes. To store a message again, send the same bytes. Other bytes are another message.
///
/// # Errors
///
/// If the content is too long, or the system returns no random bytes.
pub fn seal(content: &Content, key: &Key, max_bytes: usize) -> Result<Vec<u8>, SealError> {
    let mut salt = [0; SALT_BYTES];
    getrandom::getrandom(&mut salt).map_err(SealError::NoRandomness)?;
    let plain = content.encode().map_err(SealError::Content)?;
    let bytes = plain.len() + OVERHEAD_BYTES;
    if bytes > max_bytes {
        return Err(SealError::TooLarge { bytes, max: max_bytes });
    }
    Ok(seal_with(&plain, key, &salt))
}

/// Seals a plaintext. Precondition: the salt is new.
pub(crate) fn seal_with(plain: &[u8], key: &Key, salt: &[u8; SALT_BYTES]) -> Vec<u8> {
    let header = header(salt);
    let message = key.of_message(salt);
    let aad = [header.as_slice(), key.id()].concat();
    let (cipher, nonce) = cipher(&message);
    let sealed = cipher.encrypt(nonce, Payload { msg: plain, aad: &aad });
    [&header, sealed.expect("AES-GCM takes 64 GiB, which no memory holds twice").as_slice()].concat()
}

/// Opens a stored ciphertext that was found under `key_id`.
///
/// # Errors
///
/// If this key did not seal it for this key id, or if its content has an unknown form.
pub fn open(ciphertext: &[u8], key_id: &[u8], key: &Key) -> Result<Content, OpenError> {
    let parts = Parts::of(ciphertext).ok_or(OpenError::NotSealed)?;
    if key_id != key.id() {
        return Err(OpenError::OtherKey);
    }
    let message = key.of_message(parts.salt);
    let aad = [parts.header.as_slice(), key_id].concat();
    let (cipher, nonce) = cipher(&message);
    let plain = cipher.decrypt(nonce, Payload { msg: parts.ciphertext, aad: &aad });
    let plain = Zeroizing::new(plain.map_err(|_| OpenError::OtherKey)?);
    Content::decode(&plain).ok_or(OpenError::UnknownContent)
}

fn cipher(message: &MessageKey) -> (Aes256Gcm, &Nonce<aes_gcm::aead::consts::U12>) {
    let (key, nonce) = message.parts();
    (Aes256Gcm::new(key.into()), nonce.into())
}
