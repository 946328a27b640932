//! Envelopes that keys sign, also for each other.

use ic_transport_types::{Delegation, Envelope, EnvelopeContent, SignedDelegation};
pub use test_support::envelope::*;

use super::keys::Key;

/// An envelope that `key` signed.
pub fn signed(content: EnvelopeContent, key: &Key) -> Envelope<'static> {
    let signature = key.sign(&content.to_request_id().signable());
    Envelope { sender_pubkey: Some(key.der()), sender_sig: Some(signature), ..bare(content) }
}

/// An envelope that the last of `keys` signed, to whom the first handed over through the others.
pub fn delegated(content: EnvelopeContent, keys: &[Key]) -> Envelope<'static> {
    let chain = keys.windows(2).map(|pair| delegation(&pair[0], to(&pair[1]))).collect();
    delegated_with(content, keys, chain)
}

/// An envelope with these delegations, that is otherwise like one of [`delegated`].
pub fn delegated_with(content: EnvelopeContent, keys: &[Key], chain: Vec<SignedDelegation>) -> Envelope<'static> {
    let [first, .., last] = keys else { panic!("a chain has two keys or more") };
    let signature = last.sign(&content.to_request_id().signable());
    Envelope {
        sender_pubkey: Some(first.der()),
        sender_sig: Some(signature),
        sender_delegation: Some(chain),
        ..bare(content)
    }
}

/// A delegation to `key` that is good for ten minutes and everything.
pub fn to(key: &Key) -> Delegation {
    Delegation { pubkey: key.der(), expiration: after(10 * MINUTE), targets: None, permissions: None }
}

/// A delegation that `key` signed.
pub fn delegation(key: &Key, delegation: Delegation) -> SignedDelegation {
    SignedDelegation { signature: key.sign(&delegation.signable()), delegation }
}
