//! Certificates: parts of the state tree, signed with the subnet's key. The root key delegates to this key. As on the
//! platform, the delegation is itself a certificate, of the subnet's key and its canister ids.
//!
//! ```text
//! /time                                             nanoseconds, ULEB128
//! /request_status/<request id>/status               processing, replied, rejected or done
//!                             /reply                the reply
//!                             /reject_code          ULEB128
//!                             /reject_message, /error_code
//! /canister/<canister id>/controllers               CBOR
//!                        /module_hash               32 bytes
//!                        /metadata/<name>           contents of the custom section
//!                        /certified_data            what the canister set, in the certificates of its queries only
//! /subnet/<subnet id>/public_key, /type, /canister_ranges, /node/<node id>/public_key
//! /canister_ranges/<subnet id>/<first canister id>  CBOR
//! ```
//!
//! The tree of a certificate holds only the request statuses and canisters that its paths name. The others would be
//! pruned anyway, and building them would make the cost of a certificate grow with the number of requests.

use candid::Principal;
use ic_certification::{Certificate, Delegation, HashTree};
use local_ic::{CANISTER_ID_RANGE, CanisterInfo, MetadataSection};

use crate::keys::Keys;
use crate::requests::Status;
use crate::state_tree::{Digest, Path, StateTree};
use crate::{cbor, clock};

/// The part of the state tree that every certificate shares.
pub fn base_tree(keys: &Keys, now: u64) -> StateTree {
    let mut tree = StateTree::new();
    let (subnet, node) = (keys.subnet_id.as_slice(), keys.node_id.as_slice());
    let (first, last) = CANISTER_ID_RANGE;
    let ranges = cbor::encode(&[(first, last)]);
    tree.insert(&[b"time"], uleb128(now));
    tree.insert(&[b"subnet", subnet, b"public_key"], keys.subnet_key.clone());
    tree.insert(&[b"subnet", subnet, b"type"], b"application".to_vec());
    tree.insert(&[b"subnet", subnet, b"canister_ranges"], ranges.clone());
    tree.insert(&[b"subnet", subnet, b"node", node, b"public_key"], keys.node_key.clone());
    tree.insert(&[b"canister_ranges", subnet, first.as_slice()], ranges);
    tree
}

/// The certified data of a request: the tree below its id.
pub fn request(status: &Status) -> StateTree {
    let mut tree = StateTree::new();
    let mut insert = |name: &str, contents: Vec<u8>| tree.insert(&[name.as_bytes()], contents);
    match status {
        Status::Processing(_) => insert("status", b"processing".to_vec()),
        Status::Answered(Ok(reply)) => {
            insert("status", b"replied".to_vec());
            insert("reply", reply.clone());
        }
        Status::Answered(Err(reject)) => {
            insert("status", b"rejected".to_vec());
            insert("reject_code", uleb128(reject.reject_code as u64));
            insert("reject_message", reject.reject_message.clone().into_bytes());
            insert("error_code", reject.error_code.to_string().into_bytes());
        }
        Status::Done => insert("status", b"done".to_vec()),
    }
    tree
}

/// The certificate of a canister's certified data.
pub fn certify_data(keys: &Keys, now: u64, canister: Principal, data: &[u8]) -> Vec<u8> {
    let path = [b"canister".as_slice(), canister.as_slice(), b"certified_data"];
    let mut tree = base_tree(keys, now);
    tree.insert(&path, data.to_vec());
    certify(keys, &tree, &[path.map(<[u8]>::to_vec).to_vec()])
}

/// Adds a canister's certified state.
pub fn insert_canister(tree: &mut StateTree, id: &[u8], canister: &CanisterInfo) {
    let mut insert = |path: &[&[u8]], contents: Vec<u8>| {
        tree.insert(&[&[b"canister".as_slice(), id], path].concat(), contents);
    };
    insert(&[b"controllers"], cbor::encode(&canister.controllers));
    if let Some(hash) = canister.module_hash {
        insert(&[b"module_hash"], hash.to_vec());
    }
    for MetadataSection { name, contents, .. } in &canister.metadata {
        insert(&[b"metadata", name.as_bytes()], contents.clone());
    }
}

/// The certificate that shows `paths`, and the time.
pub fn certify(keys: &Keys, tree: &StateTree, paths: &[Path]) -> Vec<u8> {
    let tree = witness(tree, paths);
    let signature = sign(keys, tree.digest());
    encode(keys, tree, signature)
}

/// The same, signed with the root key itself, as the platform's root subnet does. It answers requests through ids that no
/// canister of the subnet has.
pub fn certify_as_root(keys: &Keys, tree: &StateTree, paths: &[Path]) -> Vec<u8> {
    let tree = witness(tree, paths);
    let signature = keys.sign_as_root(&signable(tree.digest()));
    cbor::encode(&Certificate { tree, signature, delegation: None })
}

/// The part of `tree` that shows `paths` and the time. It has the digest of the whole tree.
pub fn witness(tree: &StateTree, paths: &[Path]) -> HashTree {
    let time: Path = vec![b"time".to_vec()];
    let paths: Vec<&[Vec<u8>]> = paths.iter().chain([&time]).map(Vec::as_slice).collect();
    tree.witness(&paths)
}

/// The subnet's signature of a tree with this digest.
pub fn sign(keys: &Keys, digest: Digest) -> Vec<u8> {
    keys.sign_as_subnet(&signable(digest))
}

/// The bytes that are signed for a tree.
fn signable(digest: Digest) -> Vec<u8> {
    [b"\x0Dic-state-root".as_slice(), &digest].concat()
}

/// A certificate of the subnet in CBOR.
pub fn encode(keys: &Keys, tree: HashTree, signature: Vec<u8>) -> Vec<u8> {
    let subnet_id = keys.subnet_id.as_slice().to_vec();
    let delegation = Delegation { subnet_id, certificate: delegation(keys).to_vec() };
    cbor::encode(&Certificate { tree, signature, delegation: Some(delegation) })
}

/// The root key's certificate of the subnet: its key, and its range of canister ids. It is made once.
fn delegation(keys: &Keys) -> &[u8] {
    keys.delegation.get_or_init(|| {
        let subnet = keys.subnet_id.as_slice();
        let of_subnet = |label: &[u8]| [b"subnet".as_slice(), subnet, label].map(<[u8]>::to_vec).to_vec();
        let shards = [b"canister_ranges".as_slice(), subnet].map(<[u8]>::to_vec).to_vec();
        let paths = [of_subnet(b"public_key"), of_subnet(b"canister_ranges"), shards];
        certify_as_root(keys, &base_tree(keys, clock::nanos()), &paths)
    })
}

fn uleb128(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    leb128::write::unsigned(&mut bytes, value).expect("a vector takes everything");
    bytes
}
