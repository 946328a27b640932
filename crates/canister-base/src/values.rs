//! Reading values by hand, after a header with their types.

use crate::general::{Malformed, OfElements};
use crate::header::Header;
use std::borrow::Cow;

/// A blob. It borrows from the argument if it was decoded by hand. (The library's own borrowed blobs are unsuitable: it
/// does not check the type that the argument declares for them.)
pub type Blob<'a> = Cow<'a, [u8]>;

/// Values that have not been read yet. Each reader returns `None` if the bytes do not hold such a value.
pub struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Values<'a> {
    /// The values of an argument that starts with one of these headers.
    pub fn behind(bytes: &'a [u8], headers: &[Header]) -> Option<Self> {
        headers.iter().find_map(|header| bytes.strip_prefix(header.as_bytes())).map(|rest| Self { rest })
    }

    /// The values of an argument that starts with a header of one of two kinds. True: the later kind, which says that one
    /// more value follows.
    pub fn behind_either(bytes: &'a [u8], fewer: &[Header], more: &[Header]) -> Option<(Self, bool)> {
        match Self::behind(bytes, fewer) {
            Some(values) => Some((values, false)),
            None => Some((Self::behind(bytes, more)?, true)),
        }
    }

    /// Reads all values; further bytes are an error.
    pub fn read<T>(mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Result<T, Malformed> {
        match read(&mut self) {
            Some(value) if self.rest.is_empty() => Ok(value),
            Some(_) => Err(Malformed::TrailingBytes),
            None => Err(Malformed::Values),
        }
    }

    /// Reads a vector of at most `max` elements and the values that follow it, or returns the length of a longer one.
    pub fn elements<T, R>(
        mut self,
        max: usize,
        element: impl Fn(&mut Self) -> Option<T>,
        rest: impl FnOnce(&mut Self) -> Option<R>,
    ) -> OfElements<(Vec<T>, R)> {
        let length = self.length().ok_or(Malformed::Values)?;
        if length > max {
            return Ok(Err(length));
        }
        let elements = self.read(|values| {
            let mut elements = Vec::with_capacity(length);
            for _ in 0..length {
                elements.push(element(values)?);
            }
            Some((elements, rest(values)?))
        });
        elements.map(Ok)
    }

    /// A `nat32`.
    #[inline]
    pub fn nat32(&mut self) -> Option<u32> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u32::from_le_bytes(*bytes))
    }

    /// A `nat64`.
    #[inline]
    pub fn nat64(&mut self) -> Option<u64> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u64::from_le_bytes(*bytes))
    }

    /// A blob.
    pub fn blob(&mut self) -> Option<Blob<'a>> {
        self.bytes().map(Cow::Borrowed)
    }

    /// The bytes of a blob.
    #[inline]
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// An `opt` of the value that `value` reads, if the header says that there is one.
    #[inline(always)]
    pub fn optional_if<T>(&mut self, said: bool, value: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if said && self.flag()? { value(self).map(Some) } else { Some(None) }
    }

    /// A `bool`.
    #[inline]
    pub fn flag(&mut self) -> Option<bool> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        match byte {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// An unsigned LEB128 number of at most 9 bytes, as in the library.
    #[inline]
    pub fn length(&mut self) -> Option<usize> {
        let mut value = 0u64;
        for shift in (0..63).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return usize::try_from(value).ok();
            }
        }
        None
    }
}

/// An unsigned LEB128 number.
#[inline]
pub fn push_length(reply: &mut Vec<u8>, length: usize) {
    let mut rest = length;
    while rest > 0x7f {
        reply.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    reply.push(rest as u8);
}
