//! A store in a temporary folder, with a key file beside it.

use crypto_store::{Caching, Error, Options, Store, Tx};
use key_cache::local::{LocalManager, RootKey};
use key_cache::{KeyCache, Limits, Runtime, block_on};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub const CACHING: &str = "CRYPTO_STORE_TEST_DROPS_FIELDS";

pub struct Home(pub tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        Self::named("crypto-store-")
    }

    /// The folder's name begins with `name`.
    pub fn named(name: &str) -> Self {
        let folder = tempfile::Builder::new().prefix(name).tempdir().unwrap();
        RootKey::create_key_file(&folder.path().join("root.key")).unwrap();
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn database(&self) -> PathBuf {
        self.path().join("store/store.sqlite")
    }

    pub fn open(&self) -> Store {
        self.open_with(Options::default())
    }

    pub fn open_with(&self, options: Options) -> Store {
        try_open(self.path(), options).unwrap()
    }
}

/// Lets a copy be opened where it stands, as if it had been made there. The log is left as it is.
pub fn forget_place(home: &Home) {
    let file = Connection::open(home.database()).unwrap();
    file.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    let version: i32 = file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    if version > 1 {
        file.execute("UPDATE meta SET place = NULL", []).unwrap();
    }
}

/// The whole suite runs once more with fields dropped at random: see `caching`.
pub fn options() -> Options {
    let caching = if std::env::var_os(CACHING).is_some() { Caching::Dropping(7) } else { Caching::On };
    Options { caching, look: Duration::from_millis(10), ..Options::default() }
}

pub fn try_open(home: &Path, options: Options) -> Result<Store, Error> {
    open_with_keys(home, keys(home, Limits::default()), options)
}

pub fn keys(home: &Path, limits: Limits) -> Arc<KeyCache<LocalManager>> {
    let root = RootKey::open_key_file(&home.join("root.key")).unwrap();
    Arc::new(KeyCache::new(LocalManager::new(root), limits, Runtime::threads()).unwrap())
}

pub fn open_with_keys(home: &Path, keys: Arc<KeyCache<LocalManager>>, options: Options) -> Result<Store, Error> {
    let caching = if options.caching == Caching::On { self::options().caching } else { options.caching };
    Store::open(&home.join("store"), keys, Options { caching, ..options })
}

pub fn write<T: Send + 'static>(
    store: &Store,
    write: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    block_on(store.write(write))
}

pub fn read<T: Send + 'static>(
    store: &Store,
    read: impl FnOnce(&crypto_store::Snapshot<'_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    block_on(store.read(read))
}
