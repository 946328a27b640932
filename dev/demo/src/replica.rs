//! The node that Bob asks. It forwards every answer until it is told to lie.
//!
//! It has the node's key, so its signature under a lie is valid, and no agent objects. It cannot sign for the subnet.

use std::sync::{Mutex, PoisonError};

use client::api::Page;
use local_network::Keys;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};
use test_support::liar::with_page;
use test_support::proxy::Between;

/// A lie about the messages of a key, of which there is one at least.
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
    keys: Keys,
    lie: Mutex<Option<Lie>>,
}

impl Replica {
    /// An honest one, with the node's key among these.
    pub fn honest(keys: Keys) -> Self {
        Self { keys, lie: Mutex::default() }
    }

    /// From now on, the node tells this lie. `None`: it tells the truth.
    pub fn tells(&self, lie: Option<Lie>) {
        *self.lie.lock().unwrap_or_else(PoisonError::into_inner) = lie;
    }
}

impl Between for Replica {
    fn response(&self, path: &str, asked: &[u8], body: Vec<u8>) -> Vec<u8> {
        with_page(&self.keys, path, asked, body, |_, mut page| {
            let lie = (*self.lie.lock().unwrap_or_else(PoisonError::into_inner))?;
            page.messages.first()?;
            (lie.change)(&mut page);
            Some(page)
        })
    }
}
