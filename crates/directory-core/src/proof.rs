//! The bytes that answer a look-up.
//!
//! ```text
//! 0    format 1 (1)
//! 1    VRF proof 80
//! 81   head 133
//! 214  edge: the path of the head, as the last leaf, in the log that ends with it
//! ...  cosignatures: n 1 (0 to 16) | n x 76, key ids strictly ascending
//! ...  to_newest: consistency from the log that ends with the head to the certified log
//! ...  from_known: consistency from the log that the client knows to the certified log
//! ...  prefix tree's proof (map/proof.rs)
//! ...  where it found the label: found
//!
//! hashes  n 1 (0 to 128) | n x 32                 the form of edge, to_newest and from_known
//! found   position 8
//!         updates: n 1 (1 to 64) | n x (time 8 | update), oldest first; the last has the newest entry
//!         replaced: 0, or 1 and the entry that a pending recovery replaces
//!         opened: 0, or 1 | opening 16 | length 2 | profile
//!         address: 0, or 1 | address proof 97
//! ```

use crate::bytes::{DecodeError, Reader, decode_all, require, write_long};
use crate::checkpoint::Cosignature;
use crate::commitment::{OPENING_SIZE, commit};
use crate::entry::{Entry, Kind};
use crate::hash::Hash;
use crate::head::Head;
use crate::label::{AddressProof, Label};
use crate::log::MAX_PROOF;
use crate::map::{MapProof, Search};
use crate::profile;
use crate::update::Update;
use crate::vrf::PROOF_SIZE;

/// Maximum number of cosignatures of a proof.
pub const MAX_COSIGNATURES: usize = 16;
/// Maximum number of versions in a proof. A longer history takes several look-ups.
pub const MAX_UPDATES: usize = 64;
const FORMAT: u8 = 1;

/// The answer to a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Shows the label's index.
    pub vrf: [u8; PROOF_SIZE],
    /// The head whose state the answer shows.
    pub head: Head,
    /// The head's path in the log that ends with it.
    pub edge: Vec<Hash>,
    /// Verifiers' signatures over the log that ends with the head.
    pub cosignatures: Vec<Cosignature>,
    /// Consistency from the log that ends with the head to the certified log.
    pub to_newest: Vec<Hash>,
    /// Consistency from the log that the client knows to the certified log.
    pub from_known: Vec<Hash>,
    /// The search in the head's prefix tree.
    pub map: MapProof,
    /// The label's entry, where the search found it.
    pub found: Option<Found>,
}

/// A directory's records of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Position of the newest update among all updates.
    pub position: u64,
    /// Times and updates up to the newest one: from the version after the one that the client knows, or from version 0. A
    /// client that asks for no history gets only the newest one.
    pub updates: Vec<(u64, Update)>,
    /// The entry that a pending recovery replaces, if `updates` does not lead to it.
    pub replaced: Option<Entry>,
    /// The profile in force, unless it was erased.
    pub opened: Option<Opened>,
    /// The proof that an address made version 0, if `updates` has that version.
    pub address: Option<AddressProof>,
}

/// A profile and the opening of its commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The opening.
    pub opening: [u8; OPENING_SIZE],
    /// The bytes of the profile.
    pub profile: Vec<u8>,
}

impl Opened {
    /// Whether the entry of a label commits to this profile. The directory checks this before it accepts the entry, and a
    /// client when it reads the entry.
    pub fn fits(&self, label: &Label, entry: &Entry) -> bool {
        let commitment = commit(&self.opening, label, entry.version, &self.profile);
        entry.kind != Kind::Close && self.profile.len() <= profile::MAX_SIZE && commitment == entry.commitment
    }
}

impl Proof {
    /// Decodes a proof.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, |reader| {
            reader.version("proof format", FORMAT)?;
            let vrf = reader.array("VRF proof")?;
            let head = Head::read(reader)?;
            let edge = read_hashes(reader, "edge")?;
            let cosignatures = list(reader, "cosignatures", MAX_COSIGNATURES, Cosignature::read)?;
            let ascend = cosignatures.is_sorted_by(|a, b| a.key_id < b.key_id);
            require(ascend, "order of cosignatures", cosignatures.len() as u64)?;
            let to_newest = read_hashes(reader, "to_newest")?;
            let from_known = read_hashes(reader, "from_known")?;
            let map = MapProof::read(reader)?;
            let is_found = matches!(map.search, Search::Found { .. });
            let found = is_found.then(|| Found::read(reader)).transpose()?;
            Ok(Self { vrf, head, edge, cosignatures, to_newest, from_known, map, found })
        })
    }

    /// Encodes the proof.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        out.extend(self.vrf);
        self.head.write(&mut out);
        write_hashes(&mut out, &self.edge);
        out.push(self.cosignatures.len() as u8);
        self.cosignatures.iter().for_each(|cosignature| cosignature.write(&mut out));
        write_hashes(&mut out, &self.to_newest);
        write_hashes(&mut out, &self.from_known);
        self.map.write(&mut out);
        if let Some(found) = &self.found {
            found.write(&mut out);
        }
        out
    }
}

impl Found {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let position = reader.u64("position")?;
        let updates =
            list(reader, "updates", MAX_UPDATES, |reader| Ok((reader.u64("update time")?, Update::read(reader)?)))?;
        require(!updates.is_empty(), "updates", 0_u64)?;
        let replaced = optional(reader, "replaced", Entry::read)?;
        let opened = optional(reader, "opened", |reader| {
            let opening = reader.array("opening")?;
            Ok(Opened { opening, profile: reader.long("profile", profile::MAX_SIZE)?.to_vec() })
        })?;
        let address = optional(reader, "address", AddressProof::read)?;
        Ok(Self { position, updates, replaced, opened, address })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.position.to_be_bytes());
        out.push(self.updates.len() as u8);
        for (time, update) in &self.updates {
            out.extend(time.to_be_bytes());
            update.write(out);
        }
        out.push(self.replaced.is_some().into());
        if let Some(entry) = &self.replaced {
            entry.write(out);
        }
        out.push(self.opened.is_some().into());
        if let Some(Opened { opening, profile }) = &self.opened {
            out.extend(opening);
            write_long(out, profile);
        }
        out.push(self.address.is_some().into());
        if let Some(address) = &self.address {
            address.write(out);
        }
    }
}

fn list<T>(
    reader: &mut Reader<'_>,
    field: &'static str,
    limit: usize,
    read: impl Fn(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let number = reader.u8(field)?;
    require(usize::from(number) <= limit, field, number)?;
    (0..number).map(|_| read(reader)).collect()
}

fn optional<T>(
    reader: &mut Reader<'_>,
    field: &'static str,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    let present = reader.u8(field)?;
    require(present <= 1, field, present)?;
    (present == 1).then(|| read(reader)).transpose()
}

fn read_hashes(reader: &mut Reader<'_>, field: &'static str) -> Result<Vec<Hash>, DecodeError> {
    list(reader, field, MAX_PROOF, |reader| reader.array(field))
}

fn write_hashes(out: &mut Vec<u8>, hashes: &[Hash]) {
    out.push(hashes.len() as u8);
    out.extend(hashes.iter().flatten());
}
