//! The store's keys: the wrapped ones in its table `store_key`, and the key cache that unwraps them.
//!
//! The newest generation seals. During a rotation there is also an older one, which opens the values that it sealed.

use crate::Error;
use key_cache::{Generation, Key, KeyCache, KeyId, KeyManager, KeyName, WrappedKey, Wrapping};
use rusqlite::{Connection, params};
use std::future::Future;
use std::pin::Pin;

/// Bytes of a key's id.
const KEY_ID: usize = 16;

pub(crate) type KeyFuture<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// A key cache over any manager.
pub(crate) trait Keys: Send + Sync {
    /// Errors: [`Error::Key`].
    fn get(&self, wrapped: &WrappedKey) -> KeyFuture<Key>;
    /// Errors: [`Error::Key`].
    fn create(&self, name: KeyName) -> KeyFuture<WrappedKey>;
    /// Ends the key of an id, and wipes it.
    fn end(&self, id: &KeyId);
}

impl<M: KeyManager> Keys for KeyCache<M> {
    fn get(&self, wrapped: &WrappedKey) -> KeyFuture<Key> {
        let key = KeyCache::get(self, wrapped);
        Box::pin(async move { key.await.map_err(no_key) })
    }

    fn create(&self, name: KeyName) -> KeyFuture<WrappedKey> {
        let key = KeyCache::create(self, name);
        Box::pin(async move { key.await.map_err(no_key) })
    }

    fn end(&self, id: &KeyId) {
        self.invalidate(id);
    }
}

fn no_key(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Key(Box::new(error))
}

/// A name for a new key. Its id is drawn at random, so that two processes which rotate at once name two keys.
pub(crate) fn new_name(generation: Generation) -> Result<KeyName, Error> {
    let mut id = [0; KEY_ID];
    getrandom::getrandom(&mut id).map_err(no_key)?;
    Ok(KeyName { id: KeyId::new(&id).map_err(no_key)?, generation })
}

/// The store's keys, the newest last. Errors: [`Error::Sqlite`]; [`Error::Key`] where one is none.
pub(crate) fn stored(connection: &Connection) -> Result<Vec<WrappedKey>, Error> {
    let mut select = connection.prepare_cached("SELECT generation, id, wrapping FROM store_key ORDER BY generation")?;
    let mut rows = select.query([])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let blob = |column| Ok::<_, Error>(row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?);
        let id = KeyId::new(blob(1)?).map_err(no_key)?;
        let wrapping = Wrapping::new(blob(2)?).map_err(no_key)?;
        keys.push(WrappedKey { name: KeyName { id, generation: row.get(0)? }, wrapping });
    }
    Ok(keys)
}

/// Precondition: the turn and a transaction.
pub(crate) fn insert(connection: &Connection, key: &WrappedKey) -> Result<(), Error> {
    let WrappedKey { name, wrapping } = key;
    connection.execute(
        "INSERT INTO store_key (generation, id, wrapping) VALUES (?1, ?2, ?3)",
        params![name.generation, name.id.as_bytes(), wrapping.as_bytes()],
    )?;
    Ok(())
}

/// Stores another wrapping of a key. Precondition: the turn.
pub(crate) fn rewrap(connection: &Connection, key: &WrappedKey) -> Result<(), Error> {
    let WrappedKey { name, wrapping } = key;
    connection.execute(
        "UPDATE store_key SET wrapping = ?3 WHERE generation = ?1 AND id = ?2",
        params![name.generation, name.id.as_bytes(), wrapping.as_bytes()],
    )?;
    Ok(())
}

/// Deletes all keys but the newest. Precondition: the turn and a transaction.
pub(crate) fn delete_older(connection: &Connection) -> Result<(), Error> {
    connection.execute("DELETE FROM store_key WHERE generation < (SELECT max(generation) FROM store_key)", [])?;
    Ok(())
}
