//! Calls before they are sent: a method, its encoded arguments, and the decoder of its reply.
//!
//! [`crate::Client`] sends them. Programs that sign in advance, send requests themselves or measure can use them
//! directly. There is a function for each method of `canister.did`, of the same name.

use std::convert::Infallible;
use std::fmt;

use candid::utils::ArgumentEncoder;
use candid::{CandidType, Decode, Deserialize, Principal, encode_args};
use serde_bytes::Bytes;

use crate::api::*;
use crate::error::CallError;

/// A call of a method that returns a `T`, or the canister's error `E`.
pub struct Request<T, E> {
    /// The method.
    pub method: &'static str,
    /// The kind of call.
    pub kind: Kind,
    /// Its arguments in candid.
    pub arg: Vec<u8>,
    decode: Decoder<T, E>,
}

/// Decodes a reply to the canister's answer.
type Decoder<T, E> = fn(&[u8]) -> Result<Result<T, E>, candid::Error>;

/// The kind of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A query: it changes nothing.
    Query,
    /// An update without further effect if it is called again.
    IdempotentUpdate,
    /// An update that must not be repeated if it may have been executed.
    Update,
}

impl<T, E> Request<T, E> {
    /// The result that a reply holds.
    ///
    /// # Errors
    ///
    /// If the reply holds the canister's error, or is not of the method's types.
    pub fn decode(&self, reply: &[u8]) -> Result<T, CallError<E>> {
        match (self.decode)(reply) {
            Ok(answer) => answer.map_err(CallError::Refused),
            Err(error) => Err(CallError::Malformed { method: self.method, reason: error.to_string() }),
        }
    }
}

impl<T, E> Clone for Request<T, E> {
    fn clone(&self) -> Self {
        Self { arg: self.arg.clone(), ..*self }
    }
}

impl<T, E> fmt::Debug for Request<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}, {} bytes)", self.method, self.kind, self.arg.len())
    }
}

/// Stores one message, without a send key.
pub fn add_message(key_id: &[u8], ciphertext: &[u8]) -> Request<Added, AddError> {
    request("add_message", Kind::IdempotentUpdate, (Bytes::new(key_id), Bytes::new(ciphertext)))
}

/// Stores up to `limits.batch_messages` messages. Each has its own result.
pub fn add_messages(messages: &[NewMessage]) -> Request<Vec<Result<Added, AddError>>, BatchError> {
    request("add_messages", Kind::IdempotentUpdate, (messages,))
}

/// The message with this id, with a proof if `prove` is set.
pub fn get_message_by_id(id: Id, prove: bool) -> Request<Found, GetError> {
    match prove {
        false => request("get_message_by_id", Kind::Query, (id,)),
        true => request("get_message_by_id", Kind::Query, (id, Some(true))),
    }
}

/// The newest message whose ciphertext has this SHA-256.
pub fn get_message_by_hash(hash: &[u8]) -> Request<Found, GetError> {
    request("get_message_by_hash", Kind::Query, (Bytes::new(hash),))
}

/// A page of the messages with ids from `min_id` to `max_id`, both included.
pub fn get_messages_by_range(min_id: Id, max_id: Id, cursor: Cursor) -> Request<Page, PageError> {
    request("get_messages_by_range", Kind::Query, (min_id, max_id, cursor))
}

/// A page of a key's messages.
pub fn get_messages_by_key(key_id: &[u8], cursor: KeyCursor) -> Request<Page, PageError> {
    request("get_messages_by_key", Kind::Query, (Bytes::new(key_id), cursor))
}

/// A page of the messages stored from `from` to `until`, unix seconds, both included.
pub fn get_messages_by_time(from: u32, until: u32, cursor: Cursor) -> Request<Page, PageError> {
    request("get_messages_by_time", Kind::Query, (from, until, cursor))
}

/// The lowest stored id; 0: the store is empty, or the caller does not see the whole store.
pub fn get_min_message_id() -> Request<Id, StatusError> {
    request("get_min_message_id", Kind::Query, ())
}

/// The highest stored id; 0: the store is empty, or the caller does not see the whole store.
pub fn get_max_message_id() -> Request<Id, StatusError> {
    request("get_max_message_id", Kind::Query, ())
}

/// A key's lowest live id.
pub fn get_min_message_id_by_key(key_id: &[u8]) -> Request<Option<Id>, LookupError> {
    request("get_min_message_id_by_key", Kind::Query, (Bytes::new(key_id),))
}

/// A key's highest live id.
pub fn get_max_message_id_by_key(key_id: &[u8]) -> Request<Option<Id>, LookupError> {
    request("get_max_message_id_by_key", Kind::Query, (Bytes::new(key_id),))
}

/// Ends and size of up to `limits.lookup_items` keys, with a proof if `prove` is set. `None`: the key is not known.
pub fn get_key_heads(key_ids: &[impl AsRef<[u8]>], prove: bool) -> Request<Heads, LookupError> {
    let key_ids: Vec<_> = key_ids.iter().map(|key_id| Bytes::new(key_id.as_ref())).collect();
    match prove {
        false => request("get_key_heads", Kind::Query, (key_ids,)),
        true => request("get_key_heads", Kind::Query, (key_ids, Some(true))),
    }
}

/// The ids of up to `limits.lookup_items` pairs of key id and hash. `None`: the pair is not stored.
pub fn has_messages(pairs: &[Stored]) -> Request<Vec<Option<Id>>, LookupError> {
    request("has_messages", Kind::Query, (pairs,))
}

/// Acknowledges messages of up to `limits.lookup_items` keys, each through an id. Each key has its own result. The
/// caller must own the keys.
pub fn acknowledge(keys: &[Acknowledgement]) -> Request<Vec<Result<Acknowledged, AckError>>, AcksError> {
    request("acknowledge", Kind::IdempotentUpdate, (keys,))
}

/// Records the caller as the owner of a key, and returns the key's label.
pub fn claim(key_id: &[u8], proof: &OwnerProof) -> Request<Claimed, ClaimError> {
    request("claim", Kind::IdempotentUpdate, (Bytes::new(key_id), proof))
}

/// Changes settings of a key: all of them or none.
pub fn set_key(key_id: &[u8], settings: &[KeySetting]) -> Request<(), KeyError> {
    request("set_key", Kind::Update, (Bytes::new(key_id), settings))
}

/// The status of the store.
pub fn get_status() -> Request<Status, StatusError> {
    request("get_status", Kind::Query, ())
}

/// The metrics in the text format of Prometheus, as far as the caller may see them.
pub fn get_metrics() -> Request<String, StatusError> {
    request("get_metrics", Kind::Query, ())
}

/// Replaces the named settings if `version` is the present one. Returns the new version. The caller must be an admin.
pub fn set_settings(version: u32, settings: &[Setting]) -> Request<u32, SettingsError> {
    request("set_settings", Kind::Update, (version, settings))
}

/// Gives a role to a principal, or removes its role. The caller must be an admin.
pub fn set_role(principal: Principal, role: Option<Role>) -> Request<(), RoleError> {
    request("set_role", Kind::Update, (principal, role))
}

/// At most 1,000 roles in the order of their principals, those after `after`. The caller must be an admin.
pub fn get_roles(after: Option<Principal>) -> Request<Vec<(Principal, Role)>, RolesError> {
    request("get_roles", Kind::Query, (after,))
}

/// Restarts a rebuild that has failed. The caller must be an admin.
pub fn retry_rebuild() -> Request<(), RetryError> {
    request("retry_rebuild", Kind::Update, ())
}

/// Seals the store: it refuses adds until it is resumed. The caller must be an admin.
pub fn seal() -> Request<(), SealError> {
    request("seal", Kind::IdempotentUpdate, ())
}

/// Resumes a sealed store. Returns the new epoch. The caller must be an admin.
pub fn resume() -> Request<u64, ResumeError> {
    request("resume", Kind::Update, ())
}

/// Looks for broken invariants in a slice of the store. The caller must be an admin.
pub fn check(from: CheckCursor) -> Request<CheckReport, CheckError> {
    request("check", Kind::Query, (from,))
}

/// The answer to a request of an HTTP gateway.
pub fn http_request(http: &HttpRequest) -> Request<HttpResponse, Infallible> {
    let arg = encode_args((http,)).expect("the interface's types can be encoded");
    Request { method: "http_request", kind: Kind::Query, arg, decode: |reply| Decode!(reply, HttpResponse).map(Ok) }
}

pub(crate) fn request<T, E>(method: &'static str, kind: Kind, args: impl ArgumentEncoder) -> Request<T, E>
where
    T: CandidType + for<'a> Deserialize<'a>,
    E: CandidType + for<'a> Deserialize<'a>,
{
    let arg = encode_args(args).expect("the interface's types can be encoded");
    Request { method, kind, arg, decode: |reply| Decode!(reply, Result<T, E>) }
}
