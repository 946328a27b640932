//! A store with sessions, on the disk of the build.

use crate::beside::folder;
use crypto_store::fields::Outbox;
use crypto_store::{Caching, Error, Options, Store};
use key_cache::local::{LocalManager, RootKey};
use key_cache::{KeyCache, Limits, Runtime, block_on};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vodozemac::megolm::{GroupSession, SessionConfig};

pub struct Home {
    folder: tempfile::TempDir,
    pub sessions: u32,
}

impl Home {
    /// A new store with this many sessions.
    pub fn new(sessions: u32) -> Self {
        let folder = folder();
        RootKey::create_key_file(&folder.path().join("root.key")).expect("a file can be made");
        let home = Self { folder, sessions };
        let store = home.open();
        for from in (0..sessions).step_by(1_000) {
            let written: Result<(), Error> = block_on(store.write(move |tx| {
                for session in from..sessions.min(from + 1_000) {
                    tx.put(session.to_be_bytes(), GroupSession::new(SessionConfig::default()))?;
                }
                Ok(())
            }));
            written.expect("the store can be written");
        }
        home
    }

    pub fn open(&self) -> Store {
        open(self.path(), Caching::On)
    }

    pub fn open_with(&self, caching: Caching) -> Store {
        open(self.path(), caching)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn database(&self) -> PathBuf {
        self.path().join("store/store.sqlite")
    }
}

/// Opens the store of a home.
pub fn open(home: &Path, caching: Caching) -> Store {
    let root = RootKey::open_key_file(&home.join("root.key")).expect("the key file can be read");
    let keys =
        KeyCache::new(LocalManager::new(root), Limits::default(), Runtime::threads()).expect("a thread can be started");
    Store::open(&home.join("store"), Arc::new(keys), Options { caching, ..Options::default() })
        .expect("the store can be opened")
}

/// The transaction of one message: it advances a session's ratchet and puts the sealed bytes into the outbox.
pub fn step(store: &Store, session: u32, id: &str) {
    let id = id.to_owned();
    let done: Result<(), Error> = block_on(store.write(move |tx| {
        let encrypt = |session: &mut GroupSession| Ok::<_, Error>(session.encrypt([0; 400]));
        let message = tx.update(session.to_be_bytes(), encrypt)?.expect("there is a session");
        tx.put(id, Outbox { format: 1, bytes: message.to_bytes() }).map(drop)
    }));
    done.expect("the store can be written");
}
