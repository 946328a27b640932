//! A device's bundle: the keys that change often. It is not part of entry and log. It is stored in a slot, which the next
//! bundle overwrites.
//!
//! ```text
//! 0    format 1 (1)
//! 1    realm 32
//! 33   index 32
//! 65   device 33          its Ed25519 key
//! 98   HPKE key 32
//! 130  fallback key 32
//! 162  issued 8           seconds since 1970
//! 170  expiry 8           seconds since 1970
//! 178  inbox length 1 (1 to 64) | inbox key id
//! ...  signature 64 by the device over "directory-bundle-v1\n" | everything before
//! ```

use crate::bytes::{DecodeError, Reader, decode_all, require};
use crate::hash::Hash;
use crate::policy::Key;
use crate::profile::Profile;

/// Domain separator: precedes a bundle's bytes when a device signs them.
pub const DOMAIN: &[u8] = b"directory-bundle-v1\n";
/// Maximum number of seconds between issue and expiry: 100 days.
pub const MAX_LIFETIME: u64 = 8_640_000;
/// Maximum size of an inbox's key id in bytes.
pub const MAX_INBOX: usize = 64;
/// Maximum size of a bundle in bytes.
pub const MAX_SIZE: usize = 178 + 1 + MAX_INBOX + 64;
const FORMAT: u8 = 1;

/// The keys that a sender needs for a device, before the device signs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The directory.
    pub realm: Hash,
    /// The index of the label whose profile has the device.
    pub index: Hash,
    /// The device's signing key.
    pub device: Key,
    /// The key that envelopes are sealed to.
    pub hpke: [u8; 32],
    /// The key for first messages.
    pub fallback: [u8; 32],
    /// When it was made, in seconds since 1970.
    pub issued: u64,
    /// The end of its use, in seconds since 1970.
    pub expiry: u64,
    /// The key id of the device's inbox, 1 to 64 bytes.
    pub inbox: Vec<u8>,
}

/// A bundle with its device's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The content that is signed.
    pub content: Content,
    /// The device's signature over [`Content::signed_bytes`].
    pub signature: [u8; 64],
}

/// The reason why a bundle is not stored or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleError {
    /// It is for another directory or another label.
    Elsewhere,
    /// The profile in force does not list the device.
    UnknownDevice(Key),
    /// It has expired.
    Expired {
        /// Seconds since 1970.
        expiry: u64,
    },
    /// It is not newer than the one that is stored.
    NotNewer {
        /// When the stored one was issued, in seconds since 1970.
        stored: u64,
    },
    /// It lives longer than 100 days, or has no lifetime.
    Lifetime {
        /// Seconds since 1970.
        issued: u64,
        /// Seconds since 1970.
        expiry: u64,
    },
    /// The signature is wrong.
    Signature,
}

impl Content {
    /// The bytes that the device signs. The inbox's key id must have 1 to 64 bytes.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut out = DOMAIN.to_vec();
        self.write(&mut out);
        out
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.version("bundle format", FORMAT)?;
        Ok(Self {
            realm: reader.array("realm")?,
            index: reader.array("index")?,
            device: Key::read(reader)?,
            hpke: reader.array("HPKE key")?,
            fallback: reader.array("fallback key")?,
            issued: reader.u64("issued")?,
            expiry: reader.u64("expiry")?,
            inbox: {
                let length = reader.u8("inbox")?;
                require((1..=MAX_INBOX).contains(&usize::from(length)), "inbox", length)?;
                reader.slice("inbox", length.into())?.to_vec()
            },
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(FORMAT);
        out.extend(self.realm);
        out.extend(self.index);
        self.device.write(out);
        out.extend(self.hpke);
        out.extend(self.fallback);
        out.extend(self.issued.to_be_bytes());
        out.extend(self.expiry.to_be_bytes());
        out.push(self.inbox.len() as u8);
        out.extend(&self.inbox);
    }
}

impl Bundle {
    /// Checks a bundle for a label and its profile at `now`, in seconds since 1970. `stored` is the bundle that a directory
    /// stores, or the newest one that a client has seen.
    pub fn verify(
        &self,
        realm: &Hash,
        index: &Hash,
        profile: &Profile,
        stored: Option<&Bundle>,
        now: u64,
    ) -> Result<(), BundleError> {
        let Content { device, issued, expiry, .. } = self.content;
        if (&self.content.realm, &self.content.index) != (realm, index) {
            return Err(BundleError::Elsewhere);
        }
        if !profile.devices().iter().any(|known| known.signing == device) {
            return Err(BundleError::UnknownDevice(device));
        }
        if !(1..=MAX_LIFETIME).contains(&expiry.saturating_sub(issued)) {
            return Err(BundleError::Lifetime { issued, expiry });
        }
        if expiry <= now {
            return Err(BundleError::Expired { expiry });
        }
        let stored = stored.map(|stored| &stored.content).filter(|stored| stored.device == device);
        if let Some(stored) = stored.filter(|stored| **stored != self.content && issued <= stored.issued) {
            return Err(BundleError::NotNewer { stored: stored.issued });
        }
        if !device.verifies(&self.content.signed_bytes(), &self.signature) {
            return Err(BundleError::Signature);
        }
        Ok(())
    }

    /// Decodes a bundle.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, Self::read)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { content: Content::read(reader)?, signature: reader.array("signature")? })
    }

    /// Encodes the bundle.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.content.write(&mut out);
        out.extend(self.signature);
        out
    }
}
