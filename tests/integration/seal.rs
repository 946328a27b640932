//! `seal` and `resume`: before and after a snapshot.

use candid::Principal;
use message_canister::api::*;

use crate::support::snapshot::Snapshot;
use crate::support::{Inbox, START_SECONDS, bytes, embedded, new_message, stranger};
use proofs::certified::certified_data;

#[test]
fn admins_alone_seal_and_resume() {
    let inbox = Inbox::new();
    let writer = stranger();
    inbox.set_role(writer, Some(Role::writer)).expect("a role");
    let before = Snapshot::of(&inbox);
    for caller in [writer, Principal::anonymous(), Principal::management_canister()] {
        let theirs = inbox.called_by(caller);
        assert_eq!(theirs.seal(), Err(SealError::NotAllowed), "by {caller}");
        assert_eq!(theirs.resume(), Err(ResumeError::NotAllowed), "by {caller}");
    }
    assert_eq!(inbox.resume(), Err(ResumeError::NotSealed));
    before.assert_same(&inbox, "calls that are refused");
}

#[test]
fn a_sealed_store_refuses_adds_until_the_second_after_its_resume() {
    let inbox = Inbox::new();
    inbox.add_message(b"key", b"before").expect("stored");
    assert_eq!((inbox.seal(), inbox.seal()), (Ok(()), Ok(())), "again it changes nothing");
    assert!(inbox.get_status().sealed);
    assert_eq!(inbox.add_message(b"key", b"while sealed"), Err(AddError::Sealed));
    assert_eq!(inbox.add_messages(&[new_message(b"key", b"while sealed")]), Err(BatchError::Sealed));
    inbox.upgrade(None);
    assert_eq!(inbox.add_message(b"key", b"while sealed"), Err(AddError::Sealed), "after an upgrade, too");
    assert_eq!(inbox.get_message_by_id(1).expect("reads go on").message.ciphertext, b"before");

    let epoch = u64::from(START_SECONDS) + 1;
    assert_eq!(inbox.resume(), Ok(epoch), "the next second");
    let status = inbox.get_status();
    assert_eq!((status.epoch, status.sealed), (epoch, false));
    assert_eq!(inbox.add_message(b"key", b"after"), Err(AddError::Sealed), "in this second an id could be given twice");
    inbox.set_clock(1);
    assert_eq!(inbox.add_message(b"key", b"after").expect("stored").id, 2);
    inbox.assert_all_invariants();
}

/// The state that a reader verifies changes with the epoch at once.
#[test]
fn resuming_certifies_the_new_epoch() {
    let (engine, inbox) = embedded::inbox();
    inbox.add_message(&bytes(1, 41), b"text").expect("stored");
    let certified = || engine.certified_data(inbox.id);
    let before = certified();
    inbox.seal().expect("sealed");
    assert_eq!(certified(), before, "no proof says that a store is sealed");
    inbox.resume().expect("resumed");
    let after = certified();
    assert_ne!(after, before);
    inbox.upgrade(None);
    assert_eq!(certified(), after, "as an upgrade computes it from stable memory");
    assert_eq!(after.len(), certified_data(&[0; 32]).len());
}
