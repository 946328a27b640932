//! Backups.

use crate::network::Network;
use crate::people::Person;

#[test]
fn a_backup_is_restored_as_a_new_device_of_the_same_address_with_its_contacts() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    bob.run(&["send", "alice", "-m", "to the old device"]).code(0);
    alice.run(&["receive"]).code(0);
    let backup = alice.path("backup");
    alice.pipe(&["backup", backup.to_str().unwrap(), "--new-fd", "0"], "correct horse\n").code(0);
    let bytes = std::fs::read(&backup).unwrap();
    assert!(!bytes.windows(3).any(|window| window == b"bob"), "it is sealed");

    let new = alice.path("new");
    let folder = ["--mailbox", new.to_str().unwrap()];
    let restore = [&folder[..], &["restore", backup.to_str().unwrap(), "--secret-fd", "0"]].concat();
    alice.pipe(&restore, "wrong\n").code(1).says("the passphrase is wrong");
    let restored = alice.pipe(&restore, "correct horse\n").code(0).stdout;
    assert!(restored.contains(&alice.address()), "{restored}");
    alice.pipe(&restore, "correct horse\n").code(1).says("there is a mailbox already");
    let run = |arguments: &[&str]| alice.run(&[&folder[..], arguments].concat());
    assert_eq!(run(&["contacts", "list"]).code(0).stdout, alice.run(&["contacts", "list"]).code(0).stdout);
    assert_eq!(run(&["log"]).code(0).stdout, "", "no messages");

    run(&["send", "bob", "-m", "from the new device"]).code(0);
    let shown = bob.run(&["receive"]).code(0).stdout;
    assert_eq!(shown, "2\talice has other devices than before: ask for a new card\n3\talice: from the new device\n");
    bob.run(&["send", "alice", "-m", "who are you?"]).code(1).says("has other devices than before");
    let card = alice.path("alice.card");
    std::fs::write(&card, run(&["id"]).code(0).stdout).unwrap();
    bob.run(&["contacts", "add", card.to_str().unwrap()]).code(0);
    bob.run(&["send", "alice", "-m", "welcome back"]).code(0);
    assert_eq!(run(&["receive"]).code(0).stdout, "2\tbob: welcome back\n");
}

#[test]
fn a_backup_with_any_byte_altered_or_cut_off_restores_nothing() {
    let network = Network::start();
    let alice = Person::new("alice", &network);
    let (backup, altered) = (alice.path("backup"), alice.path("altered"));
    alice.pipe(&["backup", backup.to_str().unwrap(), "--new-fd", "0"], "secret\n").code(0);
    let bytes = std::fs::read(&backup).unwrap();
    let new = alice.path("new");
    let restore = ["--mailbox", new.to_str().unwrap(), "restore", altered.to_str().unwrap(), "--secret-fd", "0"];
    // In the magic, the salt, the root key, the wrapping and the value.
    for at in [0, 30, 50, 100, 140, bytes.len() - 1] {
        let mut other = bytes.clone();
        other[at] ^= 1;
        std::fs::write(&altered, other).unwrap();
        alice.pipe(&restore, "secret\n").code(1);
    }
    for length in [0, 79, 128, 129, bytes.len() - 1] {
        std::fs::write(&altered, &bytes[..length]).unwrap();
        alice.pipe(&restore, "secret\n").code(1);
    }
    assert!(!new.exists());
}
