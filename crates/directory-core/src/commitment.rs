//! The commitment to a profile, as draft-ietf-keytrans-protocol commits to a value.
//!
//! ```text
//! HMAC-SHA-256(Kc, opening 16 | label length 1 | label | version 4 | profile length 4 | profile)
//! ```
//!
//! Without the opening, the commitment reveals nothing. So erasing the opening and the profile erases the profile.

use crate::hash::Hash;
use crate::label::Label;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Size of an opening in bytes.
pub const OPENING_SIZE: usize = 16;
const KC: [u8; 16] = [0xd8, 0x21, 0xf8, 0x79, 0x0d, 0x97, 0x70, 0x97, 0x96, 0xb4, 0xd7, 0x90, 0x33, 0x57, 0xc3, 0xf5];

/// Commits to a label, a version and the bytes of a profile.
pub fn commit(opening: &[u8; OPENING_SIZE], label: &Label, version: u32, profile: &[u8]) -> Hash {
    let label = label.encode();
    let mut mac = Hmac::<Sha256>::new_from_slice(&KC).expect("HMAC takes keys of any length");
    mac.update(opening);
    mac.update(&[label.len() as u8]);
    mac.update(&label);
    mac.update(&version.to_be_bytes());
    mac.update(&(profile.len() as u32).to_be_bytes());
    mac.update(profile);
    mac.finalize().into_bytes().into()
}
