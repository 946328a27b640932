//! The store: opening it, and what its users call.

use crate::changes::{Changes, News, Watch};
use crate::error::{Busy, Error};
use crate::fields::{Caching, FieldCache, Stats, Version};
use crate::locks::{FileId, Turnstile, refuse_remote};
use crate::open::{connect, set_journal_mode};
use crate::reader::{Reader, Snapshot};
use crate::schema;
use crate::thread::{Deadlines, Due, Request, Worker};
use crate::values::{ID_LENGTH, Sealer};
use crate::writer::{Tx, Writer};
use key_cache::{Key, KeyCache, KeyId, KeyManager, KeyName, WrappedKey, Wrapping};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::future::Future;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long a write waits for its turn. A write that has its turn is not interrupted.
    pub deadline: Duration,
    /// How often the store looks for changes of other processes, for [`Store::changes`]. A look takes microseconds.
    pub look: Duration,
    /// How it remembers values.
    pub caching: Caching,
}

impl Default for Options {
    /// A deadline of 10 s, a look every 100 ms, caching on.
    fn default() -> Self {
        Self { deadline: Duration::from_secs(10), look: Duration::from_millis(100), caching: Caching::On }
    }
}

/// A store of ratchets and keys in a folder, which any number of processes may have open. Clones share one.
///
/// Its methods return at once; the futures need no runtime. After `fork` every use of it in the child is an error.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

type KeyFuture = Pin<Box<dyn Future<Output = Result<Key, Error>> + Send>>;

pub(crate) struct Shared {
    opened_by: u32,
    id: [u8; ID_LENGTH],
    get_key: Box<dyn Fn() -> KeyFuture + Send + Sync>,
    turnstile: Arc<Turnstile>,
    cache: Arc<FieldCache>,
    writer: Worker<Writer>,
    reader: Worker<Reader>,
    deadlines: Deadlines,
    deadline: Duration,
    pub(crate) watch: Arc<Watch>,
}

impl Store {
    /// Opens the store of a folder, or makes one there, with mode 0700.
    ///
    /// Blocks the thread: for the locks as long as another process has them, and for the key cache. Its key has the store's
    /// id as its id, and generation 1. Errors: [`Error::FileSystem`], [`Error::Sqlite3Version`], [`Error::Foreign`],
    /// [`Error::Newer`], [`Error::Setting`], [`Error::Key`], [`Error::Io`], [`Error::Sqlite`].
    pub fn open<M: KeyManager>(folder: &Path, keys: Arc<KeyCache<M>>, options: Options) -> Result<Self, Error> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Error::io(folder))?;
        let folder = &folder.canonicalize().map_err(Error::io(folder))?;
        refuse_remote(folder)?;
        let turnstile = Arc::new(Turnstile::open(folder)?);
        let database = folder.join("store.sqlite");
        // Made before the turn, for nobody waits for a key manager under the locks. Not used where the store has one.
        let candidate = if database.exists() { None } else { Some(new_key(&keys)?) };
        let (connection, wrapped) = {
            let _turn = turnstile.turn()?;
            let connection = connect(&database)?;
            set_journal_mode(&connection)?;
            let wrapped = match prepare(&connection, candidate)? {
                Some(wrapped) => wrapped,
                // The file was there without tables: its maker was killed.
                None => prepare(&connection, Some(new_key(&keys)?))?.expect("there is a key to store"),
            };
            (connection, wrapped)
        };
        let mut id = [0; ID_LENGTH];
        id.copy_from_slice(wrapped.name.id.as_bytes());
        key_cache::block_on(keys.get(&wrapped)).map_err(|error| Error::Key(Box::new(error)))?;
        let get_key = Box::new(move || -> KeyFuture {
            let key = keys.get(&wrapped);
            Box::pin(async move { key.await.map_err(|error| Error::Key(Box::new(error))) })
        });

        let cache = Arc::new(FieldCache::new(options.caching));
        let reader = Reader::open(&database, cache.clone())?;
        let watch = Arc::new(Watch::default());
        look_for_changes(Reader::open(&database, cache.clone())?, Arc::downgrade(&watch), options.look)
            .map_err(Error::io(folder))?;
        let writer = Writer {
            connection,
            turnstile: turnstile.clone(),
            cache: cache.clone(),
            watch: watch.clone(),
            database_id: FileId::of(&database).map_err(Error::io(&database))?,
            database,
            seen: None,
        };
        Ok(Self(Arc::new(Shared {
            opened_by: std::process::id(),
            id,
            get_key,
            turnstile,
            cache,
            writer: Worker::start("crypto-store-writer", writer).map_err(Error::io(folder))?,
            reader: Worker::start("crypto-store-reader", reader).map_err(Error::io(folder))?,
            deadlines: Deadlines::start(options.deadline).map_err(Error::io(folder))?,
            deadline: options.deadline,
            watch,
        })))
    }

    /// Runs `write` in one transaction, in its turn. When the future is ready with a value, the transaction is on disk.
    ///
    /// Nothing can be awaited in the closure, so no network is waited for under the locks. With an error of the closure or
    /// of the store, nothing has changed. A future that is dropped abandons a request that has not had its turn.
    /// Errors: [`Error::Busy`], [`Error::Queue`], [`Error::Key`], [`Error::Forked`], [`Error::Replaced`], [`Error::Lost`],
    /// [`Error::Broken`], [`Error::Sqlite`], [`Error::Io`].
    pub async fn write<T, E>(&self, write: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let shared = &self.0;
        shared.check_process()?;
        let sealer = shared.sealer().await?;
        let (request, answer) = Request::new();
        let waiting = Arc::new(Waiting { request, shared: Arc::downgrade(shared) });
        shared.deadlines.push(waiting.clone());
        shared.writer.run(move |writer| {
            if !waiting.request.is_waiting() {
                return;
            }
            let mut answer = None;
            let start = || {
                answer = waiting.request.take();
                answer.is_some()
            };
            let done = writer.write(&sealer, start, write);
            if let (Some(done), Some(answer)) = (done, answer) {
                // Nobody may wait any more, but the transaction is done.
                let _ = answer.send(done);
            }
        })?;
        answer.await.map_err(|_| E::from(Error::Lost))?
    }

    /// Runs `read` on one snapshot, which no writer waits for and which waits for none.
    ///
    /// Errors: [`Error::Queue`], [`Error::Key`], [`Error::Forked`], [`Error::Lost`], [`Error::Sqlite`].
    pub async fn read<T, E>(&self, read: impl FnOnce(&Snapshot<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.0.check_process()?;
        let sealer = self.0.sealer().await?;
        self.0.on_reader(move |reader| reader.read(&sealer, read)).await?
    }

    /// The changes of all processes from now on.
    ///
    /// Errors: [`Error::Forked`], [`Error::Lost`], [`Error::Sqlite`].
    pub async fn changes(&self) -> Result<Changes, Error> {
        self.0.check_process()?;
        let after = self.0.on_reader(|reader| reader.newest()).await??;
        Ok(Changes { shared: self.0.clone(), after })
    }

    /// Counts of what the cache of fields did.
    pub fn stats(&self) -> Stats {
        self.0.cache.stats()
    }
}

/// A write that waits for its turn.
struct Waiting<T> {
    request: Request<T>,
    shared: Weak<Shared>,
}

impl<T, E> Due for Waiting<Result<T, E>>
where
    T: Send,
    E: From<Error> + Send,
{
    fn waits(&self) -> bool {
        self.request.is_waiting()
    }

    fn due(&self) {
        let Some(shared) = self.shared.upgrade() else { return };
        if let Some(answer) = self.request.take() {
            let busy = Busy { after: shared.deadline, holder: shared.turnstile.holder() };
            let _ = answer.send(Err(Error::Busy(busy).into()));
        }
    }
}

impl Shared {
    pub(crate) fn check_process(&self) -> Result<(), Error> {
        if std::process::id() == self.opened_by { Ok(()) } else { Err(Error::Forked { opened_by: self.opened_by }) }
    }

    pub(crate) async fn news_after(&self, after: Version) -> Result<(News, Version), Error> {
        self.on_reader(move |reader| Ok((reader.news_after(after)?, reader.newest()?))).await?
    }

    async fn sealer(&self) -> Result<Sealer, Error> {
        Ok(Sealer { store: self.id, key: (self.get_key)().await? })
    }

    async fn on_reader<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Reader) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (request, answer) = Request::new();
        self.reader.run(move |reader| {
            if let Some(answer) = request.take() {
                let _ = answer.send(run(reader));
            }
        })?;
        answer.await.map_err(|_| Error::Lost)
    }
}

/// Looks for changes until the store is closed.
fn look_for_changes(reader: Reader, watch: Weak<Watch>, every: Duration) -> std::io::Result<()> {
    let look = move || {
        while let Some(watch) = watch.upgrade() {
            // An error is met again, and returned, by whoever reads.
            if watch.is_awaited() {
                let _ = reader.newest().map(|newest| watch.saw(newest));
            }
            drop(watch);
            std::thread::sleep(every);
        }
    };
    std::thread::Builder::new().name("crypto-store-changes".into()).spawn(look).map(drop)
}

/// Makes the tables where there are none, and returns the store's key. None: there is no store yet, and no candidate.
/// Precondition: the turn.
fn prepare(connection: &Connection, candidate: Option<WrappedKey>) -> Result<Option<WrappedKey>, Error> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Exclusive)?;
    if schema::migrate(&transaction)? {
        let Some(key) = &candidate else { return Ok(None) };
        let (id, wrapping) = (key.name.id.as_bytes(), key.wrapping.as_bytes());
        transaction.execute("INSERT INTO meta (one, id, wrapping) VALUES (1, ?1, ?2)", params![id, wrapping])?;
    }
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let (id, wrapping): (Vec<u8>, Vec<u8>) = transaction.query_row("SELECT id, wrapping FROM meta", [], read)?;
    transaction.commit()?;
    let length = |error: key_cache::LengthError| Error::Key(Box::new(error));
    let name = KeyName { id: KeyId::new(&id).map_err(length)?, generation: 1 };
    Ok(Some(WrappedKey { name, wrapping: Wrapping::new(&wrapping).map_err(length)? }))
}

/// A key for a new store, under a new id.
fn new_key<M: KeyManager>(keys: &KeyCache<M>) -> Result<WrappedKey, Error> {
    let mut id = [0; ID_LENGTH];
    getrandom::getrandom(&mut id).map_err(|error| Error::Key(Box::new(error)))?;
    let id = KeyId::new(&id).expect("16 bytes are not too many");
    key_cache::block_on(keys.create(KeyName { id, generation: 1 })).map_err(|error| Error::Key(Box::new(error)))
}
