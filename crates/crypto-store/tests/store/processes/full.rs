//! A disk that is full: the process may write files of a certain size only.

use super::Process;
use super::child::{GROUP, Log, rotate, send};
use crate::support::{Home, read};
use crypto_store::{Error, Store};
use vodozemac::megolm::GroupSession;

const SMALL: libc::rlim_t = 400 << 10;

/// Sends until no file may grow, looks that the ratchet stands where the last commit left it, and goes on with more space.
pub fn fill(store: &Store, log: &mut Log) {
    rotate(store).unwrap();
    limit(SMALL);
    let mut sent = 0;
    let error = loop {
        match send(store, format!("message {sent}")) {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Sqlite(_)), "{error}");
    assert!(sent > 10, "{sent}");
    assert!(send(store, "again".into()).is_err());
    let index = read(store, |snapshot| Ok(snapshot.get::<GroupSession>(GROUP)?.unwrap().message_index())).unwrap();
    assert_eq!(index, sent);
    limit(libc::RLIM_INFINITY);
    let line = send(store, "more space".into()).unwrap();
    assert!(line.ends_with(&format!("/{sent:08} more space")), "{line}");
    log.line("went on");
}

fn limit(size: libc::rlim_t) {
    let limit = libc::rlimit { rlim_cur: size, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: plain system calls. Without the signal's default, a write beyond the limit returns an error.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
}

#[test]
fn a_full_disk_moves_no_ratchet_and_with_space_the_store_goes_on() {
    let home = Home::new();
    let lines = Process::start("full", home.path(), 0).finish();
    assert_eq!(lines, ["went on"]);
}
