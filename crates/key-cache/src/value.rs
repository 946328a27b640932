//! Values at rest: encrypted under a cached key, and bound to the place where they are stored.
//!
//! ```text
//! offset  bytes  sealed value
//! 0       1      version: 1
//! 1       4      generation of the key, little-endian
//! 5       24     nonce, random
//! 29      n      ciphertext, as long as the plaintext
//! 29 + n  16     tag
//!
//! offset  bytes  authenticated data
//! 0       1      version: 1
//! 1       4      generation of the key, little-endian
//! 5       …      store, table, row, column: for each its length in 4 bytes, little-endian, and its bytes
//! ```
//!
//! XChaCha20-Poly1305, because its 192-bit nonces can be random for any number of values under one key. Aegis wraps a
//! fresh AES-GCM key into each value instead. That takes 57 bytes a value and two AES key schedules. This takes 45
//! bytes, and is fast without AES instructions. Neither commits to its key: a value opens under the key that its row
//! names, and under no key that a writer of the row could choose.

#![allow(clippy::indexing_slicing, reason = "the length was compared with the shortest sealed value")]

use crate::{Generation, Gone, Key};
use chacha20poly1305::{AeadInPlace, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use std::fmt;

const VERSION: u8 = 1;
const VERSION_AT: usize = 0;
const GENERATION_AT: usize = VERSION_AT + 1;
const NONCE_AT: usize = GENERATION_AT + size_of::<Generation>();
const NONCE_LENGTH: usize = 24;
const TEXT_AT: usize = NONCE_AT + NONCE_LENGTH;
const TAG_LENGTH: usize = 16;

/// Bytes by which a sealed value is longer than its plaintext.
pub const OVERHEAD: usize = TEXT_AT + TAG_LENGTH;
/// Bytes of the longest plaintext: 64 MiB.
pub const MAX_PLAINTEXT: usize = 64 << 20;
/// Bytes of the longest part of a place: 64 KiB.
pub const MAX_PLACE_PART: usize = 64 << 10;

/// The place of a value. A value opens only in the place for which it was sealed, so nobody can exchange values
/// unnoticed.
///
/// An older value of the same place and generation opens too. So this does not detect that a store was set back.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The store: an id that no other store has.
    pub store: &'a [u8],
    /// The table.
    pub table: &'a [u8],
    /// The row's key.
    pub row: &'a [u8],
    /// The column.
    pub column: &'a [u8],
}

impl Place<'_> {
    fn authenticated(&self, generation: Generation) -> Result<Vec<u8>, ValueError> {
        let parts = [("store", self.store), ("table", self.table), ("row", self.row), ("column", self.column)];
        let length = parts.iter().map(|(_, part)| 4 + part.len()).sum::<usize>();
        let mut data = Vec::with_capacity(NONCE_AT + length);
        data.push(VERSION);
        data.extend(generation.to_le_bytes());
        for (of, part) in parts {
            if part.len() > MAX_PLACE_PART {
                return Err(ValueError::TooLong { of, length: part.len(), limit: MAX_PLACE_PART });
            }
            data.extend((part.len() as u32).to_le_bytes());
            data.extend(part);
        }
        Ok(data)
    }
}

impl Key {
    /// Encrypts a value for its place. Returns [`OVERHEAD`] bytes more than `plaintext`.
    ///
    /// Errors: [`ValueError::Gone`], [`ValueError::TooLong`], [`ValueError::Random`].
    pub fn seal(&self, place: &Place<'_>, plaintext: &[u8]) -> Result<Vec<u8>, ValueError> {
        if plaintext.len() > MAX_PLAINTEXT {
            let length = plaintext.len();
            return Err(ValueError::TooLong { of: "plaintext", length, limit: MAX_PLAINTEXT });
        }
        let generation = self.name().generation;
        let data = place.authenticated(generation)?;
        let mut nonce = XNonce::default();
        getrandom::getrandom(&mut nonce).map_err(ValueError::Random)?;
        let mut sealed = Vec::with_capacity(OVERHEAD + plaintext.len());
        sealed.push(VERSION);
        sealed.extend(generation.to_le_bytes());
        sealed.extend(nonce);
        sealed.extend(plaintext);
        let text = &mut sealed[TEXT_AT..];
        let tag = self
            .with(|key| XChaCha20Poly1305::new(key.into()).encrypt_in_place_detached(&nonce, &data, text))
            .map_err(ValueError::Gone)?
            .expect("a plaintext of at most 64 MiB can be encrypted");
        sealed.extend(tag);
        Ok(sealed)
    }

    /// Decrypts a value that was sealed under this key for the same place.
    ///
    /// Errors: every one of [`ValueError`] but [`ValueError::Random`].
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, ValueError> {
        let found = generation_of(sealed)?;
        let key = self.name().generation;
        if found != key {
            return Err(ValueError::Generation { found, key });
        }
        let length = sealed.len() - OVERHEAD;
        if length > MAX_PLAINTEXT {
            return Err(ValueError::TooLong { of: "plaintext", length, limit: MAX_PLAINTEXT });
        }
        let data = place.authenticated(found)?;
        let nonce = XNonce::from_slice(&sealed[NONCE_AT..TEXT_AT]);
        let mut text = sealed[TEXT_AT..TEXT_AT + length].to_vec();
        let tag = Tag::from_slice(&sealed[TEXT_AT + length..]);
        self.with(|key| XChaCha20Poly1305::new(key.into()).decrypt_in_place_detached(nonce, &data, &mut text, tag))
            .map_err(ValueError::Gone)?
            .map_err(|_| ValueError::Refused)?;
        Ok(text)
    }
}

/// The generation of the key that a value was sealed under, to ask the cache for that key.
///
/// It is not authenticated before the value is opened. Errors: [`ValueError::Short`], [`ValueError::Version`].
pub fn generation_of(sealed: &[u8]) -> Result<Generation, ValueError> {
    if sealed.len() < OVERHEAD {
        return Err(ValueError::Short { length: sealed.len() });
    }
    if sealed[VERSION_AT] != VERSION {
        return Err(ValueError::Version { found: sealed[VERSION_AT] });
    }
    let mut generation = [0; size_of::<Generation>()];
    generation.copy_from_slice(&sealed[GENERATION_AT..NONCE_AT]);
    Ok(Generation::from_le_bytes(generation))
}

/// The reason why a value was not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueError {
    /// The key has ended. [`KeyCache::seal`](crate::KeyCache::seal) and [`KeyCache::open`](crate::KeyCache::open) ask
    /// for it again.
    Gone(Gone),
    /// A part of the place, or the plaintext, is too long.
    TooLong {
        /// The part.
        of: &'static str,
        /// Its bytes.
        length: usize,
        /// The bytes that it may have.
        limit: usize,
    },
    /// Fewer bytes than [`OVERHEAD`].
    Short {
        /// Its length.
        length: usize,
    },
    /// Another version than 1.
    Version {
        /// The version that was found.
        found: u8,
    },
    /// The value was sealed under a key of another generation.
    Generation {
        /// The value's.
        found: Generation,
        /// The key's.
        key: Generation,
    },
    /// The value was changed, or sealed for another place or under another key.
    Refused,
    /// The system's random number generator failed.
    Random(getrandom::Error),
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(gone) => gone.fmt(f),
            Self::TooLong { of, length, limit } => write!(f, "a {of} of {length} bytes: at most {limit} are allowed"),
            Self::Short { length } => write!(f, "a sealed value of {length} bytes: it has at least {OVERHEAD}"),
            Self::Version { found } => write!(f, "a sealed value of version {found}, not {VERSION}"),
            Self::Generation { found, key } => write!(f, "a value of generation {found}, and a key of {key}"),
            Self::Refused => f.write_str("the value was changed, or belongs to another place or key"),
            Self::Random(error) => write!(f, "no random numbers: {error}"),
        }
    }
}

impl std::error::Error for ValueError {}
