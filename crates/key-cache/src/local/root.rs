//! A root key, and the wrappings that it makes.
//!
//! ```text
//! offset  bytes  wrapping
//! 0       1      version: 1
//! 1       8      id of the root key: HKDF-SHA-256(root key, "key-cache root id")
//! 9       40     AES-256 key wrap (RFC 3394) of the key
//! ```
//!
//! Each key has its own wrapping key, so a wrapping cannot be unwrapped under another name: HKDF-SHA-256(root key,
//! "key-cache wrapping key" | length of the id in 1 byte | id | generation in 4 bytes, little-endian).

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use crate::secret::wipe_stack;
use crate::{KEY_LENGTH, KeyName, Secret, WrappedKey, Wrapping};
use aes::Aes256;
use aes::cipher::KeyInit;
use aes_kw::AesKw;
use hkdf::Hkdf;
use sha2::Sha256;
use std::convert::Infallible;
use std::fmt;

const VERSION: u8 = 1;
const ROOT_AT: usize = 1;
const KEY_AT: usize = ROOT_AT + ROOT_ID_LENGTH;
const ROOT_ID_LENGTH: usize = 8;
/// Bytes that RFC 3394 makes of a key.
pub(super) const WRAPPED_LENGTH: usize = KEY_LENGTH + 8;

/// Bytes of a wrapping by a root key.
pub const WRAPPING_LENGTH: usize = KEY_AT + WRAPPED_LENGTH;

pub(super) type RootId = [u8; ROOT_ID_LENGTH];

/// The key that wraps all others. Its bytes are wiped on drop.
pub struct RootKey {
    secret: Secret,
    id: RootId,
}

impl RootKey {
    pub(super) fn new(secret: Secret) -> Self {
        let mut id = RootId::default();
        derive(&secret, &[b"key-cache root id"], &mut id);
        wipe_stack();
        Self { secret, id }
    }

    /// A root key at random, of which there is no file.
    ///
    /// Errors: those of the system's random number generator.
    pub fn random() -> Result<Self, getrandom::Error> {
        Secret::random().map(Self::new)
    }

    pub(super) fn id(&self) -> RootId {
        self.id
    }

    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(super) fn wrap(&self, name: &KeyName, key: &Secret) -> Wrapping {
        let mut bytes = [0; WRAPPING_LENGTH];
        bytes[0] = VERSION;
        bytes[ROOT_AT..KEY_AT].copy_from_slice(&self.id);
        bytes[KEY_AT..].copy_from_slice(&wrap(&self.wrapping_key(name), key));
        Wrapping::new(&bytes).expect("49 bytes are not too many")
    }

    /// Precondition: [`id_of`] has checked the wrapping.
    pub(super) fn unwrap(&self, wrapped: &WrappedKey) -> Result<Secret, WrappingError> {
        let name = wrapped.name;
        unwrap(&self.wrapping_key(&name), &wrapped.wrapping.as_bytes()[KEY_AT..]).ok_or(WrappingError::Refused { name })
    }

    fn wrapping_key(&self, name: &KeyName) -> Secret {
        let id = name.id.as_bytes();
        let info = [&b"key-cache wrapping key"[..], &[id.len() as u8], id, &name.generation.to_le_bytes()];
        let filled = Secret::fill(|key| {
            derive(&self.secret, &info, key);
            Ok::<_, Infallible>(())
        });
        filled.unwrap_or_else(|never| match never {})
    }
}

/// The root key that made a wrapping. Errors: [`WrappingError::Version`], [`WrappingError::Length`].
pub(super) fn id_of(wrapping: &Wrapping) -> Result<RootId, WrappingError> {
    let bytes = wrapping.as_bytes();
    if bytes[0] != VERSION {
        return Err(WrappingError::Version { found: bytes[0] });
    }
    if bytes.len() != WRAPPING_LENGTH {
        return Err(WrappingError::Length { found: bytes.len() });
    }
    let mut root = RootId::default();
    root.copy_from_slice(&bytes[ROOT_AT..KEY_AT]);
    Ok(root)
}

fn derive(secret: &Secret, info: &[&[u8]], output: &mut [u8]) {
    Hkdf::<Sha256>::new(None, secret.expose())
        .expand_multi_info(info, output)
        .expect("HKDF-SHA-256 has more than 32 bytes to offer");
}

/// RFC 3394.
pub(super) fn wrap(wrapping_key: &Secret, key: &Secret) -> [u8; WRAPPED_LENGTH] {
    let mut wrapped = [0; WRAPPED_LENGTH];
    AesKw::<Aes256>::new(wrapping_key.expose().into())
        .wrap_key(key.expose(), &mut wrapped)
        .expect("32 bytes are wrapped in 40");
    wipe_stack();
    wrapped
}

/// RFC 3394. None: the wrapping was not made by this wrapping key.
pub(super) fn unwrap(wrapping_key: &Secret, wrapped: &[u8]) -> Option<Secret> {
    Secret::fill(|key| AesKw::<Aes256>::new(wrapping_key.expose().into()).unwrap_key(wrapped, key).map(|_| ())).ok()
}

/// The reason why a root key did not unwrap a key, or made none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrappingError {
    /// Another version than 1.
    Version {
        /// The version that was found.
        found: u8,
    },
    /// Another length than [`WRAPPING_LENGTH`].
    Length {
        /// Bytes.
        found: usize,
    },
    /// The manager does not have the root key that made the wrapping.
    UnknownRoot {
        /// Its id.
        root: [u8; 8],
    },
    /// The wrapping was changed, or made for a key of another name.
    Refused {
        /// The name that it was to be unwrapped under.
        name: KeyName,
    },
    /// The system's random number generator failed.
    Random(getrandom::Error),
}

impl fmt::Display for WrappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { found } => write!(f, "a wrapping of version {found}, not {VERSION}"),
            Self::Length { found } => write!(f, "a wrapping of {found} bytes, not {WRAPPING_LENGTH}"),
            Self::UnknownRoot { root } => write!(f, "no root key {:016x}", u64::from_be_bytes(*root)),
            Self::Refused { name } => write!(f, "the wrapping was changed, or is not of key {name}"),
            Self::Random(error) => write!(f, "no random numbers: {error}"),
        }
    }
}

impl std::error::Error for WrappingError {}
