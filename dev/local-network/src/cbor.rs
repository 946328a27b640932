//! CBOR. Sent values have the self-described tag. Received values are decoded directly into their types.
//!
//! Anybody can send a request. Decoding goes at most [`MAX_NESTING`] levels deep, allocates no memory for a claimed
//! length, and refuses bytes behind the value. Tags are skipped, including that of self-described CBOR.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits::MAX_NESTING;

/// The tag of self-described CBOR.
const SELF_DESCRIBED: [u8; 3] = [0xd9, 0xd9, 0xf7];

/// The reason why bytes are not a value of a type.
#[derive(Debug)]
pub enum CborError {
    /// They are not well formed, or of another type.
    Value(ciborium::de::Error<std::io::Error>),
    /// So many bytes follow the value.
    Trailing(usize),
}

impl fmt::Display for CborError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ciborium::de::Error;
        match self {
            Self::Value(Error::Io(_)) => write!(f, "it breaks off"),
            Self::Value(Error::Syntax(at)) => write!(f, "it is not well formed at byte {at}"),
            Self::Value(Error::Semantic(Some(at), text)) => write!(f, "{text} at byte {at}"),
            Self::Value(Error::Semantic(None, text)) => f.write_str(text),
            Self::Value(Error::RecursionLimitExceeded) => write!(f, "it is nested more than {MAX_NESTING} levels deep"),
            Self::Trailing(bytes) => write!(f, "{bytes} bytes follow it"),
        }
    }
}

/// A value in self-described CBOR.
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = SELF_DESCRIBED.to_vec();
    ciborium::into_writer(value, &mut bytes).expect("a vector takes everything");
    bytes
}

/// Decodes a value from all of `bytes`.
///
/// # Errors
///
/// If they are not such a value.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CborError> {
    let mut rest = bytes;
    let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, MAX_NESTING).map_err(CborError::Value)?;
    if rest.is_empty() { Ok(value) } else { Err(CborError::Trailing(rest.len())) }
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;
    use serde_bytes::ByteBuf;

    use super::*;

    #[test]
    fn an_encoding_describes_itself_and_is_decoded() {
        let blob = ByteBuf::from(vec![7; 100_000]);
        let bytes = encode(&blob);
        assert_eq!(bytes[..3], SELF_DESCRIBED);
        assert_eq!(decode::<ByteBuf>(&bytes).expect("it is a blob"), blob);
        assert_eq!(decode::<ByteBuf>(&bytes[3..]).expect("the tag may be missing"), blob);
        let error = decode::<ByteBuf>(&[&bytes[..], &[0]].concat()).expect_err("a byte follows");
        assert_eq!(error.to_string(), "1 bytes follow it");
        assert!(decode::<ByteBuf>(&bytes[..bytes.len() - 1]).is_err(), "it breaks off");
    }

    #[test]
    fn nesting_has_a_bound() {
        let nested = |depth: usize| [vec![0x81; depth], vec![0]].concat();
        decode::<IgnoredAny>(&nested(MAX_NESTING - 1)).expect("it is not too deep");
        let error = decode::<IgnoredAny>(&nested(MAX_NESTING + 1)).expect_err("it is too deep");
        assert!(error.to_string().contains("levels deep"), "{error}");
        // Far deeper than any stack.
        decode::<IgnoredAny>(&nested(1 << 20)).expect_err("it is too deep");
        decode::<IgnoredAny>(&vec![0xc1; 1 << 20]).expect_err("tags are nested too, or followed by nothing");
    }

    #[test]
    fn lengths_that_are_only_claimed_take_no_memory() {
        for head in [0x5b_u8, 0x7b, 0x9b, 0xbb] {
            let claimed = [&[head][..], &[0xff; 8], &[0; 3]].concat();
            assert!(decode::<IgnoredAny>(&claimed).is_err(), "{head:02x}");
            assert!(decode::<ByteBuf>(&claimed).is_err(), "{head:02x}");
            assert!(decode::<String>(&claimed).is_err(), "{head:02x}");
        }
    }
}
