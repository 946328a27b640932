//! A read is verified as of a time, or has a reason why it is not. A reply that contradicts its proof is a [`Lie`].

use std::error::Error;
use std::fmt;

use crate::api::Id;
use crate::plain::plain;
use directory_core::bundle::BundleError;
use directory_core::verify::VerifyError;
use proofs::heads::HeadsRefused;
use proofs::seen::Broken;
use proofs::verify::Refused;
use proofs::wire::Malformed;

/// A value that was read, and whether it was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<T> {
    /// The value.
    pub value: T,
    /// Whether it was verified.
    pub trust: Trust,
}

/// Whether a read was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// A certificate of the subnet proves it.
    Verified {
        /// The certificate's time, in unix seconds. The value was true then.
        as_of: u64,
    },
    /// One replica says so.
    Unverified {
        /// The reason why it is not verified.
        why: Unverified,
    },
}

/// The reason why a read is not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unverified {
    /// The transport has no certificates.
    NoCertificates,
    /// The canister has no proof of this kind of list: ids or times across keys, or no keys at all.
    Unprovable,
}

impl fmt::Display for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificates => write!(f, "the transport has no certificates"),
            Self::Unprovable => write!(f, "there are no proofs of this kind of list"),
        }
    }
}

/// The reason why a reply does not verify.
#[derive(Debug)]
pub enum Lie {
    /// A proof was asked for, and none came. A caller who may not read a key gets none. Where reads are closed, the
    /// owner of an absent key gets none either: [`crate::Client::certified_key_heads`] shows whether the key is absent.
    NoProof,
    /// The certificate is not signed by the subnet, belongs to another canister, or is too old.
    Certificate(Box<dyn Error + Send + Sync>),
    /// The bytes are not a proof.
    Malformed(Malformed),
    /// The proof belongs to another state than the certified one.
    OtherState,
    /// The proof does not prove the page.
    Page(Refused),
    /// The proof does not prove the heads.
    Heads(HeadsRefused),
    /// The answer contradicts the reader's memory.
    Seen(Broken),
    /// A message is under another key than the one asked for.
    OtherKey {
        /// The message.
        id: Id,
    },
    /// Another message than the one asked for.
    OtherMessage {
        /// The message asked for.
        asked: Id,
        /// The message of the answer.
        found: Id,
    },
    /// A field of a message differs from its content or from the proof.
    Message {
        /// The message.
        id: Id,
        /// The field in `canister.did`.
        field: &'static str,
    },
    /// A field of the answer differs from the proof.
    Answer {
        /// The field in `canister.did`.
        field: &'static str,
    },
    /// An answer of the directory does not verify.
    Lookup(VerifyError),
    /// A device's bundle is not good for the label that was looked up.
    Bundle(BundleError),
    /// A key's head differs from the proof.
    Head {
        /// The key's place in the question.
        at: usize,
        /// The field in `canister.did`; `opt`: whether the key is known at all.
        field: &'static str,
    },
}

impl fmt::Display for Lie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProof => write!(f, "the proof is missing"),
            Self::Certificate(why) => write!(f, "its certificate proves nothing: {}", plain(&why.to_string())),
            Self::Malformed(why) => why.fmt(f),
            Self::OtherState => write!(f, "the proof belongs to another state than the certified one"),
            Self::Page(why) => why.fmt(f),
            Self::Heads(why) => why.fmt(f),
            Self::Seen(why) => why.fmt(f),
            Self::OtherKey { id } => write!(f, "message {id} is said to be of another key"),
            Self::OtherMessage { asked, found } => write!(f, "message {found} instead of message {asked}"),
            Self::Message { id, field } => write!(f, "{field} of message {id} is false"),
            Self::Answer { field } => write!(f, "{field} of the answer is false"),
            Self::Lookup(why) => write!(f, "the directory's answer does not verify: {why:?}"),
            Self::Bundle(why) => write!(f, "a device's bundle does not verify: {why:?}"),
            Self::Head { at, field: "opt" } => write!(f, "a key is denied or invented: number {at}"),
            Self::Head { at, field } => write!(f, "{field} of key number {at} is false"),
        }
    }
}

impl Error for Lie {}
