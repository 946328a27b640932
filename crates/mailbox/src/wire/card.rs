//! The card that one person gives to another out of band. With it the other can write.
//!
//! ```text
//! offset  size  card
//!      0     8  "MBXCARD" and version 1
//!      8    32  address key: Ed25519
//!     40     8  issued: seconds since 1970
//!     48     2  length of the profile, at most 8,192
//!     50     n  profile of the directory: devices, and below its bytes of the application
//!             1  bundles, 1 to 16
//!                each: length 2 | bundle of the directory, of another device
//!            64  signature by the address key over "mailbox-card-v1\n" | everything before
//!
//! bytes of the application: format 1 (1) | length 1 | principal of the message canister
//! ```
//!
//! A card's person has an *address*: the self-authenticating principal of the address key, a label of the directory. Anybody
//! who learned the address by another channel can check that the keys in the card belong to that person. The bundles are those
//! of the directory, for a realm of cards: realm SHA-256("mailbox-card-realm-v1"), index
//! SHA-256("mailbox-card-index-v1\n" | label). As text, a card is "mailbox-card:" and its bytes in base64, on one line.

#![allow(clippy::indexing_slicing, reason = "lengths and positions are those of the card itself")]

use super::Malformed;
use crate::person::Address;
use directory_core::bundle::{Bundle, BundleError};
use directory_core::bytes::Reader;
use directory_core::label::Label;
use directory_core::policy::Key;
use directory_core::profile::{self, Profile};
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};
use std::fmt;

const MAGIC: &[u8; 8] = b"MBXCARD\x01";
const DOMAIN: &[u8] = b"mailbox-card-v1\n";
const TEXT: &str = "mailbox-card:";
const SIGNATURE: usize = 64;
/// Maximum size of a card in bytes.
pub const MAX_SIZE: usize = 16_384;
const APPLICATION: u8 = 1;

/// A card whose signatures are valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The address of its person.
    pub address: Address,
    /// When it was made, in seconds since 1970.
    pub issued: u64,
    /// The canister that keeps its person's mail.
    pub canister: Vec<u8>,
    /// Its devices with their bundles.
    pub devices: Vec<Device>,
}

/// A device of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its Curve25519 identity key.
    pub identity: [u8; 32],
    /// The device's bundle: the keys that change.
    pub bundle: Bundle,
}

/// The reason why a card is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardError {
    /// The text is not a card.
    Text,
    /// It is longer than 16,384 bytes.
    Length(usize),
    /// The bytes are not a card.
    Malformed(Malformed),
    /// The address key is not a valid key.
    Key,
    /// The signature of the address key is wrong.
    Signature,
    /// A bundle does not belong to a device of the card, or two belong to the same one.
    Device,
    /// A bundle is refused.
    Bundle(BundleError),
}

impl fmt::Display for CardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => write!(f, "a card is one line that begins with {TEXT}"),
            Self::Length(length) => write!(f, "a card has at most {MAX_SIZE} bytes, not {length}"),
            Self::Malformed(why) => write!(f, "this is not a card: {why}"),
            Self::Key => write!(f, "the card's address key is not valid"),
            Self::Signature => write!(f, "the card is not signed by its own address"),
            Self::Device => write!(f, "the card must have one bundle of each of its devices"),
            Self::Bundle(BundleError::Expired { expiry }) => {
                write!(f, "the card expired at {}: ask for a new one", crate::date(*expiry))
            }
            Self::Bundle(why) => write!(f, "a bundle of the card is refused: {why:?}"),
        }
    }
}

impl std::error::Error for CardError {}

impl<E: Into<Malformed>> From<E> for CardError {
    fn from(error: E) -> Self {
        Self::Malformed(error.into())
    }
}

/// Realm and index of bundles in cards of an address.
pub fn place_of(address: &Address) -> ([u8; 32], [u8; 32]) {
    let label = Label::Address(*address.bytes()).encode();
    let index = Sha256::new().chain_update(b"mailbox-card-index-v1\n").chain_update(label);
    (Sha256::digest(b"mailbox-card-realm-v1").into(), index.finalize().into())
}

/// A device's profile entry and its bundle, signed by the device.
pub type SignedDevice = (profile::Device, Bundle);

/// Makes a card.
///
/// # Errors
///
/// If there are more than 16 devices, or the canister's principal is too long.
pub fn sign(key: &SigningKey, issued: u64, canister: &[u8], devices: &[SignedDevice]) -> Result<Vec<u8>, CardError> {
    let profile = profile(canister, devices.iter().map(|(device, _)| *device).collect())?.encode();
    let mut out = [&MAGIC[..], key.verifying_key().as_bytes(), &issued.to_be_bytes()].concat();
    let push = |out: &mut Vec<u8>, bytes: &[u8]| {
        out.extend(u16::try_from(bytes.len()).expect("profiles and bundles are short").to_be_bytes());
        out.extend(bytes);
    };
    push(&mut out, &profile);
    out.push(u8::try_from(devices.len()).expect("a profile has at most 16 devices"));
    devices.iter().for_each(|(_, bundle)| push(&mut out, &bundle.encode()));
    let signature = key.sign(&[DOMAIN, &out].concat());
    out.extend(signature.to_bytes());
    Ok(out)
}

/// The profile of a person whose mail goes to a canister.
///
/// # Errors
///
/// If there are more than 16 devices, or the canister's principal is too long.
pub(crate) fn profile(canister: &[u8], devices: Vec<profile::Device>) -> Result<Profile, CardError> {
    let length = u8::try_from(canister.len()).map_err(|_| Malformed::at("canister", canister.len()))?;
    Ok(Profile::new(devices, [&[APPLICATION, length], canister].concat())?)
}

/// Reads a card and checks its signatures and its bundles at `now`, in seconds since 1970.
///
/// # Errors
///
/// If it is not valid.
pub fn verify(bytes: &[u8], now: u64) -> Result<Card, CardError> {
    if bytes.len() > MAX_SIZE {
        return Err(CardError::Length(bytes.len()));
    }
    let mut reader = Reader::new(bytes);
    if &reader.array::<8>("magic")? != MAGIC {
        return Err(Malformed::at("magic", bytes.len()).into());
    }
    let key = Key::new(reader.array("address key")?).map_err(|_| CardError::Key)?;
    let signed = bytes.len().checked_sub(SIGNATURE).ok_or(Malformed::at("signature", bytes.len()))?;
    let signature = bytes.last_chunk().expect("the card is longer than a signature");
    if !key.verifies(&[DOMAIN, &bytes[..signed]].concat(), signature) {
        return Err(CardError::Signature);
    }
    let issued = reader.u64("issued")?;
    let profile = Profile::decode(reader.long("profile", profile::MAX_SIZE)?)?;
    let number = reader.u8("bundles")?;
    let address = Address::of(&key);
    let (realm, index) = place_of(&address);
    let mut devices = Vec::new();
    for _ in 0..number {
        let bundle = Bundle::decode(reader.long("bundle", directory_core::bundle::MAX_SIZE)?)?;
        bundle.verify(&realm, &index, &profile, None, now).map_err(CardError::Bundle)?;
        let device = profile.devices().iter().find(|device| device.signing == bundle.content.device);
        let identity = device.ok_or(CardError::Device)?.identity;
        devices.push(Device { identity, bundle });
    }
    reader.slice("signature", SIGNATURE)?;
    reader.end()?;
    let all_differ = devices.iter().enumerate().all(|(at, device)| {
        devices[..at].iter().all(|other| other.bundle.content.device != device.bundle.content.device)
    });
    if devices.is_empty() || !all_differ {
        return Err(CardError::Device);
    }
    let canister = canister_of(profile.application())?;
    Ok(Card { address, issued, canister, devices })
}

/// The canister that keeps the mail of a profile's person, from the profile's application bytes.
pub(crate) fn canister_of(application: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut reader = Reader::new(application);
    reader.version("format of the profile's bytes", APPLICATION)?;
    let length = reader.u8("canister")?;
    let canister = reader.slice("canister", length.into())?.to_vec();
    reader.end()?;
    if canister.is_empty() || canister.len() > 29 {
        return Err(Malformed::at("canister", canister.len()));
    }
    Ok(canister)
}

/// The text of a card.
pub fn to_text(card: &[u8]) -> String {
    format!("{TEXT}{}", vodozemac::base64_encode(card))
}

/// The bytes of a card in text. Blanks around it are ignored.
///
/// # Errors
///
/// If the text is not a card.
pub fn from_text(text: &str) -> Result<Vec<u8>, CardError> {
    let base64 = text.trim().strip_prefix(TEXT).ok_or(CardError::Text)?;
    vodozemac::base64_decode(base64).map_err(|_| CardError::Text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use directory_core::bundle::Content;
    use vodozemac::olm::Account;

    const NOW: u64 = 1_800_000_000;

    fn device(account: &Account, address: &Address, expiry: u64) -> SignedDevice {
        let signing = Key::new(*account.ed25519_key().as_bytes()).unwrap();
        let (realm, index) = place_of(address);
        let content = Content {
            realm,
            index,
            device: signing,
            hpke: [1; 32],
            fallback: [2; 32],
            issued: NOW - 10,
            expiry,
            inbox: vec![3; 29],
        };
        let signature = account.sign(content.signed_bytes()).to_bytes();
        (profile::Device { signing, identity: account.curve25519_key().to_bytes() }, Bundle { content, signature })
    }

    fn keys() -> (SigningKey, Address) {
        let key = SigningKey::from_bytes(&[5; 32]);
        let address = Address::of(&Key::new(*key.verifying_key().as_bytes()).unwrap());
        (key, address)
    }

    #[test]
    fn a_card_is_valid_for_its_address_unless_a_byte_is_altered() {
        let (key, address) = keys();
        let account = Account::new();
        let bytes = sign(&key, NOW, b"canister", &[device(&account, &address, NOW + 10)]).unwrap();
        let card = verify(&bytes, NOW).unwrap();
        assert_eq!((card.address, card.issued, &card.canister[..]), (address, NOW, &b"canister"[..]));
        assert_eq!(card.devices[0].identity, account.curve25519_key().to_bytes());
        assert_eq!(from_text(&format!(" {}\n", to_text(&bytes))).unwrap(), bytes);
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert!(verify(&altered, NOW).is_err(), "byte {at}");
            assert!(verify(&bytes[..at], NOW).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn expired_foreign_and_repeated_bundles_are_refused() {
        let (key, address) = keys();
        let (account, other) = (Account::new(), Account::new());
        let expired = sign(&key, NOW, b"c", &[device(&account, &address, NOW)]).unwrap();
        assert_eq!(verify(&expired, NOW), Err(CardError::Bundle(BundleError::Expired { expiry: NOW })));
        let (own, (_, others)) = (device(&account, &address, NOW + 10), device(&other, &address, NOW + 10));
        let signing = others.content.device;
        let foreign = sign(&key, NOW, b"c", &[(own.0, others)]).unwrap();
        assert_eq!(verify(&foreign, NOW), Err(CardError::Bundle(BundleError::UnknownDevice(signing))));
        assert!(sign(&key, NOW, b"c", &[own.clone(), own]).is_err(), "the profile refuses a device that occurs twice");
        assert_eq!(verify(&sign(&key, NOW, b"c", &[]).unwrap(), NOW), Err(CardError::Device));
    }

    #[test]
    fn a_bundle_of_another_address_is_refused() {
        let (key, _) = keys();
        let account = Account::new();
        let theirs = Address::of(&Key::new(*account.ed25519_key().as_bytes()).unwrap());
        let card = sign(&key, NOW, b"c", &[device(&account, &theirs, NOW + 10)]).unwrap();
        assert_eq!(verify(&card, NOW), Err(CardError::Bundle(BundleError::Elsewhere)));
    }
}
