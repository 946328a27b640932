//! Arguments drawn from good ones: bytes changed, parts of the type table and of the values changed, parts of other
//! arguments put in.

use crate::support::raw::{self, Parts, index, leb, message, opt_of, record_of, vec_of};
use test_support::Random;

/// Bytes that mean something in candid, or end a range.
const TELLING: [u8; 20] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x40,
    b'D',
    raw::NULL,
    raw::NAT8,
    raw::NAT32,
    raw::NAT64,
    raw::INT8,
    raw::TEXT,
    raw::RESERVED,
    raw::EMPTY,
    raw::OPT,
    raw::VEC,
    raw::RECORD,
    raw::VARIANT,
];

/// An argument: noise, or one of the `good` ones changed a few times, now and then with parts of `others`.
pub fn argument(random: &mut Random, good: &[Vec<u8>], others: &[Vec<u8>]) -> Vec<u8> {
    if random.below(12) == 0 {
        return noise(random);
    }
    let mut arg = random.pick(good).clone();
    if random.below(2) == 0 {
        let mut parts = Parts::of(&arg);
        for _ in 0..=random.below(3) {
            change_parts(random, &mut parts, others);
        }
        arg = parts.bytes();
    }
    for _ in 0..random.below(4) {
        change_bytes(random, &mut arg);
    }
    arg
}

fn noise(random: &mut Random) -> Vec<u8> {
    let length = random.below(200);
    let noise: Vec<u8> = (0..length).map(|_| random.byte()).collect();
    match random.below(3) {
        0 => noise,
        1 => [raw::MAGIC, &noise].concat(),
        _ => {
            let telling: Vec<u8> = (0..length).map(|_| *random.pick(&TELLING)).collect();
            [raw::MAGIC, &telling].concat()
        }
    }
}

/// A change that leaves it an argument list.
fn change_parts(random: &mut Random, parts: &mut Parts, others: &[Vec<u8>]) {
    let entries = parts.table.len() as u64;
    let any_type = |random: &mut Random| match random.below(2) {
        0 => vec![*random.pick(&TELLING[8..16])],
        _ => index(random.word() % (entries + 2)),
    };
    match random.below(10) {
        0 => {
            let of = any_type(random);
            let count = random.pick(&[0, 1, 3, 1_000, 1_000_000_000]);
            parts.types.push(of);
            parts.values.extend(leb(*count));
        }
        1 => {
            let of = any_type(random);
            let entry = match random.below(3) {
                0 => vec_of(&of),
                1 => opt_of(&of),
                _ => record_of(&[("key_id", &of), ("after", &any_type(random)), ("limit", &[raw::NAT32])]),
            };
            let place = random.below(parts.table.len() + 1);
            parts.table.insert(place, entry);
        }
        2 if !parts.types.is_empty() => {
            let place = random.below(parts.types.len());
            parts.types[place] = any_type(random);
        }
        3 if !parts.table.is_empty() => {
            let place = random.below(parts.table.len());
            parts.table.remove(place);
        }
        4 if parts.types.len() > 1 => parts.types.rotate_left(1),
        5 => {
            let other = another(random, others);
            parts.values.extend(other.values);
        }
        6 => {
            let other = another(random, others);
            parts.table = other.table;
        }
        7 => {
            // Another argument list behind this one, its types moved up.
            let other = another(random, others);
            if other.table.is_empty() {
                parts.types.extend(other.types);
                parts.values.extend(other.values);
            }
        }
        8 => {
            let place = random.below(parts.values.len() + 1);
            let number = *random.pick(&[0, 1, 2, 64, 65, 127, 128, 1_001, 2_000_001, u64::from(u32::MAX), u64::MAX]);
            parts.values.splice(place..place, leb(number));
        }
        _ => {
            let inner = message(&parts.table, &parts.types, &parts.values);
            parts.values = [leb(inner.len() as u64), inner].concat();
        }
    }
}

/// A change of the bytes, whatever they mean.
fn change_bytes(random: &mut Random, arg: &mut Vec<u8>) {
    // Half of the changes fall where the types and the first lengths are.
    let reach = if random.below(2) == 0 { arg.len().min(50) } else { arg.len() };
    let place = random.below(reach + 1);
    let length = 1 + random.below(8);
    let end = (place + length).min(arg.len());
    match random.below(6) {
        0 if place < arg.len() => arg[place] ^= 1 << random.below(8),
        1 if place < arg.len() => arg[place] = *random.pick(&TELLING),
        2 => {
            let inserted: Vec<u8> = (0..length).map(|_| *random.pick(&TELLING)).collect();
            arg.splice(place..place, inserted);
        }
        3 => drop(arg.drain(place..end)),
        4 => {
            let repeated = arg[place..end].to_vec();
            arg.splice(place..place, repeated);
        }
        _ => arg.truncate(place),
    }
}

fn another(random: &mut Random, others: &[Vec<u8>]) -> Parts {
    let other: &Vec<u8> = random.pick(others);
    Parts::of(other)
}
