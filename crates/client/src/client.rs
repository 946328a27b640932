//! The client.

use std::collections::BTreeMap;

use candid::Principal;
use proofs::hash::Hash;

use crate::api::*;
use crate::error::{CallError, Refusal};
use crate::pages::Pages;
use crate::read::{Read, Trust, Unverified};
use crate::request::{self, Kind, Request};
use crate::retry::Retry;
use crate::send::send;
use crate::transport::Transport;
use crate::verify;

/// A message canister, and the transport to it.
///
/// It has a method for each method of `canister.did`, of the same name, and the readers [`Client::messages_of_key`],
/// [`Client::messages_in_range`] and [`Client::messages_in_time`].
#[derive(Clone, Debug)]
pub struct Client<T> {
    transport: T,
    retry: Retry,
    labels: BTreeMap<Vec<u8>, Hash>,
}

impl<T: Transport> Client<T> {
    /// A client that repeats calls by [`Retry::default`].
    pub fn new(transport: T) -> Self {
        Self { transport, retry: Retry::default(), labels: BTreeMap::new() }
    }

    /// The same client, which repeats calls by `retry`.
    pub fn with_retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// The same client, which knows the label of a key, as `claim` returned it to the owner. Where reads are closed,
    /// the key's reads are verified with it.
    pub fn with_label(mut self, key_id: &[u8], label: Hash) -> Self {
        self.labels.insert(key_id.to_vec(), label);
        self
    }

    pub(crate) fn label(&self, key_id: &[u8]) -> Option<Hash> {
        self.labels.get(key_id).copied()
    }

    /// The transport.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Sends a request, repeats it by [`Retry`], and decodes its reply.
    ///
    /// # Errors
    ///
    /// The error of the last attempt.
    pub async fn send<A, E: Refusal>(&self, request: Request<A, E>) -> Result<A, CallError<E>> {
        send(&self.transport, &self.retry, &request).await
    }

    /// Reads the message with this id, and verifies it if the transport has certificates. That there is no such message
    /// cannot be proved.
    ///
    /// # Errors
    ///
    /// Those of [`Client::send`], and a lie if the reply does not verify.
    pub async fn read_message(&self, id: Id) -> Result<Read<Found>, CallError<GetError>> {
        let found = self.get_message_by_id(id, self.transport.certificates().is_some()).await?;
        let trust = match self.transport.certificates() {
            None => Trust::Unverified { why: Unverified::NoCertificates },
            Some(certificates) => {
                let label = self.label(&found.message.key_id);
                let as_of = verify::message(certificates, id, label, &found).map_err(CallError::Lie)?;
                Trust::Verified { as_of }
            }
        };
        Ok(Read { value: found, trust })
    }

    /// Reads the heads of keys. If the transport has certificates, it verifies whether each key is known, and `rank`,
    /// `acknowledged_id` and `max_id`. There is no proof of `min_id`, `count`, `bytes`, `quota` and `full_since`.
    ///
    /// # Errors
    ///
    /// Those of [`Client::send`], and a lie if the reply does not verify.
    pub async fn read_key_heads(&self, key_ids: &[impl AsRef<[u8]>]) -> Result<Read<Heads>, CallError<LookupError>> {
        let prove = self.transport.certificates().is_some() && !key_ids.is_empty();
        let heads = self.get_key_heads(key_ids, prove).await?;
        let trust = match self.transport.certificates() {
            None => Trust::Unverified { why: Unverified::NoCertificates },
            Some(_) if key_ids.is_empty() => Trust::Unverified { why: Unverified::Unprovable },
            Some(certificates) => {
                let keys: Vec<_> =
                    key_ids.iter().map(AsRef::as_ref).map(|key_id| (key_id, self.label(key_id))).collect();
                let as_of = verify::heads(certificates, &keys, &heads).map_err(CallError::Lie)?;
                Trust::Verified { as_of }
            }
        };
        Ok(Read { value: heads, trust })
    }

    /// Reads the heads of keys by an update. If the transport has certificates, the subnet certifies this reply as a
    /// whole. It takes seconds and costs the canister cycles. Call it for a key of a store with closed reads whose
    /// proof is missing ([`crate::Lie::NoProof`]): it shows whether the key is absent or a replica denied it.
    ///
    /// # Errors
    ///
    /// Those of [`Client::send`].
    pub async fn certified_key_heads(
        &self,
        key_ids: &[impl AsRef<[u8]>],
    ) -> Result<Read<Heads>, CallError<LookupError>> {
        // The certificate has this time or a later one, because it is of the reply to this call.
        let as_of = verify::clock();
        let mut request = request::get_key_heads(key_ids, false);
        request.kind = Kind::IdempotentUpdate;
        let value = self.send(request).await?;
        let trust = match self.transport.certificates() {
            None => Trust::Unverified { why: Unverified::NoCertificates },
            Some(_) => Trust::Verified { as_of },
        };
        Ok(Read { value, trust })
    }

    /// Reads a key's messages from `start` on, oldest or newest first. `Start::after` a stored position continues
    /// there. Position 0 is the beginning.
    pub fn messages_of_key(&self, key_id: &[u8], order: Order, start: Start) -> Pages<'_, T> {
        Pages::of_key(self, key_id, order, start)
    }

    /// Reads the messages with ids from `min_id` to `max_id`, both included, behind `after` (0: from the start).
    pub fn messages_in_range(&self, min_id: Id, max_id: Id, order: Order, after: Id) -> Pages<'_, T> {
        Pages::in_range(self, min_id, max_id, order, after)
    }

    /// Reads the messages stored from `from` to `until`, unix seconds, both included, behind `after` (0: from the start).
    pub fn messages_in_time(&self, from: u32, until: u32, order: Order, after: Id) -> Pages<'_, T> {
        Pages::in_time(self, from, until, order, after)
    }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $of:ty),*) -> $ok:ty, $error:ty;)*) => {
        /// The methods of `canister.did`. Each fails as [`Client::send`] does.
        #[allow(clippy::missing_errors_doc)] // Said once, above.
        impl<T: Transport> Client<T> {
            $(
                $(#[$doc])*
                pub async fn $name(&self, $($argument: $of),*) -> Result<$ok, CallError<$error>> {
                    self.send(request::$name($($argument),*)).await
                }
            )*

            /// Ends and size of up to `limits.lookup_items` keys, with a proof if `prove` is set. `None`: the key is
            /// not known.
            pub async fn get_key_heads(
                &self,
                key_ids: &[impl AsRef<[u8]>],
                prove: bool,
            ) -> Result<Heads, CallError<LookupError>> {
                self.send(request::get_key_heads(key_ids, prove)).await
            }
        }
    };
}

methods! {
    /// Stores one message. Adding a pair of key id and ciphertext again stores nothing and returns the first id.
    add_message(key_id: &[u8], ciphertext: &[u8]) -> Added, AddError;
    /// Stores up to `limits.batch_messages` messages, with send keys if they have any. Each message has its own result.
    /// A refused message does not undo another. [`crate::batches()`] cuts a longer list.
    add_messages(messages: &[NewMessage]) -> Vec<Result<Added, AddError>>, BatchError;

    /// The message with this id, with a proof if `prove` is set.
    get_message_by_id(id: Id, prove: bool) -> Found, GetError;
    /// The newest message whose ciphertext has this SHA-256.
    get_message_by_hash(hash: &[u8]) -> Found, GetError;

    /// A page of the messages with ids from `min_id` to `max_id`. [`Client::messages_in_range`] reads all of them.
    get_messages_by_range(min_id: Id, max_id: Id, cursor: Cursor) -> Page, PageError;
    /// A page of a key's messages. [`Client::messages_of_key`] reads all of them.
    get_messages_by_key(key_id: &[u8], cursor: KeyCursor) -> Page, PageError;
    /// A page of the messages stored from `from` to `until`, unix seconds. [`Client::messages_in_time`] reads all of them.
    get_messages_by_time(from: u32, until: u32, cursor: Cursor) -> Page, PageError;

    /// The lowest stored id; 0: the store is empty, or the caller does not see the whole store.
    get_min_message_id() -> Id, StatusError;
    /// The highest stored id; 0: the store is empty, or the caller does not see the whole store.
    get_max_message_id() -> Id, StatusError;
    /// A key's lowest live id. `None`: the key has no live message, or the caller sees no such key.
    get_min_message_id_by_key(key_id: &[u8]) -> Option<Id>, LookupError;
    /// A key's highest live id. `None`: the key has no live message, or the caller sees no such key.
    get_max_message_id_by_key(key_id: &[u8]) -> Option<Id>, LookupError;
    /// The ids of up to `limits.lookup_items` pairs of key id and hash. `None`: the pair is not stored.
    has_messages(pairs: &[Stored]) -> Vec<Option<Id>>, LookupError;

    /// Acknowledges messages of up to `limits.lookup_items` keys, each through an id. Each key has its own result. The
    /// caller must own the keys.
    acknowledge(keys: &[Acknowledgement]) -> Vec<Result<Acknowledged, AckError>>, AcksError;
    /// Records the caller as the owner of a key, and returns the key's label.
    claim(key_id: &[u8], proof: &OwnerProof) -> Claimed, ClaimError;
    /// Changes settings of a key: all of them or none.
    set_key(key_id: &[u8], settings: &[KeySetting]) -> (), KeyError;

    /// The status of the store.
    get_status() -> Status, StatusError;
    /// The metrics in the text format of Prometheus, as far as the caller may see them.
    get_metrics() -> String, StatusError;
    /// Replaces the named settings if `version` is the present one. Returns the new version. The caller must be an
    /// admin.
    set_settings(version: u32, settings: &[Setting]) -> u32, SettingsError;
    /// Gives a role to a principal, or removes its role. The caller must be an admin.
    set_role(principal: Principal, role: Option<Role>) -> (), RoleError;
    /// At most 1,000 roles in the order of their principals, those after `after`. The caller must be an admin.
    get_roles(after: Option<Principal>) -> Vec<(Principal, Role)>, RolesError;
    /// Restarts a rebuild that has failed, see [`StoreStatus::rebuild_failure`]. The caller must be an admin.
    retry_rebuild() -> (), RetryError;
    /// Seals the store before a snapshot: it refuses adds until it is resumed. The caller must be an admin.
    seal() -> (), SealError;
    /// Resumes a sealed store. Returns the new epoch, the second from which adds are possible. The caller must be an
    /// admin.
    resume() -> u64, ResumeError;
    /// Looks for broken invariants in a slice of the store. The caller must be an admin.
    check(from: CheckCursor) -> CheckReport, CheckError;
    /// The answer to a request of an HTTP gateway.
    http_request(http: &HttpRequest) -> HttpResponse, std::convert::Infallible;
}
