//! Reads values by hand, behind a header that declares their types.

use super::arguments::Blob;
use super::general::{Malformed, OfElements};
use super::header::Header;
use crate::api::{Cursor, KeyCursor, Order, Start};
use std::borrow::Cow;

/// Values that have not been read yet. Each reader returns `None` if the bytes do not hold such a value.
pub struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Values<'a> {
    /// The values of an argument that starts with one of these headers.
    pub fn behind(bytes: &'a [u8], headers: &[Header]) -> Option<Self> {
        headers.iter().find_map(|header| bytes.strip_prefix(header.as_bytes())).map(|rest| Self { rest })
    }

    /// The values of an argument that starts with a header of one of two lists. True: the header is of the second list,
    /// which declares one more value.
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
    pub fn nat32(&mut self) -> Option<u32> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u32::from_le_bytes(*bytes))
    }

    /// A blob.
    pub fn blob(&mut self) -> Option<Blob<'a>> {
        self.bytes().map(Cow::Borrowed)
    }

    /// The bytes of a blob.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// An `opt` of what `value` reads, if the header declares one.
    #[inline(always)]
    pub fn optional_if<T>(&mut self, said: bool, value: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if said && self.flag()? { value(self).map(Some) } else { Some(None) }
    }

    /// A `bool`.
    pub fn flag(&mut self) -> Option<bool> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        match byte {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// A cursor of an id range or time.
    pub fn cursor(&mut self) -> Option<Cursor> {
        // In the order of their labels.
        Some(Cursor { after: self.nat32()?, order: self.order()?, limit: self.nat32()? })
    }

    /// A cursor of a key's pages.
    pub fn key_cursor(&mut self) -> Option<KeyCursor> {
        // In the order of their labels.
        let (order, limit, start) = (self.order()?, self.nat32()?, self.start()?);
        Some(KeyCursor { start, order, limit, prove: self.flag()? })
    }

    fn order(&mut self) -> Option<Order> {
        // In the order of their labels.
        match self.length()? {
            0 => Some(Order::descending),
            1 => Some(Order::ascending),
            _ => None,
        }
    }

    fn start(&mut self) -> Option<Start> {
        // In the order of their labels.
        match self.length()? {
            0 => self.nat32().map(Start::after),
            1 => self.nat32().map(Start::rank),
            2 => self.nat32().map(Start::time),
            3 => Some(Start::beginning),
            _ => None,
        }
    }

    /// An unsigned LEB128 number of at most 9 bytes, as in the library.
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
