//! The format against vectors made by Node's cryptography, and against altered messages.

use proptest::prelude::*;
use serde::Deserialize;

use crate::content::{Content, ContentError, MAX_NAME_BYTES};
use crate::format::{HEADER_BYTES, OVERHEAD_BYTES, SALT_BYTES, looks_sealed};
use crate::keys::{Key, KeyError};
use crate::seal::{OpenError, SealError, open, seal, seal_with};

const SCOPE: [u8; 10] = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1];
const MAX: usize = 2_000_000;

#[derive(Deserialize)]
struct Vectors {
    passphrases: Vec<PassphraseVector>,
    files: Vec<FileVector>,
    messages: Vec<MessageVector>,
}

#[derive(Deserialize)]
struct PassphraseVector {
    passphrase: String,
    scope: String,
    key_id: String,
}

#[derive(Deserialize)]
struct FileVector {
    file: String,
    scope: String,
    key_id: String,
}

#[derive(Deserialize)]
struct MessageVector {
    salt: String,
    content: ContentVector,
    sealed: String,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum ContentVector {
    Text { text: String },
    File { name: String, bytes: String },
    Unknown { plain: String },
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/version-1.json")).expect("the vectors are JSON of these fields")
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("the vectors are in hex");
    (0..hex.len()).step_by(2).map(byte).collect()
}

fn key() -> Key {
    Key::from_file(&(0..32).collect::<Vec<u8>>(), &SCOPE).expect("32 bytes are enough")
}

fn hello() -> Content {
    Content::Text("hello".into())
}

#[test]
fn derives_the_key_ids_of_the_vectors() {
    let vectors = vectors();
    for vector in &vectors.passphrases {
        let key = Key::from_passphrase(&vector.passphrase, &bytes(&vector.scope)).expect("it is not empty");
        assert_eq!(key.id(), bytes(&vector.key_id), "{:?}", vector.passphrase);
    }
    for vector in &vectors.files {
        let key = Key::from_file(&bytes(&vector.file), &bytes(&vector.scope)).expect("it is long enough");
        assert_eq!(key.id(), bytes(&vector.key_id));
    }
    assert_eq!((vectors.passphrases.len(), vectors.files.len()), (3, 3));
}

#[test]
fn seals_and_opens_the_messages_of_the_vectors() {
    let (vectors, key) = (vectors(), key());
    assert_eq!(vectors.messages.len(), 13);
    for MessageVector { salt, content, sealed } in vectors.messages {
        let sealed = bytes(&sealed);
        let (plain, expected) = match content {
            ContentVector::Text { text } => of(Content::Text(text)),
            ContentVector::File { name, bytes: hex } => of(Content::File { name, bytes: bytes(&hex) }),
            ContentVector::Unknown { plain } => (bytes(&plain), Err(OpenError::UnknownContent)),
        };
        let salt: [u8; SALT_BYTES] = bytes(&salt).try_into().expect("a salt has 32 bytes");
        assert_eq!(seal_with(&plain, &key, &salt), sealed);
        assert_eq!(open(&sealed, key.id(), &key), expected);
    }
}

fn of(content: Content) -> (Vec<u8>, Result<Content, OpenError>) {
    (content.encode().expect("the names are short").to_vec(), Ok(content))
}

#[test]
fn a_passphrase_has_one_key_in_either_unicode_form() {
    let key = |passphrase| Key::from_passphrase(passphrase, &SCOPE).expect("it is not empty").id().to_vec();
    assert_eq!(key("caf\u{e9}"), key("cafe\u{301}"));
}

#[test]
fn notices_each_altered_byte_and_each_that_is_missing_or_added() {
    let key = key();
    let sealed = seal(&hello(), &key, MAX).expect("it is short");
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        let expected = if at < HEADER_BYTES - SALT_BYTES { OpenError::NotSealed } else { OpenError::OtherKey };
        assert_eq!(open(&altered, key.id(), &key), Err(expected), "byte {at}");
        let expected = if at < OVERHEAD_BYTES { OpenError::NotSealed } else { OpenError::OtherKey };
        assert_eq!(open(&sealed[..at], key.id(), &key), Err(expected), "the first {at} bytes");
    }
    assert_eq!(open(&[sealed.as_slice(), &[0]].concat(), key.id(), &key), Err(OpenError::OtherKey));
}

#[test]
fn opens_with_no_other_key_and_under_no_other_key_id() {
    let (key, other) = (key(), Key::from_file(&[9; 32], &SCOPE).expect("32 bytes are enough"));
    let sealed = seal(&hello(), &key, MAX).expect("it is short");
    assert_eq!(open(&sealed, key.id(), &other), Err(OpenError::OtherKey));
    assert_eq!(open(&sealed, other.id(), &key), Err(OpenError::OtherKey));
    // The attacker who moved the message also lies about the key's id. The id is authenticated.
    let id = other.id().try_into().expect("every key id has 20 bytes");
    assert_eq!(open(&sealed, other.id(), &key.with_id(id)), Err(OpenError::OtherKey));
    // The same secret in another canister.
    let elsewhere = Key::from_file(&(0..32).collect::<Vec<u8>>(), &[2]).expect("32 bytes are enough");
    assert_ne!(elsewhere.id(), key.id());
    assert_eq!(open(&sealed, elsewhere.id(), &elsewhere), Err(OpenError::OtherKey));
}

#[test]
fn refuses_secrets_that_hold_none() {
    assert_eq!(Key::from_passphrase("", &SCOPE).err(), Some(KeyError::PassphraseEmpty));
    assert_eq!(Key::from_file(&[1; 31], &SCOPE).err(), Some(KeyError::FileTooShort { length: 31 }));
}

#[test]
fn takes_the_largest_content_that_fits_and_no_larger() {
    let text = |length| Content::Text("x".repeat(length));
    let most = 100 - OVERHEAD_BYTES - 1;
    assert_eq!(seal(&text(most), &key(), 100).map(|sealed| sealed.len()), Ok(100));
    assert_eq!(seal(&text(most + 1), &key(), 100), Err(SealError::TooLarge { bytes: 101, max: 100 }));
    let file = |length| Content::File { name: "n".repeat(length), bytes: vec![] };
    assert!(seal(&file(MAX_NAME_BYTES), &key(), MAX).is_ok());
    let error = SealError::Content(ContentError { name_bytes: MAX_NAME_BYTES + 1 });
    assert_eq!(seal(&file(MAX_NAME_BYTES + 1), &key(), MAX), Err(error));
}

#[test]
fn prints_neither_secrets_nor_plaintexts() {
    let file = Content::File { name: "secret name".into(), bytes: b"secret".to_vec() };
    assert_eq!(format!("{file:?} {:?}", hello()), "File(6 bytes, name of 11 bytes) Text(5 bytes)");
    assert!(!format!("{:?}", key()).contains("master"));
}

proptest! {
    #[test]
    fn opens_what_it_sealed(text in ".{0,100}", name in ".{0,20}", bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let key = key();
        for content in [Content::Text(text), Content::File { name, bytes }] {
            let sealed = seal(&content, &key, MAX).expect("it is short");
            prop_assert!(looks_sealed(&sealed));
            prop_assert_eq!(open(&sealed, key.id(), &key), Ok(content.clone()));
            prop_assert_ne!(seal(&content, &key, MAX).expect("it is short"), sealed);
        }
    }

    #[test]
    fn takes_any_bytes_without_panicking(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(open(&bytes, key().id(), &key()).is_err());
        let _ = Content::decode(&bytes);
    }
}
