//! Files cut into parts. Each part is sealed as a file of its own, so the page can open what the demo stores.
//!
//! A file that fits into one message keeps its name. Of a larger file, the second of three parts is sealed as
//! `report.pdf (part 2 of 3)`. Bytes of a name that are not UTF-8 are replaced by U+FFFD.

use sealing::{Content, FILE_MIN_BYTES, Key, OVERHEAD_BYTES};

use crate::error::Error;
use crate::files::Source;

/// Bytes that the encoding of a content adds to name and bytes.
const FORM_BYTES: usize = 3;
/// The longest addition to a name, for files of at most [`crate::files::MAX_BYTES`].
const LONGEST_SUFFIX: &str = " (part 1073741824 of 1073741824)";

/// A new key for messages in the canister whose principal has these bytes.
pub fn new_key(canister: &[u8]) -> Result<Key, Error> {
    let mut secret = [0; FILE_MIN_BYTES];
    getrandom::getrandom(&mut secret)
        .map_err(|error| Error::Wrong(format!("the system has no random bytes: {error}")))?;
    Key::from_file(&secret, canister).map_err(|error| Error::Wrong(error.to_string()))
}

/// Number of bytes of a file with this name that fit into a message of at most `max` bytes; at least 1.
fn room(name: &[u8], max: usize) -> usize {
    let name = String::from_utf8_lossy(name).len() + LONGEST_SUFFIX.len();
    max.saturating_sub(OVERHEAD_BYTES + FORM_BYTES + name).max(1)
}

/// Number of parts of a file. An empty one has a part of no bytes.
pub fn count(file: &Source, max: usize) -> usize {
    file.bytes.len().div_ceil(room(&file.name, max)).max(1)
}

/// A part of a file. Precondition: `index` is below [`count`].
pub fn nth(file: &Source, index: usize, max: usize) -> Content {
    let (room, count) = (room(&file.name, max), count(file, max));
    let start = index * room;
    let end = file.bytes.len().min(start + room);
    let suffix = if count == 1 { String::new() } else { format!(" (part {} of {count})", index + 1) };
    let name = format!("{}{suffix}", String::from_utf8_lossy(&file.name));
    Content::File { name, bytes: file.bytes[start..end].to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MAX_BYTES;

    #[test]
    fn parts_fill_messages_and_are_named_in_order() {
        let key = new_key(&[1]).unwrap();
        let max = 1_000;
        let room = room(b"\xff", max);
        let bytes: Vec<u8> = (0..4 * room).map(|i| (i % 251) as u8).collect();
        for (length, expected) in [(0, 1), (1, 1), (room, 1), (room + 1, 2), (3 * room, 3), (3 * room + 1, 4)] {
            let file = Source { name: b"\xff".to_vec(), bytes: bytes[..length].to_vec() };
            let parts: Vec<_> = (0..count(&file, max)).map(|index| nth(&file, index, max)).collect();
            assert_eq!(parts.len(), expected, "{length} bytes");
            let mut joined: Vec<u8> = Vec::new();
            for (place, part) in parts.iter().enumerate() {
                sealing::seal(part, &key, max).expect("a part fits into a message");
                let Content::File { name, bytes } = part else { panic!("{part:?} is no file") };
                let suffix = if expected == 1 { String::new() } else { format!(" (part {} of {expected})", place + 1) };
                assert_eq!(*name, format!("\u{fffd}{suffix}"));
                assert!(place + 1 == expected || bytes.len() == room);
                joined.extend(bytes);
            }
            assert_eq!(joined, &bytes[..length]);
        }
    }

    #[test]
    fn no_file_has_a_longer_suffix() {
        assert_eq!(LONGEST_SUFFIX, format!(" (part {MAX_BYTES} of {MAX_BYTES})"));
    }
}
