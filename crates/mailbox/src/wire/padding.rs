//! Padding, so that the length of an envelope reveals little about its content.
//!
//! ```text
//! offset  size  padded content
//!      0     4  n: length of the content, big-endian
//!      4     n  content
//!    4+n        zeros, up to the next length that Padmé allows, and at least to 256 bytes
//! ```
//!
//! Padmé rounds a length L up so that behind its first bit at most floor(log2(log2 L)) + 1 bits are not zero: at most 12 % are
//! added, and less to longer ones. A decoder refuses nonzero padding and any other length, so each content has one form.

#![allow(clippy::indexing_slicing, reason = "the padded length is at least that of the content")]

use super::Malformed;
use zeroize::Zeroizing;

const LENGTH: usize = 4;
/// Bytes of the shortest padded content.
pub const FLOOR: usize = 256;

/// The length that `length` bytes are padded to.
pub fn padme(length: usize) -> usize {
    let length = length.max(FLOOR);
    let exponent = length.ilog2();
    let mask = (1 << (exponent - (exponent.ilog2() + 1))) - 1;
    (length + mask) & !mask
}

/// The padded length of `content` bytes.
pub fn padded(content: usize) -> usize {
    padme(content + LENGTH)
}

/// Pads a content.
pub fn pad(content: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = u32::try_from(content.len()).expect("contents are below 2 MB");
    let mut bytes = Zeroizing::new(vec![0; padded(content.len())]);
    bytes[..LENGTH].copy_from_slice(&length.to_be_bytes());
    bytes[LENGTH..LENGTH + content.len()].copy_from_slice(content);
    bytes
}

/// The content of padded bytes.
///
/// # Errors
///
/// If [`pad`] would not have made them.
pub fn unpad(bytes: &[u8]) -> Result<&[u8], Malformed> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>().ok_or(Malformed::at("length", bytes.len()))?;
    let length = u32::from_be_bytes(*length) as usize;
    let (content, zeros) = rest.split_at_checked(length).ok_or(Malformed::at("length", length))?;
    if bytes.len() != padded(length) {
        return Err(Malformed::at("padded length", bytes.len()));
    }
    match zeros.iter().find(|zero| **zero != 0) {
        Some(byte) => Err(Malformed::at("padding", usize::from(*byte))),
        None => Ok(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_adds_at_most_an_eighth_to_what_is_longer_than_the_floor() {
        for length in (0..FLOOR).chain((FLOOR..100_000).step_by(7)).chain([1_999_000]) {
            let padded = padme(length);
            assert!(padded >= length.max(FLOOR));
            assert!(padded <= FLOOR.max(length + length / 8), "{length} to {padded}");
            assert_eq!(padme(padded), padded, "a padded length stays the same");
        }
        // After the first bit, only the next 4 bits may be nonzero.
        assert_eq!([padme(257), padme(993), padme(1_025)], [272, 1_024, 1_088]);
    }

    #[test]
    fn a_content_has_one_padded_form() {
        for length in [0, 1, 251, 252, 253, 10_000] {
            let content = vec![7; length];
            let padded = pad(&content);
            assert_eq!(unpad(&padded), Ok(&content[..]));
            let mut longer = padded.to_vec();
            longer.push(0);
            assert_eq!(unpad(&longer), Err(Malformed::at("padded length", longer.len())));
            let mut filled = padded.to_vec();
            if filled.len() > length + LENGTH {
                *filled.last_mut().unwrap() = 9;
                assert_eq!(unpad(&filled), Err(Malformed::at("padding", 9)));
            }
        }
        assert_eq!(unpad(&[0, 0]), Err(Malformed::at("length", 2)));
        assert_eq!(unpad(&[0, 0, 1, 0, 5]), Err(Malformed::at("length", 256)));
    }
}
