//! A sealed message, version 1:
//!
//! ```text
//! offset  size  field
//!      0     4  magic: "MCSL"
//!      4     1  version: 1
//!      5    32  salt: random, new for each message
//!     37     n  ciphertext: AES-256-GCM of the content, as long as the content
//!   37+n    16  tag
//! ```
//!
//! The version fixes everything else: the derivation of keys (`keys.rs`) with its parameters, and the form of the
//! content (`content.rs`). Key and nonce of a message follow from the master key and the salt. The associated data are
//! the first 37 bytes and the key id, so neither can be exchanged.

const MAGIC: [u8; 4] = *b"MCSL";
/// The version of the format.
pub const VERSION: u8 = 1;
/// Bytes of a message's salt.
pub const SALT_BYTES: usize = 32;
/// Bytes of a message's tag.
pub const TAG_BYTES: usize = 16;

const VERSION_OFFSET: usize = MAGIC.len();
const SALT_OFFSET: usize = VERSION_OFFSET + 1;
/// Bytes before the ciphertext.
pub const HEADER_BYTES: usize = SALT_OFFSET + SALT_BYTES;

/// Number of bytes by which a sealed message is longer than its content.
pub const OVERHEAD_BYTES: usize = HEADER_BYTES + TAG_BYTES;

/// The header of a message with this salt.
pub(crate) fn header(salt: &[u8; SALT_BYTES]) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..VERSION_OFFSET].copy_from_slice(&MAGIC);
    bytes[VERSION_OFFSET] = VERSION;
    bytes[SALT_OFFSET..].copy_from_slice(salt);
    bytes
}

/// A sealed message taken apart.
pub(crate) struct Parts<'a> {
    pub header: &'a [u8; HEADER_BYTES],
    pub salt: &'a [u8; SALT_BYTES],
    /// With the tag.
    pub ciphertext: &'a [u8],
}

impl<'a> Parts<'a> {
    /// The parts; `None` if the bytes are not in this format.
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let (header, ciphertext) = bytes.split_first_chunk::<HEADER_BYTES>()?;
        let salt = header.last_chunk::<SALT_BYTES>()?;
        let sealed = header.starts_with(&MAGIC) && header[VERSION_OFFSET] == VERSION && ciphertext.len() >= TAG_BYTES;
        sealed.then_some(Self { header, salt, ciphertext })
    }
}

/// The salt of a sealed message. Each message has its own. `None`: the bytes are not in this format.
pub fn salt_of(bytes: &[u8]) -> Option<&[u8; SALT_BYTES]> {
    Parts::of(bytes).map(|parts| parts.salt)
}

/// Whether bytes claim to be sealed in this format. Only [`crate::open`] proves it.
pub fn looks_sealed(bytes: &[u8]) -> bool {
    Parts::of(bytes).is_some()
}
