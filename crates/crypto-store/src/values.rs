//! Sealing through the key cache.
//!
//! ```text
//! offset  bytes  plaintext of a value
//! 0       1      format, as the field counts it
//! 1       n      the field's bytes
//! ```
//!
//! `key_cache::Key::seal` makes the value of it, bound to its place: the store's id, the table, the row's key, the column
//! "value", and the key's generation.

use crate::Error;
use crate::fields::{Field, Table};
use key_cache::{Key, Place, ValueError, WrappedKey, generation_of};
use zeroize::Zeroizing;

/// Bytes of a store's id.
pub(crate) const ID_LENGTH: usize = 16;
/// Bytes of the longest key of a row.
pub const MAX_KEY: usize = 256;
/// Bytes of the longest value: 16 MiB.
pub const MAX_VALUE: usize = 16 << 20;

/// The keys of a request to one store. They may end while it waits.
pub(crate) struct StoreKeys {
    store: [u8; ID_LENGTH],
    /// The newest last.
    keys: Vec<Key>,
}

impl StoreKeys {
    pub(crate) fn new(store: [u8; ID_LENGTH], keys: Vec<Key>) -> Self {
        Self { store, keys }
    }

    /// A sealer for one transaction. None: these are not the keys that the store has, or one of them has ended.
    pub(crate) fn sealer(&self, stored: &[WrappedKey]) -> Option<Sealer> {
        if !self.keys.iter().map(Key::name).eq(stored.iter().map(|key| key.name)) {
            return None;
        }
        let mut older = self.keys.iter().map(|key| key.hold().ok()).collect::<Option<Vec<_>>>()?;
        let newest = older.pop()?;
        Some(Sealer { store: self.store, older, newest })
    }
}

/// Seals and opens the values of one store in one transaction. It holds its keys, so none ends before the transaction does.
pub(crate) struct Sealer {
    store: [u8; ID_LENGTH],
    older: Vec<Key>,
    newest: Key,
}

impl Sealer {
    pub(crate) fn seal<F: Field>(&self, row: &[u8], field: &F) -> Result<Vec<u8>, Error> {
        let bytes = field.encode();
        if bytes.len() > MAX_VALUE {
            return Err(Error::Length { of: "value", length: bytes.len(), limit: MAX_VALUE });
        }
        let mut plain = Zeroizing::new(Vec::with_capacity(1 + bytes.len()));
        plain.push(field.format());
        plain.extend_from_slice(&bytes);
        self.newest.seal(&self.place(F::TABLE, row), &plain).map_err(|error| Error::Value { table: F::TABLE, error })
    }

    pub(crate) fn open<F: Field>(&self, row: &[u8], sealed: &[u8]) -> Result<F, Error> {
        let table = F::TABLE;
        let plain = self.open_value(table, row, sealed).map_err(|error| Error::Value { table, error })?;
        let Some((&format, bytes)) = plain.split_first() else { return Err(Error::Decode { table, format: 0 }) };
        F::decode(format, bytes).ok_or(Error::Decode { table, format })
    }

    /// The same value sealed under the newest key. None: it is already.
    pub(crate) fn reseal(&self, table: Table, row: &[u8], sealed: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let reseal = || {
            if generation_of(sealed)? == self.newest.name().generation {
                return Ok(None);
            }
            let plain = self.open_value(table, row, sealed)?;
            self.newest.seal(&self.place(table, row), &plain).map(Some)
        };
        reseal().map_err(|error| Error::Value { table, error })
    }

    fn open_value(&self, table: Table, row: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, ValueError> {
        let generation = generation_of(sealed)?;
        let older = self.older.iter().find(|key| key.name().generation == generation);
        older.unwrap_or(&self.newest).open(&self.place(table, row), sealed).map(Zeroizing::new)
    }

    fn place<'a>(&'a self, table: Table, row: &'a [u8]) -> Place<'a> {
        Place { store: &self.store, table: table.name().as_bytes(), row, column: b"value" }
    }
}

/// Errors: [`Error::Length`].
pub(crate) fn check_key(key: &[u8]) -> Result<(), Error> {
    if (1..=MAX_KEY).contains(&key.len()) {
        Ok(())
    } else {
        Err(Error::Length { of: "key", length: key.len(), limit: MAX_KEY })
    }
}
