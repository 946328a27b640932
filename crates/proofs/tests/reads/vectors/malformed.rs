//! Bytes that are no proof.

use super::format::{HeadsVector, KeyText, PageVector, malformed};
use super::told::{KEY, Told, three_keys};
use proofs::hash::label;
use proofs::head::{HEAD_BYTES, STATE_BYTES};
use proofs::heads::HeadsProof;
use proofs::verify::Entry::After;
use proofs::verify::Order::Ascending;
use proofs::wire::Malformed;

const NODES: usize = 1 + STATE_BYTES;

/// Bytes with others from a place on.
fn with(bytes: &[u8], at: usize, others: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + others.len()].copy_from_slice(others);
    bytes
}

pub fn pages() -> Vec<PageVector> {
    let told = Told::truth(&three_keys(), Ascending, After(40), 2);
    let bytes = told.proof.to_bytes();
    let end = NODES + 2 + 33 * told.proof.witness.turns.len();
    let steps = end + 1 + HEAD_BYTES;
    let numbers = steps + 2 + 1 + 64;
    let below = bytes.len() - 1 - 116;
    let mut without_steps = told.proof.clone();
    without_steps.steps.clear();
    let short = without_steps.to_bytes();
    let messages = steps + 2 + 4;
    [
        ("no bytes", Vec::new(), Malformed::Truncated),
        ("a byte too few", bytes[..bytes.len() - 1].to_vec(), Malformed::Truncated),
        ("cut in the middle", bytes[..steps + 40].to_vec(), Malformed::Truncated),
        ("a byte too many", [&bytes[..], &[0]].concat(), Malformed::TrailingBytes { count: 1 }),
        ("a later version", with(&bytes, 0, &[2]), Malformed::Version { found: 2 }),
        ("too many nodes", with(&bytes, NODES, &[1, 1]), Malformed::Count { found: 257, max: 256 }),
        ("no such end of a way", with(&bytes, end, &[3]), Malformed::Case { found: 3 }),
        ("too many steps", with(&bytes, steps, &[0, 1]), Malformed::Count { found: 256, max: 255 }),
        ("no such link", with(&bytes, steps + 2, &[2]), Malformed::Case { found: 2 }),
        ("a number longer than it needs", with(&bytes, numbers, &[0x80, 0]), Malformed::Number),
        ("a number of 33 bits", with(&bytes, numbers, &[0xff, 0xff, 0xff, 0xff, 0x10]), Malformed::Number),
        ("a number without an end", with(&bytes, numbers, &[0xff; 5]), Malformed::Number),
        ("too many messages", with(&short, messages, &[0xe9, 3]), Malformed::Count { found: 1_001, max: 1_000 }),
        ("no such jump", with(&short, messages + 2, &[0x1b]), Malformed::Case { found: 11 }),
        (
            "the last jump's chain value before there is one",
            with(&short, messages + 2, &[0x1a]),
            Malformed::Case { found: 10 },
        ),
        ("a jump of a message that is not there", with(&short, messages, &[1, 0, 0x51]), Malformed::Case { found: 5 }),
        ("no such thing below", with(&bytes, below, &[255]), Malformed::Case { found: 255 }),
    ]
    .map(|(name, bytes, error)| told.with_bytes(name, &bytes, malformed(error)))
    .to_vec()
}

pub fn heads() -> Vec<HeadsVector> {
    let store = three_keys();
    let witnesses = vec![store.witness(&label(&store.state.salt, KEY))];
    let bytes = HeadsProof { state: store.state, witnesses }.to_bytes();
    [
        ("a heads' proof cut short", bytes[..bytes.len() - 1].to_vec(), Malformed::Truncated),
        ("a heads' proof with more", [&bytes[..], &[1, 2]].concat(), Malformed::TrailingBytes { count: 2 }),
        ("a heads' proof of a version before the first", with(&bytes, 0, &[0]), Malformed::Version { found: 0 }),
        ("too many witnesses", with(&bytes, NODES, &[0xe9, 3]), Malformed::Count { found: 1_001, max: 1_000 }),
        (
            "too many nodes of a witness",
            with(&bytes, NODES + 2, &[255, 255]),
            Malformed::Count { found: 65_535, max: 256 },
        ),
    ]
    .map(|(name, bytes, error)| HeadsVector {
        name: name.to_owned(),
        keys: vec![KeyText::Id(hex::encode(KEY))],
        root: hex::encode(store.root()),
        proof: hex::encode(bytes),
        expected: malformed(error),
    })
    .to_vec()
}
