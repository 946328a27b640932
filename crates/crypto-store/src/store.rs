//! The store: opening it, and the methods of its users.

use crate::changes::{News, Watch};
use crate::error::{Busy, Error};
use crate::fields::{Caching, FieldCache, Stats, Version};
use crate::keys::{self, Keys};
use crate::locks::{FileId, Turn, Turnstile, refuse_unfit};
use crate::open::{connect, set_journal_mode};
use crate::prepare::{Prepared, prepare};
use crate::reader::{Reader, Snapshot};
use crate::thread::{Deadlines, Due, Request, Worker};
use crate::values::{ID_LENGTH, StoreKeys};
use crate::writer::{Ran, Tx, Writer};
use key_cache::{KeyCache, KeyManager, WrappedKey};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Options for opening a store.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Maximum time that a write, or opening the store, waits for the locks. Once it has its turn, it is not interrupted.
    pub deadline: Duration,
    /// Interval at which the store looks for changes of other processes, for [`Store::changes`]. A look takes microseconds.
    pub look: Duration,
    /// The way in which it caches values.
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
pub struct Store(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    opened_by: u32,
    id: [u8; ID_LENGTH],
    pub(crate) keys: Arc<dyn Keys>,
    /// The store's wrapped keys, as far as this process knows; the newest last.
    known: Mutex<Vec<WrappedKey>>,
    turnstile: Arc<Turnstile>,
    cache: Arc<FieldCache>,
    writer: Worker<Writer>,
    reader: Worker<Reader>,
    deadlines: Deadlines,
    deadline: Duration,
    watch: Arc<Watch>,
}

impl Store {
    /// Opens the store of a folder, or makes one there, with mode 0700.
    ///
    /// Blocks the thread: for its turn until the deadline of the options, and for the key cache. A newer wrapping of a key,
    /// which the key manager may return, is stored. Errors: [`Error::Busy`], [`Error::FileSystem`], [`Error::Sqlite3Version`],
    /// [`Error::Foreign`], [`Error::Newer`], [`Error::Copied`], [`Error::SetBack`], [`Error::Setting`], [`Error::Key`],
    /// [`Error::Io`], [`Error::Sqlite`].
    pub fn open<M: KeyManager>(folder: &Path, keys: Arc<KeyCache<M>>, options: Options) -> Result<Self, Error> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Error::io(folder))?;
        let folder = &folder.canonicalize().map_err(Error::io(folder))?;
        refuse_unfit(folder)?;
        let turnstile = Arc::new(Turnstile::open(folder)?);
        let database = folder.join("store.sqlite");
        // The key is made before the turn, because nobody may wait for a key manager under the locks. It is not used if the
        // store has one.
        let new_key = || key_cache::block_on(Keys::create(&*keys, keys::new_name(1)?));
        let mut candidate = if database.exists() { None } else { Some(new_key()?) };
        let (mut connection, prepared) = loop {
            let (path, first_key) = (database.clone(), candidate.clone());
            let opened = turnstile.in_turn(options.deadline, move |turn| {
                let connection = connect(&path)?;
                set_journal_mode(&connection)?;
                let prepared = prepare(&connection, turn, &path, first_key.as_ref())?;
                Ok((connection, prepared))
            })?;
            match opened {
                (connection, Some(prepared)) => break (connection, prepared),
                // The file was there without tables: its maker was killed.
                (_, None) => candidate = Some(new_key()?),
            }
        };
        let Prepared { id, keys: mut known } = prepared;
        for wrapped in &mut known {
            if let Some(newer) = key_cache::block_on(Keys::get(&*keys, wrapped))?.newer_wrapping(wrapped) {
                let stored = newer.clone();
                connection = turnstile.in_turn(options.deadline, move |_| {
                    keys::rewrap(&connection, &stored)?;
                    Ok(connection)
                })?;
                *wrapped = newer;
            }
        }

        let cache = Arc::new(FieldCache::new(options.caching));
        let reader = Reader::open(&database, cache.clone())?;
        let watch = Arc::new(Watch::default());
        look_for_changes(Reader::open(&database, cache.clone())?, Arc::downgrade(&watch), options.look)
            .map_err(Error::io(folder))?;
        let writer = Writer {
            connection,
            cache: cache.clone(),
            watch: watch.clone(),
            database_id: FileId::of(&database).map_err(Error::io(&database))?,
            database,
            seen: None,
        };
        Ok(Self(Arc::new(Shared {
            opened_by: std::process::id(),
            id,
            keys,
            known: Mutex::new(known),
            turnstile,
            cache,
            writer: Worker::start("crypto-store-writer", writer).map_err(Error::io(folder))?,
            reader: Worker::start("crypto-store-reader", reader).map_err(Error::io(folder))?,
            deadlines: Deadlines::start().map_err(Error::io(folder))?,
            deadline: options.deadline,
            watch,
        })))
    }

    /// Runs `write` in one transaction, in its turn. When the future is ready with a value, the transaction is on disk.
    ///
    /// The closure cannot await, so nobody waits for a network under the locks. With an error of the closure or of the store,
    /// nothing has changed. A future that is dropped abandons a request that has not had its turn. Errors: [`Error::Busy`],
    /// [`Error::Queue`], [`Error::Key`], [`Error::Forked`], [`Error::Replaced`], [`Error::SetBack`], [`Error::Newer`],
    /// [`Error::Lost`], [`Error::Broken`], [`Error::Sqlite`], [`Error::Io`].
    pub async fn write<T, E>(&self, write: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let shared = &self.0;
        let (mut write, mut left) = (write, shared.deadline);
        loop {
            shared.check_process()?;
            let keys = shared.store_keys().await?;
            let asked = Instant::now();
            match shared.in_turn(asked + left, move |writer, turn| writer.write(turn, &keys, write)).await? {
                Ran::Done(value) => return Ok(value),
                Ran::OtherKeys(stored, unused) => {
                    shared.adopt(stored);
                    write = unused;
                    left = left.saturating_sub(asked.elapsed());
                }
            }
        }
    }

    /// Runs `read` on one snapshot, which no writer waits for and which waits for none.
    ///
    /// Errors: [`Error::Queue`], [`Error::Key`], [`Error::Forked`], [`Error::Newer`], [`Error::Lost`], [`Error::Sqlite`].
    pub async fn read<T, E>(&self, read: impl FnOnce(&Snapshot<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let mut read = read;
        loop {
            self.0.check_process()?;
            let keys = self.0.store_keys().await?;
            match self.0.on_reader(move |reader| reader.read(&keys, read)).await?? {
                Ran::Done(value) => return Ok(value),
                Ran::OtherKeys(stored, unused) => {
                    self.0.adopt(stored);
                    read = unused;
                }
            }
        }
    }

    /// The changes of all processes from now on.
    ///
    /// Errors: [`Error::Forked`], [`Error::Lost`], [`Error::Sqlite`].
    pub async fn changes(&self) -> Result<Changes, Error> {
        self.0.check_process()?;
        let after = self.0.on_reader(|reader| reader.newest()).await??;
        Ok(Changes { shared: self.0.clone(), after })
    }

    /// Counts of the field cache's actions.
    pub fn stats(&self) -> Stats {
        self.0.cache.stats()
    }
}

/// The changes of all processes, including this one, from the moment of [`Store::changes`].
pub struct Changes {
    shared: Arc<Shared>,
    after: Version,
}

impl Changes {
    /// Waits for changes and returns them. The future may be dropped and the method called again without a loss.
    ///
    /// Errors: [`Error::Forked`], [`Error::Lost`], [`Error::Sqlite`].
    pub async fn next(&mut self) -> Result<News, Error> {
        loop {
            self.shared.check_process()?;
            self.shared.watch.after(self.after).await;
            let (news, newest) = self.shared.news_after(self.after).await?;
            match &news {
                News::Missed => self.after = newest,
                News::Changes(changes) => match changes.last() {
                    Some(last) => self.after = last.version,
                    None => continue,
                },
            }
            return Ok(news);
        }
    }
}

/// A request that waits for its turn.
struct Waiting<T> {
    request: Request<T>,
    shared: Weak<Shared>,
}

impl<T: Send, E: From<Error> + Send> Due for Waiting<Result<T, E>> {
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
    fn check_process(&self) -> Result<(), Error> {
        if std::process::id() == self.opened_by { Ok(()) } else { Err(Error::Forked { opened_by: self.opened_by }) }
    }

    async fn news_after(&self, after: Version) -> Result<(News, Version), Error> {
        self.on_reader(move |reader| Ok((reader.news_after(after)?, reader.newest()?))).await?
    }

    async fn store_keys(&self) -> Result<StoreKeys, Error> {
        let mut keys = Vec::new();
        for wrapped in self.known_keys() {
            keys.push(self.keys.get(&wrapped).await?);
        }
        if keys.is_empty() { Err(Error::NoKey) } else { Ok(StoreKeys::new(self.id, keys)) }
    }

    /// The store's keys, as far as this process knows; the newest last.
    pub(crate) fn known_keys(&self) -> Vec<WrappedKey> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the keys that a transaction has found, and ends deleted keys.
    fn adopt(&self, stored: Vec<WrappedKey>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *known, stored);
        let gone: Vec<_> = before.into_iter().filter(|key| known.iter().all(|it| it.name != key.name)).collect();
        drop(known);
        gone.iter().for_each(|key| self.keys.end(&key.name.id));
    }

    /// Empties the write-ahead log. Errors: [`Error::Busy`]: the locks or a snapshot kept it from that until the deadline.
    pub(crate) async fn empty_log(self: &Arc<Self>) -> Result<(), Error> {
        let deadline = Instant::now() + self.deadline;
        while !self.in_turn(deadline, |writer, turn| writer.empty_log(turn)).await? {
            if Instant::now() >= deadline {
                return Err(Error::Busy(Busy { after: self.deadline, holder: None }));
            }
        }
        Ok(())
    }

    /// Does some work on the writing thread, in its turn. If the turn has not come by the deadline, it is never done.
    async fn in_turn<T: Send + 'static, E: From<Error> + Send + 'static>(
        self: &Arc<Self>,
        deadline: Instant,
        work: impl FnOnce(&mut Writer, &Turn<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (request, answer) = Request::new();
        let waiting = Arc::new(Waiting { request, shared: Arc::downgrade(self) });
        self.deadlines.push(deadline, waiting.clone());
        let turnstile = self.turnstile.clone();
        self.writer.run(move |writer| {
            if !waiting.request.is_waiting() {
                return;
            }
            let turn = turnstile.turn();
            if let Some(answer) = waiting.request.take() {
                let done = turn.map_err(E::from).and_then(|turn| work(writer, &turn));
                // Nobody may wait any more, but the work is done.
                let _ = answer.send(done);
            }
        })?;
        answer.await.map_err(|_| Error::Lost)?
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
            // The reader meets the same error, and returns it.
            if watch.is_awaited() {
                let _ = reader.newest().map(|newest| watch.saw(newest));
            }
            drop(watch);
            std::thread::sleep(every);
        }
    };
    std::thread::Builder::new().name("crypto-store-changes".into()).spawn(look).map(drop)
}
