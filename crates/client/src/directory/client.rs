//! The client.

use directory::api::*;
use directory_core::label::Label;
use directory_core::verify::{Memory, Trusted};
use serde_bytes::ByteBuf;

use super::request;
use crate::error::{CallError, Refusal};
use crate::request::Request;
use crate::retry::Retry;
use crate::send::send;
use crate::transport::Transport;

/// A directory: its pins, its memory, and the transport to it.
///
/// Each look-up moves [`DirectoryClient::memory`] forward. Store it, and give it to the next client
/// ([`DirectoryClient::with_memory`]): then a directory that was rolled back or forked in between is caught. If several processes
/// share the memory, use an answer only if the stored memory is still the one that it continues.
#[derive(Clone, Debug)]
pub struct DirectoryClient<T> {
    pub(super) transport: T,
    retry: Retry,
    pub(super) trusted: Trusted,
    pub(super) memory: Option<Memory>,
}

impl<T: Transport> DirectoryClient<T> {
    /// A client of the directory that is pinned, which repeats calls as [`Retry::default`] says.
    pub fn new(transport: T, trusted: Trusted) -> Self {
        Self { transport, retry: Retry::default(), trusted, memory: None }
    }

    /// The same client, which repeats calls as `retry` says.
    pub fn with_retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// The same client, which remembers this.
    pub fn with_memory(self, memory: Memory) -> Self {
        Self { memory: Some(memory), ..self }
    }

    /// The newest log that this client has verified; `None` before the first look-up.
    pub fn memory(&self) -> Option<Memory> {
        self.memory
    }

    /// The directory's pins.
    pub fn trusted(&self) -> &Trusted {
        &self.trusted
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
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $of:ty),*) -> $ok:ty, $error:ty;)*) => {
        /// The other methods of `directory.did`. Each fails as [`DirectoryClient::send`] does.
        #[allow(clippy::missing_errors_doc)] // Said once, above.
        impl<T: Transport> DirectoryClient<T> {
            $(
                $(#[$doc])*
                pub async fn $name(&self, $($argument: $of),*) -> Result<$ok, CallError<$error>> {
                    self.send(request::$name($($argument),*)).await
                }
            )*
        }
    };
}

methods! {
    /// Registers a label, or changes its entry.
    update(new: &Submission) -> Accepted, UpdateError;
    /// At most `limits.page` changes of a label, from a version on. [`DirectoryClient::history`] verifies all of them.
    get_history(label: &Label, from: u32, limit: u32) -> Vec<Change>, LookupError;

    /// The certified log as a checkpoint, with the proof that it continues the log of `known` heads.
    get_checkpoint(known: u64) -> Checkpoint, LookupError;
    /// At most `limits.page` heads from an epoch on.
    get_heads(from: u64, limit: u32) -> Vec<ByteBuf>, StatusError;
    /// At most `limits.page` updates from a position on, as leaves of the log of updates.
    get_updates(from: u64, limit: u32) -> Vec<ByteBuf>, StatusError;
    /// The proof that the update at a position is in its epoch, and the epoch in the log of `size` heads.
    get_proof(position: u64, size: u64) -> Evidence, EvidenceError;
    /// Hands in a verifier's cosignature of the log of `size` heads.
    ratify(size: u64, cosignature: &[u8]) -> Ratified, RatifyError;

    /// Stores a device's bundle in the place of its older one.
    put_bundle(label: &Label, bundle: &[u8]) -> (), BundleError;
    /// The bundles of a label that have not expired. [`DirectoryClient::bundles`] verifies them.
    get_bundles(label: &Label) -> Vec<ByteBuf>, BundleError;

    /// The configuration, and the keys and hashes that clients pin.
    get_configuration() -> Published, StatusError;
    /// The directory at a glance.
    get_status() -> Status, StatusError;
    /// Replaces the settings: a controller's.
    set_settings(settings: &Settings) -> (), SettingsError;
    /// Checks stored records from a cursor on: a controller's. `next` of the report goes on; without it, all are checked.
    check(from: CheckCursor) -> CheckReport, CheckError;
    /// The answer to a request of an HTTP gateway.
    http_request(http: &HttpRequest) -> HttpResponse, std::convert::Infallible;
}
