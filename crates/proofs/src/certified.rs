//! The data that the subnet certifies for the canister: the root of a hash tree in the platform's form, with two
//! labels.
//!
//! ```text
//! fork ─┬─ labeled "http_expr" ── "<*>" ── SHA-256 of the expression ── ""     a constant: gateways pass answers
//!       └─ labeled "msg" ── leaf: the store's root (32)                        whose headers show this branch
//! ```
//!
//! The platform hashes its trees with SHA-256. The name of three bytes lets a labeled node fit into one block.

use crate::hash::Hash;
use sha2::{Digest, Sha256};

/// The label of the root.
pub const LABEL: [u8; 3] = *b"msg";

/// The expression that leaves an answer uncertified, as the gateway's specification defines it.
pub const EXPRESSION: &str = "default_certification(ValidationArgs{no_certification:Empty{}})";

/// The hash of the branch `http_expr`, in which every answer of the HTTP gateway is left uncertified.
pub const HTTP_EXPR: Hash = [
    0x55, 0xec, 0xc3, 0x1c, 0x3e, 0x80, 0x47, 0xfc, 0x15, 0x8f, 0x20, 0xea, 0x0a, 0xa0, 0x60, 0x9a, 0xac, 0xc7, 0xb5,
    0x7e, 0x06, 0xea, 0x40, 0xdc, 0x41, 0x86, 0x02, 0x72, 0xa7, 0xd6, 0x42, 0x91,
];

/// The certified data of a canister whose store has this root.
pub fn certified_data(root: &Hash) -> Hash {
    certified_leaf(&LABEL, root)
}

/// The certified data of a canister with another leaf instead of the root. Its label must come after `http_expr`.
pub fn certified_leaf(label: &[u8], content: &[u8]) -> Hash {
    fork(&HTTP_EXPR, &leaf_branch(label, content))
}

/// The hash of the branch with that leaf. Gateways see this branch pruned.
pub fn leaf_branch(label: &[u8], content: &[u8]) -> Hash {
    labeled(label, &leaf(content))
}

/// The hash of the branch with the root. Gateways see this branch pruned.
pub fn branch(root: &Hash) -> Hash {
    leaf_branch(&LABEL, root)
}

fn leaf(content: &[u8]) -> Hash {
    hash("ic-hashtree-leaf", &[content])
}

fn labeled(label: &[u8], below: &Hash) -> Hash {
    hash("ic-hashtree-labeled", &[label, below])
}

fn fork(left: &Hash, right: &Hash) -> Hash {
    hash("ic-hashtree-fork", &[left, right])
}

/// A domain separator is preceded by its length.
fn hash(domain: &str, parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new_with_prefix([domain.len() as u8]);
    hasher.update(domain);
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branch_for_gateways_is_the_hash_of_its_labels() {
        let expression: Hash = Sha256::digest(EXPRESSION).into();
        let branch = labeled(b"http_expr", &labeled(b"<*>", &labeled(&expression, &leaf(b""))));
        assert_eq!(branch, HTTP_EXPR, "{branch:02x?}");
    }
}
