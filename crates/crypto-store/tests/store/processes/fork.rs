//! A fork has no threads and no right to the connections.

use super::Process;
use crate::support::{Home, read, write};
use crypto_store::{Error, Store};
use vodozemac::olm::Account;

/// Exits with 0 if every use is an error in a forked child, and none in its parent afterwards.
pub fn fork(store: &Store) {
    let parent = std::process::id();
    // SAFETY: the child calls the store, which must refuse before it touches a lock or a thread, and exits.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let refused = |error: Option<Error>| matches!(error, Some(Error::Forked { opened_by }) if opened_by == parent);
        let all = refused(write(store, |tx| tx.put("self", Account::new())).err())
            && refused(read(store, |snapshot| snapshot.get::<Account>("self")).err())
            && refused(key_cache::block_on(store.changes()).err());
        // SAFETY: ends the process without running what the parent will.
        unsafe { libc::_exit(if all { 0 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: waits for the child made above.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0);
    write(store, |tx| tx.put("self", Account::new())).unwrap();
}

#[test]
fn after_a_fork_every_use_is_an_error_in_the_child_and_none_in_the_parent() {
    let home = Home::new();
    Process::start("fork", home.path(), 0).finish();
    assert!(read(&home.open(), |snapshot| snapshot.get::<Account>("self")).unwrap().is_some());
}
