//! Files, in pieces.

use crate::network::Network;
use crate::people::{Done, Person};

#[test]
fn a_file_arrives_whole_beside_texts_and_is_written_once() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let bytes: Vec<u8> = (0..2_500_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let path = alice.path("picture.png");
    std::fs::write(&path, &bytes).unwrap();
    alice.run(&["send", "bob", path.to_str().unwrap()]).code(0);
    std::fs::write(alice.path("empty"), b"").unwrap();
    alice.run(&["send", "bob", alice.path("empty").to_str().unwrap()]).code(0);
    let shown = bob.run(&["receive"]).code(0).stdout;
    assert_eq!(shown, "1\talice: file picture.png of 2500000 bytes\n2\talice: file empty of 0 bytes\n");
    let saved = bob.path("saved");
    bob.run(&["save", "1", saved.to_str().unwrap()]).code(0);
    assert!(std::fs::read(&saved).unwrap() == bytes);
    bob.run(&["save", "2", saved.to_str().unwrap()]).code(1).says("exists");
    // By a name in the present folder.
    let here = bob.command(&["save", "2", "here"]).current_dir(bob.path("")).output().unwrap();
    Done::of(here).code(0);
    assert_eq!(std::fs::read(bob.path("here")).unwrap(), b"");
    bob.run(&["save", "3", bob.path("none").to_str().unwrap()]).code(1).says("no received file with the number 3");
}
