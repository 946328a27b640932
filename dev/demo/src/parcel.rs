//! The sealed parts of the files, and where the canister put them.

use message_canister::api::{Id, NewMessage, Stored};
use sealing::Key;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::files::Source;
use crate::part;
use crate::progress::Progress;

/// A sealed part of a file.
pub struct Parcel {
    /// Whose it is, a place among the keys.
    pub key: usize,
    /// What it is a part of, a place among the files.
    pub file: usize,
    /// What the canister gets to see, with the key id.
    pub ciphertext: Vec<u8>,
    /// Its SHA-256.
    pub hash: [u8; 32],
    /// Where the canister stored it, 0: not yet.
    pub id: Id,
}

impl Parcel {
    /// What to send.
    pub fn message(&self, keys: &[Key]) -> NewMessage {
        NewMessage {
            key_id: ByteBuf::from(keys[self.key].id()),
            ciphertext: ByteBuf::from(self.ciphertext.as_slice()),
            send_key: None,
        }
    }

    /// What to ask for: "was it stored?".
    pub fn pair(&self, keys: &[Key]) -> Stored {
        Stored { key_id: ByteBuf::from(keys[self.key].id()), hash: ByteBuf::from(self.hash) }
    }
}

/// Seals every file, the keys taking turns, in messages of at most `max` bytes.
pub fn seal_all(files: &[Source], keys: &[Key], max: usize) -> Result<Vec<Parcel>, Error> {
    let mut progress = Progress::new("sealing files", files.len());
    let mut parcels = Vec::new();
    for (file, source) in files.iter().enumerate() {
        let key = file % keys.len();
        for index in 0..part::count(source, max) {
            let ciphertext = sealing::seal(&part::nth(source, index, max), &keys[key], max)
                .map_err(|error| Error::Wrong(error.to_string()))?;
            let hash = Sha256::digest(&ciphertext).into();
            parcels.push(Parcel { key, file, ciphertext, hash, id: 0 });
        }
        progress.advance(1);
    }
    Ok(parcels)
}
