//! Addresses of people.

use candid::Principal;
use directory_core::label::Label;
use directory_core::policy::Key;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Bytes of an address.
pub const LENGTH: usize = 29;

/// A person's address: the self-authenticating principal of an Ed25519 key that the person keeps. Its text has a checksum, so
/// people can compare and type it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address([u8; LENGTH]);

impl Address {
    /// The address of a key.
    pub fn of(key: &Key) -> Self {
        match Label::address(key) {
            Label::Address(bytes) => Self(bytes),
            _ => unreachable!("the label of an address is one"),
        }
    }

    pub(crate) fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

/// The text is not an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAddress(pub String);

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not an address: a letter is wrong or missing", self.0)
    }
}

impl std::error::Error for NoAddress {}

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let principal = Principal::from_text(text).map_err(|_| NoAddress(text.into()))?;
        let bytes: [u8; LENGTH] = principal.as_slice().try_into().map_err(|_| NoAddress(text.into()))?;
        // The last byte of a self-authenticating principal.
        if bytes[LENGTH - 1] == 2 { Ok(Self(bytes)) } else { Err(NoAddress(text.into())) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Principal::from_slice(&self.0).fmt(f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
