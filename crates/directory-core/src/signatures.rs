//! A list of signatures over one message.
//!
//! ```text
//! 0   n 1 (0 to 24) | n x (key 33 | signature 64), keys strictly ascending
//! ```

use crate::bytes::{DecodeError, Reader, decode_all, require};
use crate::policy::{KEY_SIZE, Key, MAX_KEYS, Policy};
use ed25519_dalek::{Signer, SigningKey};

/// Maximum number of signatures of a list: an old, a new and a recovery policy that share no key.
pub const MAX_SIGNATURES: usize = 3 * MAX_KEYS;

/// Signatures by different keys, in the order of the keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signatures(Vec<(Key, [u8; 64])>);

/// The reason why signatures do not authorise a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureError {
    /// Fewer of the policy's keys signed than it requires.
    TooFew {
        /// The policy.
        role: Role,
        /// Keys that must sign.
        needed: u8,
        /// Keys that signed.
        found: u8,
    },
    /// A key signed that belongs to none of the policies.
    Foreign(Key),
    /// A signature is wrong.
    Wrong(Key),
}

/// The role of a policy in a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The policy in force. It authorises the change.
    Current,
    /// The policy of the new entry. It proves that its keys are held.
    New,
    /// The recovery policy in force.
    Recovery,
    /// The registrar's policy.
    Registrar,
}

impl Signatures {
    /// Bytes of a key and its signature.
    pub const ONE: usize = KEY_SIZE + 64;

    /// Makes a list of at most 24 signatures, in any order. If a key occurs twice, its first signature is kept.
    pub fn new(mut signatures: Vec<(Key, [u8; 64])>) -> Result<Self, DecodeError> {
        signatures.sort_by_key(|(key, _)| *key);
        signatures.dedup_by_key(|(key, _)| *key);
        require(signatures.len() <= MAX_SIGNATURES, "number of signatures", signatures.len() as u64)?;
        Ok(Self(signatures))
    }

    /// The signature of one key over a message.
    pub fn by(secret: &SigningKey, message: &[u8]) -> Self {
        Self(vec![(Key::of(secret), secret.sign(message).to_bytes())])
    }

    /// Keys and signatures, in the order of the keys.
    pub fn all(&self) -> &[(Key, [u8; 64])] {
        &self.0
    }

    /// Checks that enough keys of each policy signed the message, that each signature belongs to a policy, and that each is
    /// valid. Counting comes first, because it costs a thousandth of checking a signature.
    pub fn authorise(&self, message: &[u8], policies: &[(Role, &Policy)]) -> Result<(), SignatureError> {
        for (role, policy) in policies {
            let found = self.0.iter().filter(|(key, _)| policy.has(key)).count() as u8;
            if found < policy.threshold() {
                return Err(SignatureError::TooFew { role: *role, needed: policy.threshold(), found });
            }
        }
        if let Some((key, _)) = self.0.iter().find(|(key, _)| !policies.iter().any(|(_, policy)| policy.has(key))) {
            return Err(SignatureError::Foreign(*key));
        }
        match self.0.iter().find(|(key, signature)| !key.verifies(message, signature)) {
            Some((key, _)) => Err(SignatureError::Wrong(*key)),
            None => Ok(()),
        }
    }

    /// Decodes a list.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, Self::read)
    }

    /// Encodes the list.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::read_beside(reader, &[])
    }

    /// Reads a list. Keys among `known` were checked before.
    pub(crate) fn read_beside(reader: &mut Reader<'_>, known: &[Key]) -> Result<Self, DecodeError> {
        let number = reader.u8("number of signatures")?;
        require(usize::from(number) <= MAX_SIGNATURES, "number of signatures", number)?;
        let signatures = (0..number)
            .map(|_| Ok((Key::read_beside(reader, known)?, reader.array("signature")?)))
            .collect::<Result<Vec<_>, DecodeError>>()?;
        require(signatures.is_sorted_by(|a, b| a.0 < b.0), "order of signatures", number)?;
        Ok(Self(signatures))
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.0.len() as u8);
        for (key, signature) in &self.0 {
            key.write(out);
            out.extend(signature);
        }
    }
}
