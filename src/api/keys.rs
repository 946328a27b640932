//! Owners of keys, acknowledgement, and settings of one key.

use super::{Id, Limited, OtherError, Progress, Quota, TooLong};
use candid::{CandidType, Deserialize, Principal};
use serde_bytes::ByteBuf;

/// Proves that the caller owns a key. The length of the key id decides which proofs it accepts.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum OwnerProof {
    /// The key id is the caller's principal.
    own,
    /// The public key that signs for the caller, in DER. The key id is its Ethereum address or its SHA-256.
    public_key(ByteBuf),
    /// The salt of 16 bytes from which the key id was made, together with the caller's principal.
    salt(ByteBuf),
}

/// The result of a successful claim.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The label, 32 bytes, identifies the key in proofs. If the setting `reads` is `owners`, only the owner learns it.
    pub label: ByteBuf,
}

/// The reason why a claim was refused. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum ClaimError {
    /// The key id is empty or too long.
    KeyIdLength(TooLong),
    /// Nobody can claim a key id of this length.
    NotClaimable {
        /// The given length.
        length: u32,
    },
    /// The bytes are not a public key in strict DER. The text gives the reason.
    PublicKey(String),
    /// The public key or salt belongs to another key id.
    NotThatKey {
        /// The key id it belongs to.
        key_id: ByteBuf,
    },
    /// The public key is somebody else's.
    NotTheCaller {
        /// The principal for which it signs.
        signer: Principal,
    },
    /// The salt does not have 16 bytes.
    SaltLength {
        /// The given length.
        length: u32,
        /// 16.
        expected: u32,
    },
    /// An admin gave the key to somebody else.
    Owned,
    /// The anonymous principal cannot own a key.
    Anonymous,
    /// See [`Limited`].
    Limited(Limited),
    /// The caller cannot open a new key.
    KeysFull {
        /// The limit.
        max: u32,
    },
    /// Stable memory cannot grow any more.
    StorageFull,
    /// The heap is close to its limit: no more keys are opened until an upgrade.
    LowMemory,
    /// The canister waits for the platform's randomness; try again.
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// One key of an acknowledgement.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The key id, 1 to 64 bytes.
    pub key_id: ByteBuf,
    /// The last message to acknowledge.
    pub through: Id,
}

/// The result of a successful acknowledgement.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Number of messages that this call acknowledged.
    pub messages: u32,
}

/// The reason why a key's messages were not acknowledged. Nothing of this key was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum AckError {
    /// The key id is empty or too long.
    KeyIdLength(TooLong),
    /// The caller does not own the key, or the key does not exist.
    NotOwner,
    /// `through` is below what has been acknowledged.
    NotNewer {
        /// All messages through this id have been acknowledged.
        acknowledged_id: Id,
    },
    /// `through` is beyond the key's newest message.
    NotStored {
        /// The given id.
        through: Id,
        /// The key's newest message.
        max_id: Id,
    },
    /// See [`OtherError`].
    Other(OtherError),
}

/// The reason why an acknowledgement as a whole was refused. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum AcksError {
    /// The call has too many items.
    BatchTooLong(TooLong),
    /// See [`Limited`].
    Limited(Limited),
    /// See [`OtherError`].
    Other(OtherError),
}

/// One setting of a key.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum KeySetting {
    /// The owner of the key. Set by admins.
    owner(NewOwner),
    /// The key's send key. Set by the owner.
    send_key(NewSendKey),
    /// The key's quota. Set by admins.
    quota(OwnQuota),
    /// The key is not forgotten while it has no messages. Set by members.
    kept(bool),
}

/// The new owner of a key. This is a variant because candid reads an `opt` of another type as `null`, which would take
/// the key away.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum NewOwner {
    /// Nobody, until the caller who can claim the key does so.
    claimant,
    /// This principal owns it.
    principal(Principal),
}

/// The send key that opens the share of a quota kept for the owner's contacts.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum NewSendKey {
    /// No send key.
    none,
    /// The secret with this SHA-256, 32 bytes.
    sha256(ByteBuf),
}

/// The quota that applies to a key.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum OwnQuota {
    /// The store's `key_quota`.
    store,
    /// The key's own quota.
    own(Quota),
}

/// The reason why settings of a key were refused. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The key id is empty or too long.
    KeyIdLength(TooLong),
    /// The caller may not change one of these settings.
    NotAllowed,
    /// See [`Limited`].
    Limited(Limited),
    /// This principal cannot own the key: it is the anonymous principal or the management canister, or the key id is another
    /// principal.
    Owner {
        /// The given principal.
        owner: Principal,
    },
    /// The hash of the send key does not have 32 bytes.
    SendKey {
        /// The given length.
        length: u32,
        /// 32.
        expected: u32,
    },
    /// The caller cannot open a new key.
    KeysFull {
        /// The limit.
        max: u32,
    },
    /// Stable memory cannot grow any more.
    StorageFull,
    /// The heap is close to its limit: no more keys are opened until an upgrade.
    LowMemory,
    /// The canister waits for the platform's randomness; try again.
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}
