//! The order of all locks: this process's mutex, `queue.lock`, `store.lock`; then `queue.lock` is released.
//!
//! With a single `flock`, processes could starve, because a process that releases the lock may take it again before
//! the process that was woken. With two, the holder of `queue.lock` is next, and a process that comes again must queue
//! behind it.

use super::FileId;
use super::holder::{Holder, HolderState};
use super::lock_file::{LockFile, Locked, Witness};
use crate::error::{Busy, Error};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

pub(crate) struct Turnstile {
    process: Arc<Mutex<()>>,
    queue: LockFile,
    store: LockFile,
    id: FileId,
    store_path: PathBuf,
}

/// The right to write, until it is dropped. Store before process: the next thread of this process finds the lock free.
pub(crate) struct Turn<'a> {
    store: Locked<'a>,
    _process: MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// The newest change that a holder has committed or copied: the store has it, unless it was set back.
    pub(crate) fn witnessed(&self, of: Witness) -> i64 {
        self.store.witnessed(of)
    }

    /// Precondition: the change is committed or copied, and on disk.
    pub(crate) fn witness(&self, of: Witness, change: i64) {
        self.store.witness(of, change);
    }
}

impl Turnstile {
    /// Opens the lock files of a store's folder, and makes missing ones.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let store_path = folder.join("store.lock");
        let queue = LockFile::open(&folder.join("queue.lock"))?;
        let store = LockFile::open(&store_path)?;
        let id = store.id()?;
        Ok(Self { process: process_mutex(id), queue, store, id, store_path })
    }

    /// Blocks the thread until it is this store's turn. Errors: [`Error::Io`], [`Error::Replaced`].
    pub(crate) fn turn(&self) -> Result<Turn<'_>, Error> {
        // A poisoned mutex guards nothing that a panic could have left half done.
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = self.queue.lock()?;
        let store = self.store.lock()?;
        drop(queue);
        if FileId::of(&self.store_path).ok() != Some(self.id) {
            return Err(Error::Replaced { path: self.store_path.clone() });
        }
        Ok(Turn { store, _process: process })
    }

    /// Does some work in this store's turn, on a thread of its own, and waits for it. If the turn has not come by the deadline,
    /// nothing is done. Errors: [`Error::Busy`], [`Error::Io`], [`Error::Replaced`], [`Error::Lost`], and those of the work.
    pub(crate) fn in_turn<T: Send + 'static>(
        self: &Arc<Self>,
        deadline: Duration,
        work: impl FnOnce(&Turn<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        // After the deadline nobody receives the message that the work begins. Then it does not begin.
        let (begins, has_begun) = sync_channel(0);
        let (ends, has_ended) = sync_channel(1);
        let turnstile = self.clone();
        let wait_and_work = move || {
            let turn = turnstile.turn();
            if begins.send(()).is_ok() {
                let _ = ends.send(turn.and_then(|turn| work(&turn)));
            }
        };
        let thread = std::thread::Builder::new().name("crypto-store-turn".into()).spawn(wait_and_work);
        thread.map_err(Error::io(&self.store_path))?;
        match has_begun.recv_timeout(deadline) {
            Ok(()) => has_ended.recv().map_err(|_| Error::Lost)?,
            Err(RecvTimeoutError::Timeout) => Err(Error::Busy(Busy { after: deadline, holder: self.holder() })),
            Err(RecvTimeoutError::Disconnected) => Err(Error::Lost),
        }
    }

    /// The holder of the locks. A stopped one comes before all others, because everybody waits for it.
    pub(crate) fn holder(&self) -> Option<Holder> {
        let (store, queue) = (self.store.holder(), self.queue.holder());
        let stopped = |holder: &Option<Holder>| holder.as_ref().is_some_and(|it| it.state == HolderState::Stopped);
        if !stopped(&store) && stopped(&queue) { queue } else { store }
    }
}

/// The one mutex of a file in this process, for every path or store by which it was opened.
fn process_mutex(id: FileId) -> Arc<Mutex<()>> {
    static MUTEXES: OnceLock<Mutex<HashMap<FileId, Weak<Mutex<()>>>>> = OnceLock::new();
    let mut mutexes = MUTEXES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    mutexes.retain(|_, mutex| mutex.strong_count() > 0);
    if let Some(mutex) = mutexes.get(&id).and_then(Weak::upgrade) {
        return mutex;
    }
    let mutex = Arc::default();
    mutexes.insert(id, Arc::downgrade(&mutex));
    mutex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_has_one_mutex_in_a_process_by_any_path() {
        let folder = tempfile::tempdir().unwrap();
        let alias = folder.path().join("alias");
        std::os::unix::fs::symlink(folder.path(), &alias).unwrap();
        let one = Turnstile::open(folder.path()).unwrap();
        let two = Turnstile::open(&alias).unwrap();
        assert!(Arc::ptr_eq(&one.process, &two.process));

        let elsewhere = tempfile::tempdir().unwrap();
        let other = Turnstile::open(elsewhere.path()).unwrap();
        assert!(!Arc::ptr_eq(&one.process, &other.process));
    }

    #[test]
    fn a_turn_that_comes_too_late_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let turnstile = Arc::new(Turnstile::open(folder.path()).unwrap());
        let other = Turnstile::open(folder.path()).unwrap();
        let held = other.turn().unwrap();
        let short = Duration::from_millis(50);
        let late = turnstile.in_turn(short, |_| -> Result<(), Error> { panic!("nobody waits any more") });
        assert!(matches!(late, Err(Error::Busy(Busy { after, .. })) if after == short));
        drop(held);
        // The late turn comes first, and is given back.
        assert_eq!(turnstile.in_turn(Duration::from_secs(10), |_| Ok(7)).unwrap(), 7);
        drop(other.turn().unwrap());
    }

    #[test]
    fn a_lock_file_that_was_replaced_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let turnstile = Turnstile::open(folder.path()).unwrap();
        drop(turnstile.turn().unwrap());
        std::fs::remove_file(folder.path().join("store.lock")).unwrap();
        assert!(matches!(turnstile.turn(), Err(Error::Replaced { .. })));
    }
}
