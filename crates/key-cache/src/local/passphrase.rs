//! A root key under a passphrase.
//!
//! ```text
//! offset  bytes  passphrase file
//! 0       8      magic: "KCPASS" and version 1 in 2 bytes, little-endian
//! 8       4      memory of Argon2id in KiB, little-endian
//! 12      4      passes of Argon2id, little-endian
//! 16      16     salt
//! 32      40     AES-256 key wrap (RFC 3394) of the root key, under Argon2id(passphrase, salt), one lane
//! ```
//!
//! The root key is random, so the passphrase can be changed without wrapping any other key anew. If a byte of the file
//! is changed, the file refuses every passphrase.

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use super::RootKey;
use super::claim::Claim;
use super::file::{FileError, read_private, replace_private};
use super::root::{WRAPPED_LENGTH, unwrap, wrap};
use crate::Secret;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::fmt;
use std::ops::Range;
use std::path::Path;
use zeroize::Zeroizing;

pub(super) const MAGIC: &[u8; 8] = b"KCPASS\x01\x00";
const MEMORY: Range<usize> = 8..12;
const PASSES: Range<usize> = 12..16;
pub(super) const SALT: Range<usize> = 16..32;
const ROOT: Range<usize> = 32..PASSPHRASE_LENGTH;

/// Bytes of a passphrase file.
pub const PASSPHRASE_LENGTH: usize = 32 + WRAPPED_LENGTH;

/// The cost of trying one passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
}

impl Cost {
    /// 64 MiB of memory and 3 passes. RFC 9106 recommends this where memory is scarce, with 4 lanes. Here the lanes
    /// would be computed one after the other, so there is one.
    pub const DEFAULT: Self = Self { memory_kib: 64 << 10, passes: 3 };

    /// Memory in KiB, 8 to 1,048,576; passes over it, 1 to 64. An error where one is out of these bounds.
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self, CostError> {
        if (8..=1 << 20).contains(&memory_kib) && (1..=64).contains(&passes) {
            Ok(Self { memory_kib, passes })
        } else {
            Err(CostError { memory_kib, passes })
        }
    }

    /// Argon2id of a passphrase. Its memory is wiped.
    fn derive(self, passphrase: &[u8], salt: &[u8]) -> Result<Secret, PassphraseError> {
        let params = Params::new(self.memory_kib, self.passes, 1, None).map_err(PassphraseError::Argon2)?;
        let mut memory = Zeroizing::new(vec![Block::default(); params.block_count()]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Secret::fill(|key| argon2.hash_password_into_with_memory(passphrase, salt, key, &mut memory[..]))
            .map_err(PassphraseError::Argon2)
    }
}

impl RootKey {
    /// Makes a root key at random and writes it, wrapped under a passphrase, to a new file of mode 0600, which is on disk on
    /// return.
    ///
    /// `cost` sets its duration, so call it on a thread that may block. Errors: [`PassphraseError::File`], also
    /// where the file exists; [`PassphraseError::Argon2`].
    pub fn create_passphrase_file(path: &Path, passphrase: &[u8], cost: Cost) -> Result<Self, PassphraseError> {
        let root = Self::random().map_err(FileError::Random)?;
        let bytes = root.under_passphrase(passphrase, cost)?;
        Claim::of(path)?.create(&bytes)?;
        Ok(root)
    }

    /// Reads a file of [`create_passphrase_file`](Self::create_passphrase_file).
    ///
    /// The cost in the file sets its duration. Errors: every one of [`PassphraseError`].
    pub fn open_passphrase_file(path: &Path, passphrase: &[u8]) -> Result<Self, PassphraseError> {
        let bytes = read_private::<PASSPHRASE_LENGTH>(path)?;
        if bytes[..MAGIC.len()] != MAGIC[..] {
            return Err(FileError::Format { path: path.into() }.into());
        }
        Self::of_passphrase(&bytes, passphrase)
    }

    /// Replaces the file of this root key, of either kind, by a passphrase file. Keys need not be wrapped anew. A crash leaves
    /// one of the two. The root key is no longer in the keyring, as after [`lock`](Self::lock).
    ///
    /// If several processes replace the file at once, they do so one after the other. Errors: [`PassphraseError::File`],
    /// [`PassphraseError::Argon2`].
    pub fn replace_by_passphrase_file(
        &self,
        path: &Path,
        passphrase: &[u8],
        cost: Cost,
    ) -> Result<(), PassphraseError> {
        Ok(replace_private(path, &self.under_passphrase(passphrase, cost)?)?)
    }

    /// The bytes of a passphrase file of this root key.
    ///
    /// Errors: [`PassphraseError::Argon2`], [`FileError::Random`].
    pub fn under_passphrase(&self, passphrase: &[u8], cost: Cost) -> Result<[u8; PASSPHRASE_LENGTH], PassphraseError> {
        let mut bytes = [0; PASSPHRASE_LENGTH];
        bytes[..MAGIC.len()].copy_from_slice(MAGIC);
        bytes[MEMORY].copy_from_slice(&cost.memory_kib.to_le_bytes());
        bytes[PASSES].copy_from_slice(&cost.passes.to_le_bytes());
        getrandom::getrandom(&mut bytes[SALT]).map_err(FileError::Random)?;
        let wrapping_key = cost.derive(passphrase, &bytes[SALT])?;
        bytes[ROOT].copy_from_slice(&wrap(&wrapping_key, self.secret()));
        Ok(bytes)
    }

    /// The root key of bytes that [`under_passphrase`](Self::under_passphrase) made.
    ///
    /// Errors: [`PassphraseError::Cost`], [`PassphraseError::Refused`], [`PassphraseError::Argon2`].
    pub fn of_passphrase(bytes: &[u8; PASSPHRASE_LENGTH], passphrase: &[u8]) -> Result<Self, PassphraseError> {
        let number =
            |range: Range<usize>| bytes[range].iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte));
        let cost = Cost::new(number(MEMORY), number(PASSES)).map_err(PassphraseError::Cost)?;
        let wrapping_key = cost.derive(passphrase, &bytes[SALT])?;
        unwrap(&wrapping_key, &bytes[ROOT]).map(Self::new).ok_or(PassphraseError::Refused)
    }
}

/// The reason why a file under a passphrase was not written or read.
#[derive(Debug)]
pub enum PassphraseError {
    /// The file.
    File(FileError),
    /// The file's cost is out of bounds.
    Cost(CostError),
    /// The passphrase is wrong, or the file was changed.
    Refused,
    /// The passphrase has more than 4 GiB, or there is no memory.
    Argon2(argon2::Error),
}

impl From<FileError> for PassphraseError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for PassphraseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Cost(error) => error.fmt(f),
            Self::Refused => f.write_str("the passphrase is wrong, or the file was changed"),
            Self::Argon2(error) => write!(f, "Argon2id: {error}"),
        }
    }
}

impl std::error::Error for PassphraseError {}

/// A cost out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostError {
    /// Memory in KiB: 8 to 1,048,576.
    pub memory_kib: u32,
    /// Passes: 1 to 64.
    pub passes: u32,
}

impl fmt::Display for CostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory_kib, passes } = self;
        write!(f, "a cost of {memory_kib} KiB and {passes} passes: 8 to 1,048,576 KiB and 1 to 64 passes are allowed")
    }
}

impl std::error::Error for CostError {}
