//! The plaintext of a sealed message:
//!
//! ```text
//! text:  0x01  text in UTF-8
//! file:  0x02  length of the name: u16, little-endian  name in UTF-8  the file's bytes
//! ```

use std::fmt;
use zeroize::Zeroizing;

const TEXT: u8 = 1;
const FILE: u8 = 2;
const NAME_OFFSET: usize = 3;

/// Maximum size of a file's name in bytes.
pub const MAX_NAME_BYTES: usize = u16::MAX as usize;

/// The content of a sealed message.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// A text.
    Text(String),
    /// A file.
    File {
        /// Its name, of at most [`MAX_NAME_BYTES`].
        name: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// A name that does not fit into the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentError {
    /// The bytes of the name, more than [`MAX_NAME_BYTES`].
    pub name_bytes: usize,
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file's name has {} bytes; at most {MAX_NAME_BYTES} are allowed", self.name_bytes)
    }
}

impl std::error::Error for ContentError {}

/// The kind and the lengths: a log must not leak a plaintext.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::File { name, bytes } => write!(f, "File({} bytes, name of {} bytes)", bytes.len(), name.len()),
        }
    }
}

impl Content {
    pub(crate) fn encode(&self) -> Result<Zeroizing<Vec<u8>>, ContentError> {
        let bytes = match self {
            Self::Text(text) => [&[TEXT], text.as_bytes()].concat(),
            Self::File { name, bytes } => {
                let length = u16::try_from(name.len()).map_err(|_| ContentError { name_bytes: name.len() })?;
                [&[FILE], length.to_le_bytes().as_slice(), name.as_bytes(), bytes].concat()
            }
        };
        Ok(Zeroizing::new(bytes))
    }

    /// `None`: somebody who had the key sealed another form of content.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        match bytes.split_first()? {
            (&TEXT, text) => Some(Self::Text(utf8(text)?)),
            (&FILE, _) => {
                let (head, rest) = bytes.split_first_chunk::<NAME_OFFSET>()?;
                let length = usize::from(u16::from_le_bytes([head[1], head[2]]));
                let (name, bytes) = rest.split_at_checked(length)?;
                Some(Self::File { name: utf8(name)?, bytes: bytes.to_vec() })
            }
            _ => None,
        }
    }
}
