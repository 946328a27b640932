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
    /// The index of its key.
    pub key: usize,
    /// The index of the file that it is a part of.
    pub file: usize,
    /// The ciphertext, which the canister sees with the key id.
    pub ciphertext: Vec<u8>,
    /// Its SHA-256.
    pub hash: [u8; 32],
    /// Where the canister stored it, 0: not yet.
    pub id: Id,
}

impl Parcel {
    /// The message to send.
    pub fn message(&self, keys: &[Key]) -> NewMessage {
        NewMessage {
            key_id: ByteBuf::from(keys[self.key].id()),
            ciphertext: ByteBuf::from(self.ciphertext.as_slice()),
            send_key: None,
        }
    }

    /// The question to ask: "was it stored?".
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sealing::{Content, FILE_MIN_BYTES};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: [u8; FILE_MIN_BYTES] = [7; FILE_MIN_BYTES];
    const CANISTER: [u8; 10] = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1];
    const MAX: usize = 400;

    /// One that fits into a message, one without bytes, and one in several parts.
    fn files() -> [Source; 3] {
        let bytes = (0..1_000).map(|at| (at % 251) as u8).collect();
        [("réport.txt", b"a report".to_vec()), ("folder/empty", Vec::new()), ("large", bytes)]
            .map(|(name, bytes)| Source { name: name.as_bytes().to_vec(), bytes })
    }

    fn parts(files: &[Source]) -> Vec<Content> {
        let of = |file| (0..part::count(file, MAX)).map(move |index| part::nth(file, index, MAX));
        files.iter().flat_map(of).collect()
    }

    fn vector(parcel: &Parcel, part: &Content) -> Value {
        let Content::File { name, bytes } = part else { panic!("{part:?} is no file") };
        json!({ "name": name, "bytes": hex::encode(bytes), "ciphertext": hex::encode(&parcel.ciphertext) })
    }

    /// The page's tests open the same file. Sealing draws a salt each time, so it is written only on demand:
    /// `WRITE_VECTORS=1 cargo test -p demo parcels`.
    #[test]
    fn the_committed_parcels_open_to_the_parts_of_their_files() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/parcels.json");
        let key = || Key::from_file(&SECRET, &CANISTER).unwrap();
        let (files, keys) = (files(), [key()]);
        let parts = parts(&files);
        assert_eq!(parts.len(), 6);
        if std::env::var_os("WRITE_VECTORS").is_some() {
            let parcels = seal_all(&files, &keys, MAX).unwrap();
            let parcels: Vec<_> = parcels.iter().zip(&parts).map(|(parcel, part)| vector(parcel, part)).collect();
            let (key_file, canister) = (hex::encode(SECRET), hex::encode(CANISTER));
            let made = json!({ "key_file": key_file, "canister": canister, "key_id": hex::encode(key().id()), "parcels": parcels });
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, format!("{made:#}\n")).unwrap();
        }
        let committed: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(committed["key_id"], hex::encode(key().id()));
        let parcels = committed["parcels"].as_array().unwrap();
        assert_eq!(parcels.len(), parts.len());
        for (parcel, part) in parcels.iter().zip(parts) {
            let ciphertext = hex::decode(parcel["ciphertext"].as_str().unwrap()).unwrap();
            assert!(ciphertext.len() <= MAX);
            let Content::File { name, bytes } = &part else { panic!("{part:?} is no file") };
            assert_eq!((&parcel["name"], &parcel["bytes"]), (&json!(name), &json!(hex::encode(bytes))));
            assert_eq!(sealing::open(&ciphertext, key().id(), &key()), Ok(part));
        }
    }
}
