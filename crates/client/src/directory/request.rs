//! The calls of the directory before they are sent. There is a function for each method of `directory.did`, named as the
//! method.

use directory::api::*;
use directory_core::label::Label;
use serde_bytes::{ByteBuf, Bytes};

use crate::request::{Kind, Request, request};

/// Registers a label, or changes its entry.
pub fn update(new: &Submission) -> Request<Accepted, UpdateError> {
    request("update", Kind::Update, (new,))
}

/// The proof that answers a look-up. `known` is the size of the log that the client remembers, or 0.
pub fn lookup(label: &Label, view: View, known: u64, history: Changes) -> Request<Found, LookupError> {
    let asked = Lookup { label: ByteBuf::from(label.encode()), view, known, history };
    request("lookup", Kind::Query, (asked,))
}

/// At most `limits.page` changes of a label, from a version on.
pub fn get_history(label: &Label, from: u32, limit: u32) -> Request<Vec<Change>, LookupError> {
    let asked = directory::api::History { label: ByteBuf::from(label.encode()), from, limit };
    request("get_history", Kind::Query, (asked,))
}

/// The certified log as a checkpoint, with the proof that it continues the log of `known` heads.
pub fn get_checkpoint(known: u64) -> Request<Checkpoint, LookupError> {
    request("get_checkpoint", Kind::Query, (known,))
}

/// At most `limits.page` heads from an epoch on.
pub fn get_heads(from: u64, limit: u32) -> Request<Vec<ByteBuf>, StatusError> {
    request("get_heads", Kind::Query, (from, limit))
}

/// At most `limits.page` updates from a position on, as leaves of the log of updates.
pub fn get_updates(from: u64, limit: u32) -> Request<Vec<ByteBuf>, StatusError> {
    request("get_updates", Kind::Query, (from, limit))
}

/// The proof that the update at a position is in its epoch, and the epoch in the log of `size` heads.
pub fn get_proof(position: u64, size: u64) -> Request<Evidence, EvidenceError> {
    request("get_proof", Kind::Query, (position, size))
}

/// Hands in a verifier's cosignature of the log of `size` heads.
pub fn ratify(size: u64, cosignature: &[u8]) -> Request<Ratified, RatifyError> {
    request("ratify", Kind::Update, (size, Bytes::new(cosignature)))
}

/// Stores a device's bundle in the place of its older one.
pub fn put_bundle(label: &Label, bundle: &[u8]) -> Request<(), BundleError> {
    request("put_bundle", Kind::IdempotentUpdate, (ByteBuf::from(label.encode()), Bytes::new(bundle)))
}

/// The bundles of a label that have not expired.
pub fn get_bundles(label: &Label) -> Request<Vec<ByteBuf>, BundleError> {
    request("get_bundles", Kind::Query, (ByteBuf::from(label.encode()),))
}

/// The configuration, and the keys and hashes that clients pin.
pub fn get_configuration() -> Request<Published, StatusError> {
    request("get_configuration", Kind::Query, ())
}

/// The directory at a glance.
pub fn get_status() -> Request<Status, StatusError> {
    request("get_status", Kind::Query, ())
}

/// The answer to a request of an HTTP gateway.
pub use crate::request::http_request;
