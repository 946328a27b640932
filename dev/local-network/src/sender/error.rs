//! The reason why the sender of a request is not accepted.

use std::fmt;

use candid::Principal;

use crate::limits::*;

/// The reason why a request is not believed.
#[derive(Debug, PartialEq, Eq)]
pub enum SenderError {
    /// It expired at this time, or expires too late.
    Expiry { ingress_expiry: u64, now: u64 },
    /// The nonce has so many bytes.
    NonceTooLong(usize),
    /// The anonymous principal does not sign.
    AnonymousSigned,
    /// A sender other than the anonymous principal must sign.
    Unsigned(Principal),
    /// The public key is that of another sender.
    WrongKey { sender: Principal, key_of: Principal },
    /// The network does not know this kind of public key, which has so many bytes.
    UnknownKey(usize),
    /// A signature is wrong: of the request, or of the delegation with this number.
    Signature(Option<usize>),
    /// There are too many delegations.
    TooManyDelegations(usize),
    /// A delegation names too many targets.
    TooManyTargets(usize),
    /// The delegation with this number hands over to a key that was in the chain before.
    Cycle(usize),
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
            NonceTooLong(bytes) => write!(f, "a nonce of {bytes} bytes is longer than {MAX_NONCE_BYTES}"),
            AnonymousSigned => {
                write!(f, "the anonymous sender must send no sender_pubkey, no sender_sig and no sender_delegation")
            }
            Unsigned(sender) => write!(f, "sender {sender} must send sender_pubkey and sender_sig"),
            WrongKey { sender, key_of } => {
                write!(f, "the sender is {sender}, but sender_pubkey is the key of {key_of}")
            }
            UnknownKey(bytes) => {
                write!(f, "a public key of {bytes} bytes is no DER of Ed25519, secp256k1 or P-256")
            }
            Signature(None) => write!(f, "sender_sig is not the signature of this request by its key"),
            Signature(Some(number)) => write!(f, "the signature of delegation {number} is not one of its key"),
            TooManyDelegations(count) => write!(f, "{count} delegations are more than {MAX_DELEGATIONS}"),
            TooManyTargets(count) => {
                write!(f, "{count} targets of a delegation are more than {MAX_DELEGATION_TARGETS}")
            }
            Cycle(number) => write!(f, "delegation {number} is to a key that was in the chain before"),
            DelegationExpired { number, expiration, now } => {
                write!(f, "delegation {number} expired at {expiration}, the time here is {now}")
            }
            NotATarget(canister) => write!(f, "canister {canister} is not a target of the delegations"),
            QueriesOnly => write!(f, "a delegation permits queries only"),
            SenderInfo => write!(f, "sender_info is not supported by this network"),
        }
    }
}
