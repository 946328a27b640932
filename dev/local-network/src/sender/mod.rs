//! Authenticates the sender of a request: signatures, delegations and expiry, as in the interface specification.

mod bounded;
mod chain;
mod envelope;
mod error;

use candid::Principal;

pub use chain::Scope;
pub use envelope::{Content, Envelope, Message, Reading};
pub use error::SenderError;

use crate::limits::*;

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Call,
    Query,
    ReadState,
}

impl Kind {
    /// Its `request_type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Query => "query",
            Self::ReadState => "read_state",
        }
    }
}

/// A request whose sender is authenticated.
#[derive(Debug)]
pub struct Verified {
    /// Its id.
    pub id: [u8; 32],
    /// The permissions of its sender.
    pub scope: Scope,
}

/// Checks that a request is its sender's and not expired at `now`, in nanoseconds.
pub fn verify<C: Content>(kind: Kind, envelope: &Envelope<C>, now: u64) -> Result<Verified, SenderError> {
    let header = envelope.content.header();
    let sender = header.sender;
    let anonymous = sender == Principal::anonymous();
    // Nobody gains by repeating a request that anybody may make, and clients with a wrong clock learn the time this way.
    if kind == Kind::Call || !anonymous {
        check_expiry(header.ingress_expiry, now)?;
    }
    if let Some(nonce) = header.nonce.filter(|nonce| nonce.len() > MAX_NONCE_BYTES) {
        return Err(SenderError::NonceTooLong(nonce.len()));
    }
    if header.sender_info {
        return Err(SenderError::SenderInfo);
    }
    let id = envelope.content.id();
    let scope = match (&envelope.sender_pubkey, &envelope.sender_sig, &envelope.sender_delegation) {
        (None, None, None) if anonymous => Scope::default(),
        _ if anonymous => return Err(SenderError::AnonymousSigned),
        (Some(key), Some(signature), delegations) => {
            let key_of = Principal::self_authenticating(key);
            if key_of != sender {
                return Err(SenderError::WrongKey { sender, key_of });
            }
            let delegations = delegations.as_ref().map_or(Ok(&[][..]), |all| all.get());
            let delegations = delegations.map_err(SenderError::TooManyDelegations)?;
            let (key, scope) = chain::follow(key, delegations, now)?;
            if !verifies(key, &id.signable(), signature)? {
                return Err(SenderError::Signature(None));
            }
            scope
        }
        _ => return Err(SenderError::Unsigned(sender)),
    };
    if let Some(canister) = envelope.content.canister() {
        scope.check_target(canister)?;
    }
    if scope.queries_only && kind == Kind::Call {
        return Err(SenderError::QueriesOnly);
    }
    Ok(Verified { id: *id, scope })
}

fn check_expiry(ingress_expiry: u64, now: u64) -> Result<(), SenderError> {
    let latest = now + (MAX_INGRESS_EXPIRY + CLOCK_DRIFT).as_nanos() as u64;
    if (now..=latest).contains(&ingress_expiry) { Ok(()) } else { Err(SenderError::Expiry { ingress_expiry, now }) }
}

/// Whether `signature` is one of `message` by the public key `key`, in DER. As on the platform, ECDSA signatures need
/// not have the smaller of the two possible numbers.
fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> Result<bool, SenderError> {
    if let Ok(key) = ic_ed25519::PublicKey::deserialize_rfc8410_der(key) {
        return Ok(key.verify_signature(message, signature).is_ok());
    }
    if let Ok(key) = ic_secp256k1::PublicKey::deserialize_der(key) {
        return Ok(key.verify_ecdsa_signature_with_malleability(message, signature));
    }
    if let Ok(key) = ic_secp256r1::PublicKey::deserialize_der(key) {
        return Ok(key.verify_signature(message, signature));
    }
    Err(SenderError::UnknownKey(key.len()))
}
