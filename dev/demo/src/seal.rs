//! What a sender does before the canister sees anything: keys, their ids, sealing and opening.
//!
//! A sealed message is a random nonce of 24 bytes, then the XChaCha20-Poly1305 of what is below and its tag of 16
//! bytes. The key id is authenticated with it, so a message moved under another key does not open.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 4 | part: 0, 1, 2, … |
//! | 4 | 4 | parts of the file |
//! | 8 | 4 | length of the name |
//! | 12 | n | name |
//! | 12 + n | the rest | the part's bytes |
//!
//! Numbers are little-endian. The canister sees the key id, the length and the time; no name and no content.

use chacha20poly1305::aead::{Aead, AeadCore, KeyInit, OsRng, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha512};

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const NUMBER_BYTES: usize = 4;
const HEADER_BYTES: usize = 3 * NUMBER_BYTES;

/// A recipient's key.
pub struct Key {
    cipher: XChaCha20Poly1305,
    id: Vec<u8>,
}

/// What a sealed message holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    /// The file's name.
    pub name: Vec<u8>,
    /// Which part it is, from 0.
    pub index: u32,
    /// How many parts the file has.
    pub count: u32,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a message does not open.
#[derive(Debug, PartialEq, Eq)]
pub enum OpenError {
    /// It is shorter than a nonce and a tag.
    TooShort,
    /// The key is another one, or a byte was changed.
    Forged,
    /// It opens, but holds no part.
    NoPart,
}

impl Key {
    /// A new random key, whose id is the first `id_bytes` (at most 64) of its SHA-512.
    pub fn generate(id_bytes: usize) -> Self {
        let secret = XChaCha20Poly1305::generate_key(&mut OsRng);
        let mut id = Sha512::digest(secret).to_vec();
        id.truncate(id_bytes);
        Key { cipher: XChaCha20Poly1305::new(&secret), id }
    }

    /// What messages are stored under.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// Seals a part. Two calls never give the same bytes.
    pub fn seal(&self, part: &Part) -> Vec<u8> {
        let mut plain = Vec::with_capacity(HEADER_BYTES + part.name.len() + part.bytes.len());
        let name_length = u32::try_from(part.name.len()).expect("no system has paths of 4 GiB");
        for number in [part.index, part.count, name_length] {
            plain.extend(number.to_le_bytes());
        }
        plain.extend(&part.name);
        plain.extend(&part.bytes);
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let sealed = self
            .cipher
            .encrypt(&nonce, Payload { msg: &plain, aad: &self.id })
            .expect("only messages of 256 GiB are too long for the cipher");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what [`Key::seal`] sealed.
    pub fn open(&self, message: &[u8]) -> Result<Part, OpenError> {
        let (nonce, sealed) = message.split_at_checked(NONCE_BYTES).ok_or(OpenError::TooShort)?;
        if sealed.len() < TAG_BYTES {
            return Err(OpenError::TooShort);
        }
        let plain = self
            .cipher
            .decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: &self.id })
            .map_err(|_| OpenError::Forged)?;
        let mut rest = plain.as_slice();
        let [index, count, name_length] = [number(&mut rest)?, number(&mut rest)?, number(&mut rest)?];
        let (name, bytes) = rest.split_at_checked(name_length as usize).ok_or(OpenError::NoPart)?;
        Ok(Part { name: name.to_vec(), index, count, bytes: bytes.to_vec() })
    }
}

/// Takes a number off the front.
fn number(rest: &mut &[u8]) -> Result<u32, OpenError> {
    let (bytes, after) = rest.split_first_chunk::<NUMBER_BYTES>().ok_or(OpenError::NoPart)?;
    *rest = after;
    Ok(u32::from_le_bytes(*bytes))
}

/// How many bytes of a file with this name fit into a part whose message may have `max` bytes; at least 1.
pub fn room(name: &[u8], max: usize) -> usize {
    max.saturating_sub(NONCE_BYTES + TAG_BYTES + HEADER_BYTES + name.len()).max(1)
}

/// The parts of a file. An empty file has one, of no bytes.
pub fn split<'a>(name: &'a [u8], bytes: &'a [u8], max: usize) -> impl Iterator<Item = Part> + 'a {
    let room = room(name, max);
    let count = bytes.len().div_ceil(room).max(1);
    (0..count).map(move |index| {
        let start = index * room;
        let end = bytes.len().min(start + room);
        Part {
            name: name.to_vec(),
            index: u32::try_from(index).expect("a file has less than 4 GiB"),
            count: u32::try_from(count).expect("a file has less than 4 GiB"),
            bytes: bytes[start..end].to_vec(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(bytes: &[u8]) -> Part {
        Part { name: b"folder/\xff".to_vec(), index: 2, count: 3, bytes: bytes.to_vec() }
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let (key, other) = (Key::generate(20), Key::generate(20));
        for bytes in [b"".as_slice(), b"x", &[7; 10_000]] {
            let message = key.seal(&part(bytes));
            assert_eq!(key.open(&message), Ok(part(bytes)));
            assert_eq!(other.open(&message), Err(OpenError::Forged));
            for place in [0, NONCE_BYTES, message.len() - 1] {
                let mut forged = message.clone();
                forged[place] ^= 1;
                assert_eq!(key.open(&forged), Err(OpenError::Forged), "byte {place}");
            }
            assert_ne!(key.seal(&part(bytes)), message, "a nonce is never used twice");
        }
        assert_eq!(key.open(&[0; 39]), Err(OpenError::TooShort));
        assert_eq!(key.open(&[0; 5]), Err(OpenError::TooShort));
    }

    #[test]
    fn the_key_id_is_authenticated() {
        let key = Key::generate(20);
        let moved = Key { cipher: key.cipher.clone(), id: b"another id".to_vec() };
        assert_eq!(moved.open(&key.seal(&part(b"text"))), Err(OpenError::Forged));
    }

    #[test]
    fn key_ids_are_as_long_as_asked_and_differ() {
        for length in [1, 20, 41, 64] {
            let (one, two) = (Key::generate(length), Key::generate(length));
            assert_eq!(one.id().len(), length);
            assert!(length == 1 || one.id() != two.id());
        }
    }

    #[test]
    fn parts_fill_messages_to_the_limit_and_no_further() {
        let key = Key::generate(41);
        let max = 1_000;
        let room = room(b"name", max);
        let bytes: Vec<u8> = (0..4 * room).map(|i| (i % 251) as u8).collect();
        for (length, expected) in [(0, 1), (1, 1), (room, 1), (room + 1, 2), (3 * room, 3), (3 * room + 1, 4)] {
            let parts: Vec<_> = split(b"name", &bytes[..length], max).collect();
            assert_eq!(parts.len(), expected, "{length} bytes");
            let joined: Vec<u8> = parts.iter().flat_map(|part| part.bytes.clone()).collect();
            assert_eq!(joined, &bytes[..length]);
            for (place, part) in parts.iter().enumerate() {
                assert_eq!((part.index as usize, part.count as usize), (place, expected));
                let sealed = key.seal(part).len();
                assert!(sealed <= max && (place + 1 == expected || sealed == max), "{sealed} bytes sealed");
            }
        }
    }
}
