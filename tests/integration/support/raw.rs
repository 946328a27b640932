//! Candid built by hand, for bytes that no encoder would write.

/// `DIDL`.
pub const MAGIC: &[u8] = b"DIDL";

pub const NULL: u8 = 0x7f;
pub const NAT8: u8 = 0x7b;
pub const NAT32: u8 = 0x79;
pub const NAT64: u8 = 0x78;
pub const INT8: u8 = 0x77;
pub const TEXT: u8 = 0x71;
pub const RESERVED: u8 = 0x70;
pub const EMPTY: u8 = 0x6f;
pub const OPT: u8 = 0x6e;
pub const VEC: u8 = 0x6d;
pub const RECORD: u8 = 0x6c;
pub const VARIANT: u8 = 0x6b;

/// An unsigned LEB128 number.
pub fn leb(mut number: u64) -> Vec<u8> {
    let mut bytes = vec![];
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// The reference to a type: a primitive's opcode is written as it is, an entry of the table as its index.
pub fn index(entry: u64) -> Vec<u8> {
    // A signed LEB128 number: one more bit, which is 0.
    let mut bytes = leb(entry);
    let last = bytes.last_mut().expect("a number has a byte");
    if *last & 0x40 != 0 {
        *last |= 0x80;
        bytes.push(0);
    }
    bytes
}

/// A vector type of this element.
pub fn vec_of(element: &[u8]) -> Vec<u8> {
    [&[VEC], element].concat()
}

/// An option type of this content.
pub fn opt_of(content: &[u8]) -> Vec<u8> {
    [&[OPT], content].concat()
}

/// A record type. Candid wants the fields in the order of their hashes: sorted here.
pub fn record_of(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut fields: Vec<_> = fields.iter().map(|(name, of)| (candid::idl_hash(name), *of)).collect();
    fields.sort_unstable();
    let mut bytes = [vec![RECORD], leb(fields.len() as u64)].concat();
    for (hash, of) in fields {
        bytes.extend(leb(u64::from(hash)));
        bytes.extend(of);
    }
    bytes
}

/// A whole argument list: the table's entries, the arguments' types, their values one after the other.
pub fn message(table: &[Vec<u8>], types: &[Vec<u8>], values: &[u8]) -> Vec<u8> {
    let lengths = (leb(table.len() as u64), leb(types.len() as u64));
    [MAGIC, &lengths.0, &table.concat(), &lengths.1, &types.concat(), values].concat()
}

/// A blob's value.
pub fn blob(bytes: &[u8]) -> Vec<u8> {
    [leb(bytes.len() as u64), bytes.to_vec()].concat()
}

/// An argument list taken apart, to be put together again with changes.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The entries of the type table.
    pub table: Vec<Vec<u8>>,
    /// The arguments' types.
    pub types: Vec<Vec<u8>>,
    /// The values, one after the other.
    pub values: Vec<u8>,
}

impl Parts {
    /// Takes apart what an encoder wrote.
    pub fn of(bytes: &[u8]) -> Self {
        let mut rest = bytes.strip_prefix(MAGIC).expect("an encoder writes the magic");
        let entries = take_leb(&mut rest);
        let table = (0..entries).map(|_| take_entry(&mut rest)).collect();
        let count = take_leb(&mut rest);
        let types = (0..count).map(|_| take_number(&mut rest)).collect();
        Self { table, types, values: rest.to_vec() }
    }

    /// The whole argument list.
    pub fn bytes(&self) -> Vec<u8> {
        message(&self.table, &self.types, &self.values)
    }

    /// The same with every type numbered after its parts, as agents in JavaScript do; agents in Rust number it before.
    pub fn parts_first(&self) -> Self {
        let mut order = vec![];
        self.types.iter().for_each(|of| self.visit(of, &mut order));
        let renumbered = |of: &[u8]| match entry_number(of) {
            Some(entry) => index(order.iter().position(|&old| old == entry).expect("every entry is used") as u64),
            None => of.to_vec(),
        };
        let entry = |&old: &usize| {
            let (mut entry, parts) = split_entry(&self.table[old]);
            parts.into_iter().for_each(|(label, of)| entry.extend([label, renumbered(&of)].concat()));
            entry
        };
        Self {
            table: order.iter().map(entry).collect(),
            types: self.types.iter().map(|of| renumbered(of)).collect(),
            values: self.values.clone(),
        }
    }

    fn visit(&self, of: &[u8], order: &mut Vec<usize>) {
        if let Some(entry) = entry_number(of)
            && !order.contains(&entry)
        {
            let (_, parts) = split_entry(&self.table[entry]);
            parts.iter().for_each(|(_, of)| self.visit(of, order));
            order.push(entry);
        }
    }
}

/// The number of an entry that a type refers to; `None`: a primitive. The tables of good arguments are short.
fn entry_number(of: &[u8]) -> Option<usize> {
    (of[0] < 0x40).then_some(usize::from(of[0]))
}

/// A part of an entry: its label, if it has one, and its type.
type Part = (Vec<u8>, Vec<u8>);

/// An entry's opcode with the number of its parts, and the parts.
fn split_entry(entry: &[u8]) -> (Vec<u8>, Vec<Part>) {
    let mut rest = entry;
    let mut head = take(&mut rest, 1);
    if ![RECORD, VARIANT].contains(&head[0]) {
        return (head, vec![(vec![], rest.to_vec())]);
    }
    let fields = take_leb(&mut rest);
    head.extend(leb(fields));
    let parts = (0..fields).map(|_| (take_number(&mut rest), take_number(&mut rest)));
    (head, parts.collect())
}

fn take_entry(rest: &mut &[u8]) -> Vec<u8> {
    let mut entry = take(rest, 1);
    if [RECORD, VARIANT].contains(&entry[0]) {
        let fields = take_leb(rest);
        entry.extend(leb(fields));
        (0..2 * fields).for_each(|_| entry.extend(take_number(rest)));
    } else {
        entry.extend(take_number(rest));
    }
    entry
}

/// The bytes of a LEB128 number of either kind.
fn take_number(rest: &mut &[u8]) -> Vec<u8> {
    let last = rest.iter().position(|byte| byte & 0x80 == 0).expect("an encoder ends its numbers");
    take(rest, last + 1)
}

fn take_leb(rest: &mut &[u8]) -> u64 {
    let bytes = take_number(rest);
    bytes.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f))
}

fn take(rest: &mut &[u8], length: usize) -> Vec<u8> {
    let (taken, left) = rest.split_at(length);
    *rest = left;
    taken.to_vec()
}
