//! Bounded reading. Every decoder of this crate reads all bytes of its structure, or refuses them. So a value has only one
//! encoding. Integers are big-endian.

/// The reason why bytes are not the structure that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// The bytes end within `field`: it needs `needed` bytes, and `left` are left.
    Truncated {
        /// The field that is cut off.
        field: &'static str,
        /// Bytes that the field needs.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// `extra` bytes follow the structure.
    Trailing {
        /// Number of bytes after the structure.
        extra: usize,
    },
    /// `field` has a value that the format does not allow.
    Invalid {
        /// The field.
        field: &'static str,
        /// Its value, or the first invalid one.
        value: u64,
    },
}

/// Reads a structure from its first byte to its last.
#[derive(Debug)]
pub struct Reader<'a> {
    left: &'a [u8],
    checks_keys: bool,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes, checks_keys: true }
    }

    /// Starts at the first byte of bytes whose keys are checked elsewhere, such as those that this library wrote. Checking keys
    /// is most of the work of reading an update.
    pub(crate) fn stored(bytes: &'a [u8]) -> Self {
        Self { left: bytes, checks_keys: false }
    }

    /// Whether keys are checked when they are read.
    pub(crate) fn checks_keys(&self) -> bool {
        self.checks_keys
    }

    /// Reads `length` bytes.
    pub fn slice(&mut self, field: &'static str, length: usize) -> Result<&'a [u8], DecodeError> {
        let Some((taken, left)) = self.left.split_at_checked(length) else {
            return Err(DecodeError::Truncated { field, needed: length, left: self.left.len() });
        };
        self.left = left;
        Ok(taken)
    }

    /// Reads an array.
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.slice(field, N)?);
        Ok(array)
    }

    /// Reads one byte.
    pub fn u8(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        self.array(field).map(u8::from_be_bytes)
    }

    /// Reads two bytes.
    pub fn u16(&mut self, field: &'static str) -> Result<u16, DecodeError> {
        self.array(field).map(u16::from_be_bytes)
    }

    /// Reads four bytes.
    pub fn u32(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// Reads eight bytes.
    pub fn u64(&mut self, field: &'static str) -> Result<u64, DecodeError> {
        self.array(field).map(u64::from_be_bytes)
    }

    /// Reads one byte that must be `version`.
    pub fn version(&mut self, field: &'static str, version: u8) -> Result<(), DecodeError> {
        let value = self.u8(field)?;
        require(value == version, field, value)
    }

    /// Reads a length of two bytes, at most `limit`, and as many bytes.
    pub fn long(&mut self, field: &'static str, limit: usize) -> Result<&'a [u8], DecodeError> {
        let length = self.u16(field)?;
        require(usize::from(length) <= limit, field, length)?;
        self.slice(field, length.into())
    }

    /// Ends the structure.
    pub fn end(self) -> Result<(), DecodeError> {
        if self.left.is_empty() { Ok(()) } else { Err(DecodeError::Trailing { extra: self.left.len() }) }
    }
}

/// Returns `Invalid` unless `holds`.
pub(crate) fn require(holds: bool, field: &'static str, value: impl Into<u64>) -> Result<(), DecodeError> {
    if holds { Ok(()) } else { Err(DecodeError::Invalid { field, value: value.into() }) }
}

/// Decodes a structure that ends with the bytes.
pub(crate) fn decode_all<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    decode_whole(Reader::new(bytes), read)
}

/// Decodes a structure that ends with the reader's bytes.
pub(crate) fn decode_whole<'a, T>(
    mut reader: Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let value = read(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Appends a length of two bytes and the bytes. Callers must keep the limit that their decoder enforces.
pub(crate) fn write_long(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).expect("limits of this crate's fields are below 64 KiB");
    out.extend(length.to_be_bytes());
    out.extend(bytes);
}
