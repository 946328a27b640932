//! Candid headers, built at compile time.
//!
//! A header is `DIDL`, a table of types, and the types of the values that follow. The functions take the names of
//! fields and cases, and sort them by candid's hash of the name, as the format requires.

#![allow(clippy::indexing_slicing, reason = "headers are made at compile time")]

/// `nat8`, as in a type table.
pub const NAT8: i8 = -5;
/// `nat32`.
pub const NAT32: i8 = -7;
/// `nat64`.
pub const NAT64: i8 = -8;
/// `bool`.
pub const BOOL: i8 = -2;
/// `null`.
pub const NULL: i8 = -1;

const OPT: i8 = -18;
const VEC: i8 = -19;
const RECORD: i8 = -20;
const VARIANT: i8 = -21;
const CAPACITY: usize = 160;

/// The bytes before the first value. Types are appended in the order of their numbers. A type is the number of a table
/// entry, or one of the negative constants.
pub struct Header {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Header {
    /// Begins a header whose table has `types` entries, fewer than 64.
    pub const fn new(types: u8) -> Self {
        let mut bytes = [0; CAPACITY];
        (bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]) = (b'D', b'I', b'D', b'L', types);
        Self { bytes, len: 5 }
    }

    /// `vec` of a type.
    pub const fn vec(self, of: i8) -> Self {
        self.small(VEC).small(of)
    }

    /// `opt` of a type.
    pub const fn opt(self, of: i8) -> Self {
        self.small(OPT).small(of)
    }

    /// A record of these fields, named in any order.
    pub const fn record<const N: usize>(self, fields: [(&str, i8); N]) -> Self {
        self.small(RECORD).fields(fields)
    }

    /// A variant of these cases, named in any order.
    pub const fn variant<const N: usize>(self, cases: [(&str, i8); N]) -> Self {
        self.small(VARIANT).fields(cases)
    }

    /// Ends the header with the types of the values.
    pub const fn values<const N: usize>(self, types: [i8; N]) -> Self {
        let mut header = self.number(N as u32);
        let mut at = 0;
        while at < N {
            header = header.small(types[at]);
            at += 1;
        }
        header
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        self.bytes.split_at(self.len).0
    }

    const fn fields<const N: usize>(self, fields: [(&str, i8); N]) -> Self {
        let mut header = self.number(N as u32);
        let mut above = None;
        let mut left = N;
        while left > 0 {
            let (label, of) = next_field(&fields, above);
            header = header.number(label).small(of);
            above = Some(label);
            left -= 1;
        }
        header
    }

    /// An unsigned LEB128 number.
    const fn number(mut self, number: u32) -> Self {
        let mut rest = number;
        loop {
            let more = rest > 0x7f;
            self.bytes[self.len] = (rest & 0x7f) as u8 | if more { 0x80 } else { 0 };
            self.len += 1;
            rest >>= 7;
            if !more {
                return self;
            }
        }
    }

    /// A signed LEB128 number of one byte.
    const fn small(mut self, number: i8) -> Self {
        assert!(number >= -64 && number < 64, "needs more than one byte");
        self.bytes[self.len] = number as u8 & 0x7f;
        self.len += 1;
        self
    }
}

/// The field with the lowest label above `above`.
const fn next_field<const N: usize>(fields: &[(&str, i8); N], above: Option<u32>) -> (u32, i8) {
    let mut next: Option<(u32, i8)> = None;
    let mut at = 0;
    while at < N {
        let label = label(fields[at].0);
        let is_left = match above {
            Some(above) => label > above,
            None => true,
        };
        let is_lower = match next {
            Some((lowest, _)) => label < lowest,
            None => true,
        };
        if is_left && is_lower {
            next = Some((label, fields[at].1));
        }
        at += 1;
    }
    match next {
        Some(field) => field,
        None => panic!("a field is named twice"),
    }
}

/// Candid's hash of a name.
const fn label(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let mut hash = 0u32;
    let mut at = 0;
    while at < bytes.len() {
        hash = hash.wrapping_mul(223).wrapping_add(bytes[at] as u32);
        at += 1;
    }
    hash
}
