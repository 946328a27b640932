//! The owners of key ids. The length of the key id decides:
//!
//! | bytes | the key id is | its owner |
//! |---|---|---|
//! | 29, the last one 2 | a self-authenticating principal | that principal, without a claim |
//! | 20 | the Ethereum address of a secp256k1 key | that key's principal, with the public key |
//! | 32 | SHA-256 of a public key in DER | that key's principal, with the public key |
//! | 32 | SHA-256([`SALTED_OWNER`] \| principal \| salt of 16 bytes) | that principal, with the salt |
//! | other | anything | nobody, until an admin names somebody |
//!
//! The platform has verified that the caller's public key signed the call. A self-authenticating principal is the
//! SHA-224 of that key in DER, followed by a 2. So a caller whose principal is the hash of a public key holds that key,
//! and no signature is checked here. The bytes hashed for the third row start with a DER sequence, those for the fourth
//! with the tag, and the salt's length is fixed. So no two rows and no two principals hash the same bytes.

use crate::api::{ClaimError, OwnerProof, TooLong};
use crate::limits::{MAX_KEY_ID_BYTES, MAX_PUBLIC_KEY_BYTES};
use candid::Principal;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};
use sha3::Keccak256;
use spki::der::Decode;
use spki::der::asn1::{Null, ObjectIdentifier};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

/// Precedes the principal and salt in the hash that makes a salted key id.
pub const SALTED_OWNER: &[u8] = b"message-canister salted owner 1";
/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;

/// Bytes of a self-authenticating principal.
const SELF_AUTHENTICATING_BYTES: usize = 29;
/// The last byte of a self-authenticating principal.
const SELF_AUTHENTICATING: u8 = 2;
/// Bytes of an Ethereum address.
const ADDRESS_BYTES: usize = 20;
/// Bytes of a SHA-256.
const HASH_BYTES: usize = 32;

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");

/// The principal that the key id is, if it is self-authenticating. It owns the key, whatever a record says.
pub fn implicit_owner(key_id: &[u8]) -> Option<Principal> {
    let is_one = key_id.len() == SELF_AUTHENTICATING_BYTES && key_id.last() == Some(&SELF_AUTHENTICATING);
    is_one.then(|| Principal::try_from_slice(key_id).ok()).flatten()
}

/// Whether `principal` owns a key whose record names `recorded`.
pub fn owns(key_id: &[u8], recorded: Option<Principal>, principal: Principal) -> bool {
    implicit_owner(key_id).or(recorded) == Some(principal)
}

/// Whether `principal` may own a key, whatever a record says. If it returns `false`, the record need not be read.
pub fn may_own(key_id: &[u8], principal: Principal) -> bool {
    principal != Principal::anonymous() && implicit_owner(key_id).is_none_or(|owner| owner == principal)
}

/// Checks whether `proof` shows that the key belongs to `caller`, the call's sender as the platform reports it.
pub fn check_claim(key_id: &[u8], proof: &OwnerProof, caller: Principal) -> Result<(), ClaimError> {
    let length = u32::try_from(key_id.len()).unwrap_or(u32::MAX);
    if !(1..=MAX_KEY_ID_BYTES).contains(&key_id.len()) {
        return Err(ClaimError::KeyIdLength(TooLong { length, max: MAX_KEY_ID_BYTES as u32 }));
    }
    let implicit = implicit_owner(key_id);
    if implicit.is_none() && ![ADDRESS_BYTES, HASH_BYTES].contains(&key_id.len()) {
        return Err(ClaimError::NotClaimable { length });
    }
    if caller == Principal::anonymous() {
        return Err(ClaimError::Anonymous);
    }
    // The proof belongs to exactly one key id of each length.
    let belongs_to = match proof {
        OwnerProof::own if implicit == Some(caller) => return Ok(()),
        OwnerProof::own => return Err(not_that_key(caller.as_slice())),
        OwnerProof::public_key(der) => {
            let key = PublicKey::from_der(der)?;
            let signer = Principal::self_authenticating(der);
            if signer != caller {
                return Err(ClaimError::NotTheCaller { signer });
            }
            if key_id.len() == ADDRESS_BYTES { key.ethereum_address()?.to_vec() } else { Sha256::digest(der).to_vec() }
        }
        OwnerProof::salt(salt) => salted_key_id(caller, salt)?.to_vec(),
    };
    if belongs_to == key_id { Ok(()) } else { Err(not_that_key(&belongs_to)) }
}

fn not_that_key(belongs_to: &[u8]) -> ClaimError {
    ClaimError::NotThatKey { key_id: ByteBuf::from(belongs_to) }
}

/// The key id that a principal owns with a salt of [`SALT_BYTES`] bytes.
fn salted_key_id(principal: Principal, salt: &[u8]) -> Result<[u8; HASH_BYTES], ClaimError> {
    if salt.len() != SALT_BYTES {
        let length = u32::try_from(salt.len()).unwrap_or(u32::MAX);
        return Err(ClaimError::SaltLength { length, expected: SALT_BYTES as u32 });
    }
    let hash = Sha256::new().chain_update(SALTED_OWNER).chain_update(principal.as_slice()).chain_update(salt);
    Ok(hash.finalize().into())
}

/// A public key, parsed from a SubjectPublicKeyInfo in strict DER.
struct PublicKey<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    /// The subjectPublicKey. The algorithm decides what it means.
    bytes: &'a [u8],
}

impl<'a> PublicKey<'a> {
    /// Parses a public key of any algorithm. The platform decides which algorithms can sign.
    fn from_der(der: &'a [u8]) -> Result<Self, ClaimError> {
        if der.len() > MAX_PUBLIC_KEY_BYTES {
            return Err(refused(format!("{} bytes; a public key has at most {MAX_PUBLIC_KEY_BYTES}", der.len())));
        }
        // The library's error texts would take 10 KB of Wasm. The position is enough.
        let not_strict = |error: spki::der::Error| {
            let position = error.position().map_or(0, u32::from);
            refused(format!("not a SubjectPublicKeyInfo in strict DER, at byte {position}"))
        };
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(not_strict)?;
        // Parameters of other types would stay unparsed, so they might not be DER. The platform takes no keys with such
        // parameters.
        if let Some(parameters) = info.algorithm.parameters {
            let known = parameters.decode_as::<ObjectIdentifier>().map(|_| ());
            known.or_else(|_| parameters.decode_as::<Null>().map(|_| ())).map_err(not_strict)?;
        }
        let bytes = info.subject_public_key.as_bytes().ok_or_else(|| refused("the key ends within a byte".into()))?;
        Ok(Self { algorithm: info.algorithm, bytes })
    }

    /// The last 20 bytes of the Keccak-256 of a secp256k1 key's point. The point is uncompressed, because the platform
    /// takes these keys in no other form.
    fn ethereum_address(&self) -> Result<[u8; ADDRESS_BYTES], ClaimError> {
        let curve = self.algorithm.parameters.and_then(|parameters| parameters.decode_as().ok());
        if self.algorithm.oid != EC_PUBLIC_KEY || curve != Some(SECP256K1) {
            return Err(refused("only a secp256k1 key has an Ethereum address".into()));
        }
        match self.bytes {
            [4, point @ ..] if point.len() == 64 => {
                let hash: [u8; HASH_BYTES] = Keccak256::digest(point).into();
                let mut address = [0; ADDRESS_BYTES];
                address.copy_from_slice(&hash[HASH_BYTES - ADDRESS_BYTES..]);
                Ok(address)
            }
            _ => Err(refused("the point is not uncompressed, in 65 bytes".into())),
        }
    }
}

fn refused(reason: String) -> ClaimError {
    ClaimError::PublicKey(reason)
}
