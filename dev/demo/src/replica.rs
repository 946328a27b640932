//! The node that Bob asks. It forwards every answer until it is told to lie.
//!
//! It has the node's key, so its signature under a lie is valid, and no agent objects. It cannot sign for the subnet.

use std::sync::{Mutex, PoisonError};

use candid::{decode_one, encode_one};
use client::api::{Page, PageError};
use ic_ed25519::PrivateKey;
use ic_transport_types::{Envelope, EnvelopeContent, NodeSignature, QueryResponse};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};
use test_support::proxy::Between;

/// The method whose answers it changes.
const METHOD: &str = "get_messages_by_key";
/// The tag of self-described CBOR.
const SELF_DESCRIBED: &[u8] = b"\xd9\xd9\xf7";

/// A lie about a page of a key's messages, which must not be empty.
#[derive(Clone, Copy)]
pub struct Lie {
    /// The lie in words, after "a node".
    pub what: &'static str,
    change: fn(&mut Page),
}

/// The lies that the node tells.
pub const LIES: [Lie; 4] = [
    Lie { what: "leaves out the oldest message", change: |page| drop(page.messages.remove(0)) },
    Lie {
        what: "forges a message and its hash",
        change: |page| {
            let message = &mut page.messages[0];
            message.ciphertext[0] ^= 1;
            message.hash = ByteBuf::from(Sha256::digest(&message.ciphertext).to_vec());
        },
    },
    Lie { what: "says that a message is an hour older", change: |page| page.messages[0].timestamp -= 3_600 },
    Lie { what: "withholds the proof", change: |page| page.proof = None },
];

/// The node.
pub struct Replica {
    key: PrivateKey,
    lie: Mutex<Option<Lie>>,
}

impl Replica {
    /// An honest node with this secret key.
    pub fn honest(key: &[u8; 32]) -> Self {
        Self { key: PrivateKey::deserialize_raw_32(key), lie: Mutex::default() }
    }

    /// From now on, the node tells this lie. `None`: it tells the truth.
    pub fn tells(&self, lie: Option<Lie>) {
        *self.lie.lock().unwrap_or_else(PoisonError::into_inner) = lie;
    }

    /// The changed and signed answer to a query. `None`: there is no lie about it.
    fn lied(&self, asked: &[u8], answer: &[u8]) -> Option<Vec<u8>> {
        let lie = (*self.lie.lock().unwrap_or_else(PoisonError::into_inner))?;
        let envelope: Envelope = serde_cbor::from_slice(plain(asked)).ok()?;
        let EnvelopeContent::Query { method_name, .. } = &*envelope.content else { return None };
        let QueryResponse::Replied { mut reply, mut signatures } = serde_cbor::from_slice(plain(answer)).ok()? else {
            return None;
        };
        let mut page = decode_one::<Result<Page, PageError>>(&reply.arg).ok()?.ok()?;
        if method_name != METHOD || page.messages.is_empty() {
            return None;
        }
        (lie.change)(&mut page);
        reply.arg = encode_one(Ok::<_, PageError>(page)).ok()?;
        let NodeSignature { timestamp, identity, .. } = signatures.pop()?;
        let mut response = QueryResponse::Replied { reply, signatures };
        let signable = response.signable(envelope.content.to_request_id(), timestamp);
        let signature = self.key.sign_message(&signable).to_vec();
        if let QueryResponse::Replied { signatures, .. } = &mut response {
            signatures.push(NodeSignature { timestamp, signature, identity });
        }
        Some([SELF_DESCRIBED, &serde_cbor::to_vec(&response).ok()?].concat())
    }
}

impl Between for Replica {
    fn response(&self, path: &str, asked: &[u8], body: Vec<u8>) -> Vec<u8> {
        let lied = path.ends_with("/query").then(|| self.lied(asked, &body)).flatten();
        lied.unwrap_or(body)
    }
}

fn plain(body: &[u8]) -> &[u8] {
    body.strip_prefix(SELF_DESCRIBED).unwrap_or(body)
}
