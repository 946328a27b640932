//! No text and no key in any file.

use crate::network::Network;
use crate::people::{Person, files};
use std::path::PathBuf;

/// A word that occurs nowhere else.
const WORD: &str = "xylophone-4711";

fn files_with(person: &Person, needle: &[u8]) -> Vec<PathBuf> {
    let has = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    files(&person.folder()).into_iter().filter(|(_, bytes)| has(bytes)).map(|(path, _)| path).collect()
}

#[test]
fn no_file_of_either_side_has_a_text_a_name_or_an_address() {
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
    // The scan finds what is there, in files of the store too.
    let database = alice.folder().join("store/store.sqlite");
    assert!(files_with(&alice, b"SQLite format 3").contains(&database));
    std::fs::write(alice.folder().join("control"), WORD).unwrap();
    assert_eq!(files_with(&alice, WORD.as_bytes()), [alice.folder().join("control")]);
}
