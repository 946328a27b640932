//! The content of the Olm message.
//!
//! ```text
//! offset  size  content
//!      0     1  format: 1
//!      1     1  kind: 1 text, 2 piece of a file, 3 control
//!      2     8  number: the sending device counts what it sends to the receiving device, from 1
//!     10     8  time: milliseconds since 1970 by the sender's clock
//!     18    16  id: random, the same for all pieces of a file and for all devices that it goes to
//!     34     n  body
//!
//! text     n  UTF-8, 1 to 1,000,000 bytes
//!
//! piece    0   4  number of the piece, from 0
//!          4   4  number of all pieces, 1 to 68
//!          8   8  bytes of the file, at most 67,108,864
//!         16  32  SHA-256 of the file
//!         48   1  length of the name, 1 to 255
//!         49   n  name: UTF-8, no control character, no '/', not "." or ".."
//!       49+n      the piece: 1,000,000 bytes, the last the rest
//!
//! control  0   1  1 introduction, 2 a new session, with nothing behind it
//! introduction:
//!          1   1  length of the send key: 0 or 32
//!          2   n  send key of the sender's inbox, for contacts
//!        2+n      the sender's card
//! ```

#![allow(clippy::indexing_slicing, reason = "the fields before what is left were read")]

use super::Malformed;
use directory_core::bytes::Reader;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Maximum size of a text in bytes.
pub const MAX_TEXT: usize = 1_000_000;
/// Maximum size of a file in bytes: 64 MiB.
pub const MAX_FILE: u64 = 64 << 20;
/// Bytes of each piece of a file except the last.
pub const PIECE: usize = 1_000_000;
/// Maximum size of a file's name in bytes.
pub const MAX_NAME: usize = 255;
/// Bytes of a send key.
pub const SEND_KEY: usize = 32;
const FORMAT: u8 = 1;

/// Id of a message.
pub type Id = [u8; 16];

/// A content, encrypted in an Olm message.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// Its number: the sending device counts what it sends to the receiving device, from 1.
    pub number: u64,
    /// When it was sent, by the sender's clock, in milliseconds since 1970.
    pub time: u64,
    /// Id of the message.
    pub id: Id,
    /// The body.
    pub body: Body,
}

/// The body of a content.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// A text.
    Text(String),
    /// A piece of a file.
    Piece {
        /// The file.
        file: File,
        /// Number of the piece, from 0.
        piece: u32,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// The sender introduces itself.
    Introduction {
        /// The send key of its inbox. Empty: none.
        send_key: Vec<u8>,
        /// Its card.
        card: Vec<u8>,
    },
    /// The session is new, because the one before did not open a message.
    NewSession,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
}

impl File {
    /// Number of its pieces: an empty file has one.
    pub fn pieces(&self) -> u32 {
        u32::try_from(self.size.div_ceil(PIECE as u64).max(1)).expect("files are bounded")
    }

    /// Number of bytes of a piece.
    pub fn piece_length(&self, piece: u32) -> u64 {
        (self.size - u64::from(piece) * PIECE as u64).min(PIECE as u64)
    }

    /// Whether a name is a plain file name, not a path.
    pub fn is_name(name: &str) -> bool {
        (1..=MAX_NAME).contains(&name.len())
            && name != "."
            && name != ".."
            && !name.contains(|character: char| character == '/' || character.is_control())
    }
}

impl Content {
    /// Encodes the content. Precondition: its texts and bytes have the lengths above.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(128 + self.body.length()));
        out.extend([FORMAT, self.body.kind()]);
        out.extend(self.number.to_be_bytes());
        out.extend(self.time.to_be_bytes());
        out.extend(self.id);
        match &self.body {
            Body::Text(text) => out.extend(text.as_bytes()),
            Body::Piece { file, piece, bytes } => {
                out.extend(piece.to_be_bytes());
                out.extend(file.pieces().to_be_bytes());
                out.extend(file.size.to_be_bytes());
                out.extend(file.hash);
                out.push(u8::try_from(file.name.len()).expect("names have at most 255 bytes"));
                out.extend(file.name.as_bytes());
                out.extend(bytes);
            }
            Body::Introduction { send_key, card } => {
                out.extend([1, u8::try_from(send_key.len()).expect("a send key has 32 bytes")]);
                out.extend(send_key);
                out.extend(card);
            }
            Body::NewSession => out.push(2),
        }
        out
    }

    /// Decodes a content.
    ///
    /// # Errors
    ///
    /// If the bytes are not a content.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        reader.version("format of content", FORMAT)?;
        let kind = reader.u8("kind of content")?;
        let number = reader.u64("number")?;
        if number == 0 {
            return Err(Malformed::at("number", 0));
        }
        let (time, id) = (reader.u64("time")?, reader.array("id")?);
        let body = &bytes[34..];
        let body = match kind {
            1 => text(body)?,
            2 => piece(body)?,
            3 => control(body)?,
            other => return Err(Malformed::at("kind of content", other.into())),
        };
        Ok(Self { number, time, id, body })
    }
}

fn text(bytes: &[u8]) -> Result<Body, Malformed> {
    let length = Malformed::at("text", bytes.len());
    if !(1..=MAX_TEXT).contains(&bytes.len()) {
        return Err(length);
    }
    String::from_utf8(bytes.to_vec()).map(Body::Text).map_err(|_| length)
}

fn piece(bytes: &[u8]) -> Result<Body, Malformed> {
    let mut reader = Reader::new(bytes);
    let (piece, pieces) = (reader.u32("piece")?, reader.u32("pieces")?);
    let (size, hash) = (reader.u64("size of file")?, reader.array("hash of file")?);
    let length = usize::from(reader.u8("name of file")?);
    let name = String::from_utf8(reader.slice("name of file", length)?.to_vec());
    let name = name.ok().filter(|name| File::is_name(name)).ok_or(Malformed::at("name of file", length))?;
    if size > MAX_FILE {
        return Err(Malformed { field: "size of file", value: size });
    }
    let file = File { name, size, hash };
    if pieces != file.pieces() || piece >= pieces {
        return Err(Malformed { field: "pieces", value: pieces.into() });
    }
    let bytes = &bytes[49 + length..];
    if bytes.len() as u64 != file.piece_length(piece) {
        return Err(Malformed::at("length of piece", bytes.len()));
    }
    Ok(Body::Piece { file, piece, bytes: bytes.to_vec() })
}

fn control(bytes: &[u8]) -> Result<Body, Malformed> {
    let mut reader = Reader::new(bytes);
    match reader.u8("control")? {
        1 => {
            let length = usize::from(reader.u8("send key")?);
            if length != 0 && length != SEND_KEY {
                return Err(Malformed::at("send key", length));
            }
            let send_key = reader.slice("send key", length)?.to_vec();
            Ok(Body::Introduction { send_key, card: bytes[2 + length..].to_vec() })
        }
        2 => reader.end().map(|()| Body::NewSession).map_err(Malformed::from),
        other => Err(Malformed::at("control", other.into())),
    }
}

impl Body {
    fn kind(&self) -> u8 {
        match self {
            Self::Text(_) => 1,
            Self::Piece { .. } => 2,
            Self::Introduction { .. } | Self::NewSession => 3,
        }
    }

    fn length(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Piece { file, bytes, .. } => file.name.len() + bytes.len(),
            Self::Introduction { card, .. } => SEND_KEY + card.len(),
            Self::NewSession => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Content> {
        let file = |size| File { name: "a.txt".into(), size, hash: [3; 32] };
        let bodies = [
            Body::Text("hello".into()),
            Body::Piece { file: file(0), piece: 0, bytes: vec![] },
            Body::Piece { file: file(PIECE as u64 + 3), piece: 1, bytes: vec![1, 2, 3] },
            Body::Introduction { send_key: vec![], card: vec![9] },
            Body::Introduction { send_key: vec![8; SEND_KEY], card: vec![9] },
            Body::NewSession,
        ];
        bodies.map(|body| Content { number: 5, time: 6, id: [7; 16], body }).into()
    }

    #[test]
    fn each_kind_decodes_to_itself() {
        for content in all() {
            assert!(Content::decode(&content.encode()).unwrap() == content);
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_map() {
        let head = |kind| [&[1, kind, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 6][..], &[7; 16]].concat();
        let size = [0, 0, 0, 0, 0, 0x0f, 0x42, 0x43];
        let expected = [
            [&head(1)[..], b"hello"].concat(),
            [&head(2)[..], &[0, 0, 0, 0, 0, 0, 0, 1], &[0; 8], &[3; 32], &[5], b"a.txt"].concat(),
            [&head(2)[..], &[0, 0, 0, 1, 0, 0, 0, 2], &size, &[3; 32], &[5], b"a.txt", &[1, 2, 3]].concat(),
            [&head(3)[..], &[1, 0, 9]].concat(),
            [&head(3)[..], &[1, 32], &[8; 32], &[9]].concat(),
            [&head(3)[..], &[2]].concat(),
        ];
        assert_eq!(all().iter().map(|content| content.encode().to_vec()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn malformed_contents_are_refused_with_the_wrong_field() {
        let file = |size, piece, length| {
            let file = File { name: "a".into(), size, hash: [0; 32] };
            Content { number: 1, time: 0, id: [0; 16], body: Body::Piece { file, piece, bytes: vec![0; length] } }
        };
        let text = |number, text: &str| Content { number, time: 0, id: [0; 16], body: Body::Text(text.into()) };
        for (content, field) in [
            (text(0, "a"), "number"),
            (text(1, ""), "text"),
            (text(1, &"a".repeat(MAX_TEXT + 1)), "text"),
            (file(2, 0, 1), "length of piece"),
            (file(2, 1, 0), "pieces"),
            (file(MAX_FILE + 1, 0, PIECE), "size of file"),
        ] {
            assert_eq!(Content::decode(&content.encode()).err().unwrap().field, field);
        }
        let mut bytes = text(1, "a").encode().to_vec();
        bytes[0] = 2;
        assert_eq!(Content::decode(&bytes).err().unwrap(), Malformed::at("format of content", 2));
        bytes[..2].copy_from_slice(&[1, 4]);
        assert_eq!(Content::decode(&bytes).err().unwrap(), Malformed::at("kind of content", 4));
        bytes[1] = 1;
        bytes[34] = 0xff;
        assert_eq!(Content::decode(&bytes).err().unwrap(), Malformed::at("text", 1));
    }

    #[test]
    fn a_file_cannot_name_a_place_outside_its_folder() {
        for name in ["", ".", "..", "a/b", "/etc/passwd", "a\0", "a\nb", "\u{1b}[2J", &"a".repeat(256)] {
            assert!(!File::is_name(name), "{name:?}");
        }
        for name in ["a", "...", "a b.txt", "ü", &"a".repeat(255)] {
            assert!(File::is_name(name), "{name:?}");
        }
    }
}
