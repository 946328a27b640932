//! No file contains a text. Neither a file nor the output of a command contains a key.

use crate::network::Network;
use crate::people::{Done, Person, files};
use crypto_store::{Options, Store, fields};
use key_cache::local::{LocalManager, RootKey};
use key_cache::{KeyCache, Limits, Runtime};
use mailbox::Place;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use vodozemac::olm::{Account, Session};

/// A word that occurs nowhere else.
const WORD: &str = "xylophone-4711";

fn has(bytes: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(bytes, needle).is_some()
}

/// The files of a person's mailbox that have these bytes.
pub fn files_with(person: &Person, needle: &[u8]) -> Vec<PathBuf> {
    files(&person.folder()).into_iter().filter(|(_, bytes)| has(bytes, needle)).map(|(path, _)| path).collect()
}

#[test]
fn no_file_of_either_side_contains_a_text_a_name_or_an_address() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let path = alice.path("xylophone-4712");
    std::fs::write(&path, "xylophone-4713".repeat(10)).unwrap();
    alice.run(&["send", "bob", "-m", WORD]).code(0);
    alice.run(&["send", "bob", path.to_str().unwrap()]).code(0);
    bob.run(&["receive"]).code(0);
    assert!(bob.run(&["log"]).code(0).stdout.contains(WORD));
    let network_url = network.url();
    for person in [&alice, &bob] {
        for needle in [WORD, "xylophone-4712", "xylophone-4713", &network_url, "alice", "bob"] {
            assert_eq!(files_with(person, needle.as_bytes()), Vec::<PathBuf>::new(), "{needle}");
        }
    }
    // The search finds a known value, also in files of the store.
    let database = alice.folder().join("store/store.sqlite");
    assert!(files_with(&alice, b"SQLite format 3").contains(&database));
    std::fs::write(alice.folder().join("control"), WORD).unwrap();
    assert_eq!(files_with(&alice, WORD.as_bytes()), [alice.folder().join("control")]);
}

/// The row of a device: the place of its mail; the seeds of the address and the sender, and the send key; its inboxes. Each
/// inbox has the seed of its owner, its HPKE key, the public fallback key and the time when it was made.
type Own = (Place, [[u8; 32]; 3], Vec<([u8; 32], [u8; 32], [u8; 32], u64)>);

/// Every secret key in a person's store, opened with the key file.
fn secret_keys(person: &Person) -> Vec<[u8; 32]> {
    let root = RootKey::open_key_file(&person.folder().join("root.key")).unwrap();
    let cache = KeyCache::new(LocalManager::new(root), Limits::default(), Runtime::threads()).unwrap();
    let store = Store::open(&person.folder().join("store"), Arc::new(cache), Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let read = store.read(|snapshot| {
        let own = snapshot.get::<fields::Device>(b"own")?.unwrap();
        let (_, seeds, inboxes): Own = postcard::from_bytes(&own.value.bytes).unwrap();
        let mut keys = seeds.to_vec();
        keys.extend(inboxes.iter().flat_map(|(owner, hpke, ..)| [*owner, *hpke]));
        let account = snapshot.get::<Account>(b"own")?.unwrap();
        collect(&serde_json::to_value(account.value.pickle()).unwrap(), &mut keys);
        for row in snapshot.range::<Session>(b"", b"", 100)? {
            let session = serde_json::to_value(row.held.value.pickle()).unwrap();
            // The first three keys of a session are public.
            collect(&session["sending_ratchet"], &mut keys);
            collect(&session["receiving_chains"], &mut keys);
        }
        Ok::<_, crypto_store::Error>(keys)
    });
    runtime.block_on(read).unwrap()
}

/// All lists of 32 bytes in a value.
fn collect(value: &Value, keys: &mut Vec<[u8; 32]>) {
    match value {
        Value::Array(items) => {
            let byte = |item: &Value| item.as_u64().and_then(|item| u8::try_from(item).ok());
            let bytes: Option<Vec<u8>> = items.iter().map(byte).collect();
            match bytes.and_then(|bytes| bytes.try_into().ok()) {
                Some(key) => keys.push(key),
                None => items.iter().for_each(|item| collect(item, keys)),
            }
        }
        Value::Object(fields) => fields.values().for_each(|field| collect(field, keys)),
        _ => {}
    }
}

/// The possible encodings of a key: bytes, hexadecimal, Base64, a list of numbers.
fn forms(key: &[u8; 32]) -> [Vec<u8>; 4] {
    let list = format!("{key:?}").trim_matches(['[', ']']).to_owned();
    [key.to_vec(), hex::encode(key).into(), vodozemac::base64_encode(key).into(), list.into()]
}

/// Number of keys that these bytes contain, in any encoding.
fn found(keys: &[[u8; 32]], bytes: &[u8]) -> usize {
    keys.iter().filter(|key| forms(key).iter().any(|form| has(bytes, form))).count()
}

/// Asserts that no file of a person's mailbox contains a secret key.
pub fn assert_no_key(person: &Person) {
    let keys = secret_keys(person);
    for (path, bytes) in files(&person.folder()) {
        assert_eq!(found(&keys, &bytes), 0, "{}", path.display());
    }
    // The search finds each encoding of each key.
    for form in 0..4 {
        let control: Vec<u8> = keys.iter().flat_map(|key| forms(key)[form].clone()).collect();
        assert_eq!(found(&keys, &control), keys.len());
    }
}

#[test]
fn no_file_and_no_output_of_a_command_contains_a_secret_key() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let directory = network.directory.to_text();
    let mut said = Vec::new();
    let mut errors = Vec::new();
    let mut run = |person: &Person, arguments: &[&str]| {
        let Done { stdout, stderr, .. } = person.run(arguments);
        said.extend_from_slice(stdout.as_bytes());
        said.extend_from_slice(stderr.as_bytes());
        errors.extend_from_slice(stderr.as_bytes());
    };
    for person in [&alice, &bob] {
        run(person, &["directory", &directory, "--certified-only"]);
    }
    run(&bob, &["register", "bob"]);
    run(&alice, &["send", "bob", "-m", WORD]);
    run(&bob, &["receive", "--json"]);
    run(&bob, &["send", "alice", "-m", WORD]);
    run(&alice, &["receive"]);
    // Commands that fail, each in a different way.
    run(&alice, &["send", "nobody", "-m", WORD]);
    run(&alice, &["contacts", "find", "carol"]);
    run(&bob, &["keys", "rotate"]);
    run(&alice, &["receive", "--json"]);
    for arguments in [
        &["status"][..],
        &["outbox"],
        &["log", "--json"],
        &["contacts", "list"],
        &["id"],
        &["monitor"],
        &["doctor", "--json"],
    ] {
        run(&alice, arguments);
        run(&bob, arguments);
    }
    assert!(has(&said, WORD.as_bytes()) && !has(&errors, WORD.as_bytes()), "texts are shown, but not in errors");
    for person in [&alice, &bob] {
        let keys = secret_keys(person);
        // Address, sender, send key; owner and HPKE key of an inbox; signing, identity and fallback key; a ratchet's root and
        // ratchet key.
        assert!(keys.len() >= 10, "{}", keys.len());
        assert_eq!(found(&keys, &said), 0);
        assert_no_key(person);
    }
}
