//! Keys of version 1. L is "message-canister/sealing/v1/", S the scope: the bytes of the canister's principal.
//!
//! ```text
//! passphrase  ──PBKDF2-SHA-256, salt L"passphrase" ‖ S, 1,000,000 rounds──▶ master key, 32 bytes
//! key file    ──HKDF-SHA-256, salt L"key file" ‖ S──────────────────────────▶ master key, 32 bytes
//! master key  ──HKDF-SHA-256, info L"key id"────────────────────────────────▶ key id, 20 bytes: public
//! master key  ──HKDF-SHA-256, salt: the message's, info L"message"──────────▶ 32-byte AES key ‖ 12-byte nonce
//! ```
//!
//! Two people who share a passphrase must find the same key id before either has seen a message. So the salt of the
//! master key is not random. It contains the canister's id: guesses computed in advance work against one canister only,
//! and one passphrase has unrelated key ids in two canisters. The key id is public, so anybody can test guesses at a
//! passphrase against it. A guess costs 1,000,000 rounds. So a passphrase must be hard to guess (six random words). A
//! key file of random bytes cannot be guessed.
//!
//! Each message has its own key and nonce, so no nonce is used twice under one key.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::format::SALT_BYTES;

/// Rounds of PBKDF2 for a passphrase.
pub const PBKDF2_ROUNDS: u32 = 1_000_000;
/// Bytes of a key id.
pub const KEY_ID_BYTES: usize = 20;
/// Bytes of a master key.
pub const MASTER_KEY_BYTES: usize = 32;
/// Minimum size of a key file in bytes, so that it can hold a secret.
pub const FILE_MIN_BYTES: usize = 32;

const AES_KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const LABEL: &str = "message-canister/sealing/v1/";

/// Seals and opens. Its secret is wiped when it is dropped, and not printed.
#[derive(Clone)]
pub struct Key {
    master: Zeroizing<[u8; MASTER_KEY_BYTES]>,
    id: [u8; KEY_ID_BYTES],
}

/// A secret that no key is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The passphrase has no character.
    PassphraseEmpty,
    /// The key file has fewer than [`FILE_MIN_BYTES`].
    FileTooShort {
        /// Its bytes.
        length: usize,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PassphraseEmpty => write!(f, "the passphrase is empty"),
            Self::FileTooShort { length } => {
                write!(f, "the key file has {length} bytes; at least {FILE_MIN_BYTES} are needed")
            }
        }
    }
}

impl std::error::Error for KeyError {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Key {
    /// The key of a passphrase: about a second of work. The passphrase is taken in Unicode's NFC, with all its blanks.
    ///
    /// # Errors
    ///
    /// If it is empty.
    pub fn from_passphrase(passphrase: &str, scope: &[u8]) -> Result<Self, KeyError> {
        if passphrase.is_empty() {
            return Err(KeyError::PassphraseEmpty);
        }
        let secret = Zeroizing::new(passphrase.nfc().collect::<String>());
        let mut master = Zeroizing::new([0; MASTER_KEY_BYTES]);
        pbkdf2::pbkdf2_hmac::<Sha256>(secret.as_bytes(), &salt("passphrase", scope), PBKDF2_ROUNDS, &mut *master);
        Ok(Self::from_master(master))
    }

    /// The key of a file that nobody else has.
    ///
    /// # Errors
    ///
    /// If it has fewer than [`FILE_MIN_BYTES`].
    pub fn from_file(content: &[u8], scope: &[u8]) -> Result<Self, KeyError> {
        if content.len() < FILE_MIN_BYTES {
            return Err(KeyError::FileTooShort { length: content.len() });
        }
        let mut master = Zeroizing::new([0; MASTER_KEY_BYTES]);
        expand(&Hkdf::new(Some(&salt("key file", scope)), content), "", &mut *master);
        Ok(Self::from_master(master))
    }

    /// The key of a master key that [`Key::master`] returned: without the work of a passphrase.
    pub fn from_master(master: Zeroizing<[u8; MASTER_KEY_BYTES]>) -> Self {
        let mut id = [0; KEY_ID_BYTES];
        expand(&Hkdf::new(None, &*master), &label("key id"), &mut id);
        Self { master, id }
    }

    /// The secret itself, which a program may keep, sealed, instead of the passphrase or the key file.
    pub fn master(&self) -> &[u8; MASTER_KEY_BYTES] {
        &self.master
    }

    /// The key id under which messages sealed with this key are stored. It is derived from the secret, and does not
    /// reveal it.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// AES key and nonce of the message with this salt.
    pub(crate) fn of_message(&self, salt: &[u8; SALT_BYTES]) -> MessageKey {
        let mut bytes = Zeroizing::new([0; AES_KEY_BYTES + NONCE_BYTES]);
        expand(&Hkdf::new(Some(salt), &*self.master), &label("message"), &mut *bytes);
        MessageKey(bytes)
    }

    /// The same secret under another key id, as only somebody who lies would put them together.
    #[cfg(test)]
    pub(crate) fn with_id(&self, id: [u8; KEY_ID_BYTES]) -> Self {
        Self { id, ..self.clone() }
    }
}

/// AES key and nonce of one message.
pub(crate) struct MessageKey(Zeroizing<[u8; AES_KEY_BYTES + NONCE_BYTES]>);

impl MessageKey {
    /// The key and the nonce.
    pub fn parts(&self) -> (&[u8], &[u8]) {
        self.0.split_at(AES_KEY_BYTES)
    }
}

fn label(name: &str) -> String {
    format!("{LABEL}{name}")
}

fn salt(name: &str, scope: &[u8]) -> Vec<u8> {
    [label(name).as_bytes(), scope].concat()
}

fn expand(hkdf: &Hkdf<Sha256>, info: &str, output: &mut [u8]) {
    hkdf.expand(info.as_bytes(), output).expect("HKDF-SHA-256 expands to 8,160 bytes, and no key has more than 44");
}
