//! The hashes of proofs: BLAKE3, with its own key for each use.
//!
//! | key: `message-canister proofs 1: ` and | hashes | bytes |
//! |---|---|--:|
//! | `chain` | a message and its two links ([`crate::chain`]) | 116 |
//! | `value` | a key's head ([`crate::head::Head`]) | 52 |
//! | `entry` | a label and its value: a leaf of the trie ([`crate::trie`]) | 64 |
//! | `node`, position | two subtrees that differ at that bit | 64 |
//! | `state` | the trie's root and the store's state ([`crate::head::State`]) | 84 |
//!
//! The keys are public constants. Because of them a hash of one use cannot stand for a hash of another use. Only labels
//! are keyed with the store's salt.

use blake3::keyed_hash;

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;

/// A hash.
pub type Hash = [u8; HASH_BYTES];

/// The root of a trie without keys.
pub const EMPTY: Hash = [0; HASH_BYTES];

const CHAIN: Hash = *b"message-canister proofs 1: chain";
const VALUE: Hash = *b"message-canister proofs 1: value";
const ENTRY: Hash = *b"message-canister proofs 1: entry";
const STATE: Hash = *b"message-canister proofs 1: state";
/// The last byte is the position.
const NODE: Hash = *b"message-canister proofs 1: node\0";

/// The label of a key id in a store with this salt.
pub fn label(salt: &Hash, key_id: &[u8]) -> Hash {
    keyed_hash(salt, key_id).into()
}

/// The chain value of a message, from its 116 bytes.
pub(crate) fn chain(bytes: &[u8; 116]) -> Hash {
    keyed_hash(&CHAIN, bytes).into()
}

/// The value of a head, from its 52 bytes.
pub(crate) fn value(bytes: &[u8; 52]) -> Hash {
    keyed_hash(&VALUE, bytes).into()
}

/// The leaf of a label with its value.
pub fn entry(label: &Hash, value: &Hash) -> Hash {
    keyed_hash(&ENTRY, &pair(label, value)).into()
}

/// The node whose subtrees hold the labels with bit `position` 0 and 1.
pub fn node(position: u8, left: &Hash, right: &Hash) -> Hash {
    let mut key = NODE;
    key[HASH_BYTES - 1] = position;
    keyed_hash(&key, &pair(left, right)).into()
}

/// The root of a store, from the trie's root and the 52 bytes of its state.
pub(crate) fn state(bytes: &[u8; 84]) -> Hash {
    keyed_hash(&STATE, bytes).into()
}

fn pair(one: &Hash, other: &Hash) -> [u8; 2 * HASH_BYTES] {
    let mut bytes = [0; 2 * HASH_BYTES];
    bytes[..HASH_BYTES].copy_from_slice(one);
    bytes[HASH_BYTES..].copy_from_slice(other);
    bytes
}
