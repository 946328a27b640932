//! Requests to a network: their contents and envelopes.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use candid::Principal;
use ic_transport_types::{Envelope, EnvelopeContent};

/// One minute.
pub const MINUTE: Duration = Duration::from_secs(60);

/// The time this long after now, in nanoseconds since 1970.
pub fn after(duration: Duration) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    (now + duration).as_nanos() as u64
}

/// The time this long before now, in nanoseconds since 1970.
pub fn before(duration: Duration) -> u64 {
    after(Duration::ZERO) - duration.as_nanos() as u64
}

/// A nonce that is unique in this process.
pub fn nonce() -> Option<Vec<u8>> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Some(NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes().to_vec())
}

/// A call that expires in four minutes.
pub fn call(canister_id: Principal, sender: Principal, method: &str, arg: &[u8]) -> EnvelopeContent {
    EnvelopeContent::Call {
        nonce: nonce(),
        ingress_expiry: after(4 * MINUTE),
        sender,
        canister_id,
        method_name: method.to_string(),
        arg: arg.to_vec(),
        sender_info: None,
    }
}

/// A query that expires in four minutes.
pub fn query(canister_id: Principal, sender: Principal, method: &str, arg: &[u8]) -> EnvelopeContent {
    EnvelopeContent::Query {
        nonce: nonce(),
        ingress_expiry: after(4 * MINUTE),
        sender,
        canister_id,
        method_name: method.to_string(),
        arg: arg.to_vec(),
        sender_info: None,
    }
}

/// A path: its labels.
pub type Path = Vec<Vec<u8>>;

/// A path of these labels.
pub fn path<const N: usize>(labels: [&[u8]; N]) -> Path {
    labels.map(<[u8]>::to_vec).to_vec()
}

/// A `read_state` that expires in four minutes.
pub fn read_state(sender: Principal, paths: &[Path]) -> EnvelopeContent {
    let paths = paths.iter().map(|path| path.iter().map(|label| label.as_slice().into()).collect()).collect();
    EnvelopeContent::ReadState { ingress_expiry: after(4 * MINUTE), sender, paths }
}

/// The same content with another expiry, in nanoseconds since 1970.
pub fn expiring(mut content: EnvelopeContent, at: u64) -> EnvelopeContent {
    let (EnvelopeContent::Call { ingress_expiry, .. }
    | EnvelopeContent::Query { ingress_expiry, .. }
    | EnvelopeContent::ReadState { ingress_expiry, .. }) = &mut content;
    *ingress_expiry = at;
    content
}

/// An envelope without a signature.
pub fn bare(content: EnvelopeContent) -> Envelope<'static> {
    Envelope { content: Cow::Owned(content), sender_pubkey: None, sender_sig: None, sender_delegation: None }
}
