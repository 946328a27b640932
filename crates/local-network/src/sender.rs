//! Whether a request is its sender's: signatures, delegations and expiry, as the interface specification has them.

use std::fmt;

use candid::Principal;
use ic_transport_types::{DelegationPermissions, Envelope, EnvelopeContent, RequestId, SignedDelegation};

use crate::limits::*;

/// Why a request is not believed.
#[derive(Debug, PartialEq, Eq)]
pub enum SenderError {
    /// It expired at this time, or expires too late.
    Expiry { ingress_expiry: u64, now: u64 },
    /// The anonymous principal does not sign.
    AnonymousSigned,
    /// A sender other than the anonymous principal must sign.
    Unsigned(Principal),
    /// The public key is that of another sender.
    WrongKey { sender: Principal, key_of: Principal },
    /// The public key is none that this network knows.
    UnknownKey(Vec<u8>),
    /// A signature is wrong: of the request, or of the delegation with this number.
    Signature(Option<usize>),
    /// There are too many delegations.
    TooManyDelegations(usize),
    /// A delegation names too many targets.
    TooManyTargets(usize),
    /// The delegation with this number expired.
    DelegationExpired { number: usize, expiration: u64, now: u64 },
    /// No delegation may be used for this canister.
    NotATarget(Principal),
    /// A delegation allows no updates.
    QueriesOnly,
    /// Information about the sender, signed by a canister, is not supported.
    SenderInfo,
}

impl fmt::Display for SenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use SenderError::*;
        match self {
            Expiry { ingress_expiry, now } => write!(
                f,
                "Invalid request expiry: ingress_expiry {ingress_expiry} is not within {} s after the time here, {now}",
                MAX_INGRESS_EXPIRY.as_secs()
            ),
            AnonymousSigned => write!(f, "the anonymous sender must send neither key nor signature"),
            Unsigned(sender) => write!(f, "sender {sender} must send sender_pubkey and sender_sig"),
            WrongKey { sender, key_of } => {
                write!(f, "the sender is {sender}, but sender_pubkey is the key of {key_of}")
            }
            UnknownKey(key) => {
                write!(f, "a public key of {} bytes is no DER of Ed25519, secp256k1 or P-256", key.len())
            }
            Signature(None) => write!(f, "sender_sig is not the signature of this request by its key"),
            Signature(Some(number)) => write!(f, "the signature of delegation {number} is not one of its key"),
            TooManyDelegations(count) => write!(f, "{count} delegations are more than {MAX_DELEGATIONS}"),
            TooManyTargets(count) => {
                write!(f, "{count} targets of a delegation are more than {MAX_DELEGATION_TARGETS}")
            }
            DelegationExpired { number, expiration, now } => {
                write!(f, "delegation {number} expired at {expiration}, the time here is {now}")
            }
            NotATarget(canister) => write!(f, "canister {canister} is not a target of the delegations"),
            QueriesOnly => write!(f, "a delegation permits queries only"),
            SenderInfo => write!(f, "sender_info is not supported by this network"),
        }
    }
}

/// Checks that a request is its sender's and not expired at `now`, in nanoseconds. Returns its id.
pub fn verify(envelope: &Envelope<'_>, now: u64) -> Result<RequestId, SenderError> {
    let content = &*envelope.content;
    check_expiry(content.ingress_expiry(), now)?;
    if let EnvelopeContent::Call { sender_info: Some(_), .. } | EnvelopeContent::Query { sender_info: Some(_), .. } =
        content
    {
        return Err(SenderError::SenderInfo);
    }
    let id = content.to_request_id();
    let sender = *content.sender();
    let delegations = envelope.sender_delegation.as_deref().unwrap_or_default();
    let (key, signature) = match (&envelope.sender_pubkey, &envelope.sender_sig) {
        (None, None) if sender == Principal::anonymous() => return Ok(id),
        _ if sender == Principal::anonymous() => return Err(SenderError::AnonymousSigned),
        (Some(key), Some(signature)) => (key, signature),
        _ => return Err(SenderError::Unsigned(sender)),
    };
    let key_of = Principal::self_authenticating(key);
    if key_of != sender {
        return Err(SenderError::WrongKey { sender, key_of });
    }
    let key = follow(key, delegations, content, now)?;
    if verifies(key, &id.signable(), signature)? { Ok(id) } else { Err(SenderError::Signature(None)) }
}

fn check_expiry(ingress_expiry: u64, now: u64) -> Result<(), SenderError> {
    let latest = now + (MAX_INGRESS_EXPIRY + CLOCK_DRIFT).as_nanos() as u64;
    if ingress_expiry <= now || ingress_expiry > latest {
        return Err(SenderError::Expiry { ingress_expiry, now });
    }
    Ok(())
}

/// The key that the last delegation hands over to. All of them must be valid, and allow `content`.
fn follow<'a>(
    mut key: &'a [u8],
    delegations: &'a [SignedDelegation],
    content: &EnvelopeContent,
    now: u64,
) -> Result<&'a [u8], SenderError> {
    if delegations.len() > MAX_DELEGATIONS {
        return Err(SenderError::TooManyDelegations(delegations.len()));
    }
    for (number, signed) in delegations.iter().enumerate() {
        let delegation = &signed.delegation;
        if delegation.expiration < now {
            return Err(SenderError::DelegationExpired { number, expiration: delegation.expiration, now });
        }
        if let Some(targets) = &delegation.targets {
            if targets.len() > MAX_DELEGATION_TARGETS {
                return Err(SenderError::TooManyTargets(targets.len()));
            }
            let canister = match content {
                EnvelopeContent::Call { canister_id, .. } | EnvelopeContent::Query { canister_id, .. } => *canister_id,
                // What may be read of the state is checked path by path.
                EnvelopeContent::ReadState { .. } => *targets.first().unwrap_or(&Principal::anonymous()),
            };
            if !targets.contains(&canister) {
                return Err(SenderError::NotATarget(canister));
            }
        }
        let queries_only = matches!(delegation.permissions, Some(DelegationPermissions::Queries));
        if queries_only && matches!(content, EnvelopeContent::Call { .. }) {
            return Err(SenderError::QueriesOnly);
        }
        if !verifies(key, &delegation.signable(), &signed.signature)? {
            return Err(SenderError::Signature(Some(number)));
        }
        key = &delegation.pubkey;
    }
    Ok(key)
}

/// Whether `signature` is one of `message` by the public key `key`, in DER.
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
    Err(SenderError::UnknownKey(key.to_vec()))
}
