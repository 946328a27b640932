//! The records of labels and updates, and their parts in the two streams.
//!
//! ```text
//! label 20   0   newest update 8     its position in the log of all updates
//!            8   registration 8      position in the private stream
//!            16  first slot 4        1 + the number of its first bundle's slot, or 0
//! update 100 0   leaf hash 32        of the tree of its epoch's updates
//!            32  entry hash 32
//!            64  time 8              nanoseconds since 1970
//!            72  public 8            position in the public stream; it ends where the next update's starts
//!            80  private 8           position in the private stream
//!            88  previous 8          position of the label's update before; all ones at version 0
//!            96  label 4             number of the label: that of its leaf
//!
//! public stream   update as signed, without bytes 1 to 64 of its entry (realm and index, which stand elsewhere)
//! private stream  profile: 0, or 1 | opening 16 | length 2 | profile      erased: zeros
//!                 registration: length 1 | label | VRF proof 80 | 0, or 1 | address proof 97      erased: zeros
//! ```
//!
//! Records are little-endian, streams as on the wire.

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use crate::bytes::{DecodeError, Reader, decode_whole, write_long};
use crate::commitment::OPENING_SIZE;
use crate::hash::Hash;
use crate::label::{self, AddressProof, Label};
use crate::profile;
use crate::proof::Opened;
use crate::update::Update;
use crate::vrf::PROOF_SIZE;
use stable::header::field;
use std::ops::Range;

pub(super) const LABEL: usize = 20;
pub(super) const UPDATE: usize = 100;
/// Maximum size of a stored registration in bytes.
pub(super) const MAX_REGISTRATION: u64 = (1 + label::MAX_SIZE + PROOF_SIZE + 1 + AddressProof::SIZE) as u64;
/// Maximum size of a stored profile in bytes.
pub(super) const MAX_PROFILE: u64 = (1 + OPENING_SIZE + 2 + profile::MAX_SIZE) as u64;
const NO_UPDATE: u64 = u64::MAX;
/// The bytes of realm and index in an entry. The stream does not repeat them.
const ELSEWHERE: Range<usize> = 1..65;
/// The bytes of the version in a stored update.
pub(super) const VERSION: Range<u64> = 1..5;

/// A label's record.
#[derive(Debug, Clone, Copy)]
pub(super) struct LabelRecord {
    pub newest: u64,
    pub registration: u64,
    pub slot: Option<u32>,
}

/// An update's record.
#[derive(Debug, Clone, Copy)]
pub(super) struct UpdateRecord {
    pub leaf: Hash,
    pub entry: Hash,
    pub time: u64,
    pub public: u64,
    pub private: u64,
    pub previous: Option<u64>,
    pub label: u32,
}

/// The registration of a label. It comes with version 0 and stays outside the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The label.
    pub label: Label,
    /// Proves the label's index.
    pub vrf: [u8; PROOF_SIZE],
    /// Proves that an address registered itself.
    pub address: Option<AddressProof>,
}

impl LabelRecord {
    pub fn encode(&self) -> [u8; LABEL] {
        let mut out = [0; LABEL];
        out[..8].copy_from_slice(&self.newest.to_le_bytes());
        out[8..16].copy_from_slice(&self.registration.to_le_bytes());
        out[16..].copy_from_slice(&self.slot.map_or(0, |slot| slot + 1).to_le_bytes());
        out
    }

    pub fn decode(bytes: &[u8; LABEL]) -> Self {
        let number = |at| u64::from_le_bytes(field(bytes, at));
        Self { newest: number(0), registration: number(8), slot: u32::from_le_bytes(field(bytes, 16)).checked_sub(1) }
    }
}

impl UpdateRecord {
    pub fn encode(&self) -> [u8; UPDATE] {
        let mut out = [0; UPDATE];
        out[..32].copy_from_slice(&self.leaf);
        out[32..64].copy_from_slice(&self.entry);
        let numbers = [self.time, self.public, self.private, self.previous.unwrap_or(NO_UPDATE)];
        for (at, number) in numbers.iter().enumerate() {
            out[64 + 8 * at..72 + 8 * at].copy_from_slice(&number.to_le_bytes());
        }
        out[96..].copy_from_slice(&self.label.to_le_bytes());
        out
    }

    pub fn decode(bytes: &[u8; UPDATE]) -> Self {
        let number = |at| u64::from_le_bytes(field(bytes, at));
        Self {
            leaf: field(bytes, 0),
            entry: field(bytes, 32),
            time: number(64),
            public: number(72),
            private: number(80),
            previous: Some(number(88)).filter(|previous| *previous != NO_UPDATE),
            label: u32::from_le_bytes(field(bytes, 96)),
        }
    }
}

/// An update without realm and index.
pub(super) fn shorten(update: &Update) -> Vec<u8> {
    let mut bytes = update.encode();
    bytes.drain(ELSEWHERE);
    bytes
}

/// Restores the update.
pub(super) fn lengthen(short: &[u8], realm: &Hash, index: &Hash) -> Result<Update, DecodeError> {
    let Some((format, rest)) = short.split_first() else {
        return Err(DecodeError::Truncated { field: "entry format", needed: 1, left: 0 });
    };
    let whole = [&[*format], &realm[..], index, rest].concat();
    decode_whole(Reader::stored(&whole), Update::read)
}

pub(super) fn encode_opened(opened: Option<&Opened>) -> Vec<u8> {
    let mut out = vec![opened.is_some().into()];
    if let Some(Opened { opening, profile }) = opened {
        out.extend(opening);
        write_long(&mut out, profile);
    }
    out
}

pub(super) fn decode_opened(bytes: &[u8]) -> Result<Option<Opened>, DecodeError> {
    let mut reader = Reader::new(bytes);
    if reader.u8("opened")? == 0 {
        return Ok(None);
    }
    let opening = reader.array("opening")?;
    Ok(Some(Opened { opening, profile: reader.long("profile", profile::MAX_SIZE)?.to_vec() }))
}

pub(super) fn encode_registration(registration: &Registration) -> Vec<u8> {
    let label = registration.label.encode();
    let mut out = vec![label.len() as u8];
    out.extend(label);
    out.extend(registration.vrf);
    out.push(registration.address.is_some().into());
    if let Some(address) = &registration.address {
        address.write(&mut out);
    }
    out
}

/// Returns the registration and its size, or `None` if it was erased.
pub(super) fn decode_registration(bytes: &[u8]) -> Result<Option<(Registration, u64)>, DecodeError> {
    let mut reader = Reader::stored(bytes);
    let length = reader.u8("label")?;
    if length == 0 {
        return Ok(None);
    }
    let label = Label::decode(reader.slice("label", length.into())?)?;
    let vrf = reader.array("VRF proof")?;
    let address = if reader.u8("address")? == 0 { None } else { Some(AddressProof::read(&mut reader)?) };
    let size = 2 + usize::from(length) + PROOF_SIZE + address.as_ref().map_or(0, |_| AddressProof::SIZE);
    Ok(Some((Registration { label, vrf, address }, size as u64)))
}
