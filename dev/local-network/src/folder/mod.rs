//! The state on disk: a folder with one database, in which each commit is a transaction.
//!
//! ```text
//! lock         empty; locked by the process that uses the folder
//! state.redb
//!   network    format       4 bytes, little-endian: 2
//!              root key, subnet key, node key
//!                           the seeds of the secret keys, 32 bytes each
//!   canisters  name -> id   the canisters that the network was started with
//!   engine     key -> value as local_ic::Changes::save puts them
//!   requests   request id -> TakenCall, encoded by postcard
//! ```
//!
//! The database verifies each page that it reads by a checksum. A commit is on disk before it is confirmed. A new
//! database has another name until its first commit is on disk, so a folder has a whole state or none.

mod error;
mod lock;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::{fmt, fs, io};

use candid::Principal;
use local_ic::{Changes, LocalIc, Restore, Storage};
use redb::{Builder, Database, ReadableDatabase, ReadableTable, Table, TableDefinition, WriteTransaction};

pub use error::{FolderError, system};
use error::{damaged, refused};
pub use lock::FolderLock;

use crate::keys::Keys;
use crate::requests::{RequestHash, TakenCall};

/// The canisters that a network was started with, by their names.
pub type Canisters = BTreeMap<String, Principal>;

/// The format that this program writes.
const FORMAT: u32 = 2;
const DATABASE: &str = "state.redb";
const NEW_DATABASE: &str = "state.redb.new";

const NETWORK: TableDefinition<&str, &[u8]> = TableDefinition::new("network");
const CANISTERS: TableDefinition<&str, &[u8]> = TableDefinition::new("canisters");
const ENGINE: TableDefinition<&[u8], &[u8]> = TableDefinition::new("engine");
const REQUESTS: TableDefinition<RequestHash, &[u8]> = TableDefinition::new("requests");

/// Bytes of the database that are held in memory. The engine itself has the state, so a commit reads only the path to
/// the pages that it writes.
const CACHE_BYTES: usize = 64 << 20;

/// A folder with a state, which this process has locked.
pub struct StateFolder {
    database: Database,
    _lock: FolderLock,
}

/// A state, as it was last committed.
pub struct Saved {
    /// The engine.
    pub engine: LocalIc,
    /// The canisters that the network was started with, except those that were deleted since.
    pub canisters: Canisters,
    /// The keys.
    pub keys: Keys,
    /// The calls that were accepted and not forgotten.
    pub requests: Vec<(RequestHash, TakenCall)>,
}

/// The changes of the calls since the last commit.
#[derive(Default)]
pub struct RequestChanges {
    /// Calls that were accepted or answered.
    pub put: Vec<(RequestHash, TakenCall)>,
    /// Calls that were forgotten.
    pub forgotten: Vec<RequestHash>,
}

impl RequestChanges {
    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.forgotten.is_empty()
    }
}

impl StateFolder {
    /// Opens the folder, if it has a state. Reads and checks the whole state.
    ///
    /// # Errors
    ///
    /// If the state cannot be used as a whole.
    pub fn open(lock: &FolderLock) -> Result<Option<(Self, Saved)>, FolderError> {
        let path = lock.folder().join(DATABASE);
        if !path.try_exists().map_err(|error| system(&path, error))? {
            return Ok(None);
        }
        let database = Builder::new().set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true).open(&path);
        let database = database.map_err(|error| refused(&path, error.into()))?;
        let saved = load(&database, &path)?;
        Ok(Some((Self { database, _lock: lock.clone() }, saved)))
    }

    /// Makes the first state of a folder that has none. `changes` are the engine's whole state.
    ///
    /// # Errors
    ///
    /// If the system refuses. Then the folder has no state, or this one.
    pub fn create(
        lock: &FolderLock,
        keys: &Keys,
        canisters: &Canisters,
        changes: &Changes<'_>,
    ) -> Result<Self, FolderError> {
        let folder = lock.folder();
        let (path, new_path) = (folder.join(DATABASE), folder.join(NEW_DATABASE));
        let failed = |error: &dyn fmt::Display| system(&new_path, error);
        // An earlier process may have ended before its first commit, and left this file.
        match fs::remove_file(&new_path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&error)),
            _ => {}
        }
        let created = (|| -> Result<Database, redb::Error> {
            let database = Builder::new().set_cache_size(CACHE_BYTES).create(&new_path)?;
            let transaction = begin(&database)?;
            {
                let [root_key, subnet_key, node_key] = keys.seeds();
                let mut network = transaction.open_table(NETWORK)?;
                network.insert("format", FORMAT.to_le_bytes().as_slice())?;
                network.insert("root key", root_key.as_slice())?;
                network.insert("subnet key", subnet_key.as_slice())?;
                network.insert("node key", node_key.as_slice())?;
                transaction.open_table(REQUESTS)?;
                put_canisters(&transaction, canisters)?;
                changes.save(&mut EngineTable(transaction.open_table(ENGINE)?))?;
            }
            transaction.commit()?;
            Ok(database)
        })();
        let database = created.map_err(|error| failed(&error))?;
        fs::rename(&new_path, &path).map_err(|error| system(&path, error))?;
        lock.sync()?;
        Ok(Self { database, _lock: lock.clone() })
    }

    /// Commits canisters that were added, and the changes that made them.
    ///
    /// # Errors
    ///
    /// As [`StateFolder::commit`].
    pub fn add_canisters(&self, canisters: &Canisters, changes: &Changes<'_>) -> Result<(), redb::Error> {
        let transaction = begin(&self.database)?;
        put_canisters(&transaction, canisters)?;
        changes.save(&mut EngineTable(transaction.open_table(ENGINE)?))?;
        Ok(transaction.commit()?)
    }

    /// Commits the changes. They are on disk on return.
    ///
    /// # Errors
    ///
    /// If the disk fails. Then the state on disk is the old or the new one.
    pub fn commit(&self, changes: &Changes<'_>, requests: &RequestChanges) -> Result<(), redb::Error> {
        let transaction = begin(&self.database)?;
        {
            changes.save(&mut EngineTable(transaction.open_table(ENGINE)?))?;
            let mut table = transaction.open_table(REQUESTS)?;
            for (id, call) in &requests.put {
                let call = postcard::to_stdvec(call).expect("a vector takes everything");
                table.insert(id, call.as_slice())?;
            }
            for id in &requests.forgotten {
                table.remove(id)?;
            }
        }
        Ok(transaction.commit()?)
    }
}

fn put_canisters(transaction: &WriteTransaction, canisters: &Canisters) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(CANISTERS)?;
    for (name, id) in canisters {
        table.insert(name.as_str(), id.as_slice())?;
    }
    Ok(())
}

/// A transaction after whose commit only the new state can be opened. So later damage of that state is noticed.
fn begin(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

fn load(database: &Database, path: &Path) -> Result<Saved, FolderError> {
    let failed = |error: redb::Error| refused(path, error);
    let transaction = database.begin_read().map_err(|error| failed(error.into()))?;
    let network = transaction.open_table(NETWORK).map_err(|error| failed(error.into()))?;
    let value = |name: &str| -> Result<Vec<u8>, FolderError> {
        let value = network.get(name).map_err(|error| failed(error.into()))?;
        Ok(value.ok_or_else(|| damaged(path, format!("it has no {name}")))?.value().to_vec())
    };
    let format = value("format")?.try_into().map(u32::from_le_bytes);
    let format = format.map_err(|_| damaged(path, "its format is not a number"))?;
    if format != FORMAT {
        return Err(FolderError::Format { path: path.to_owned(), actual: format });
    }
    let seed = |name: &str| value(name)?.try_into().map_err(|_| damaged(path, format!("its {name} is not a key")));
    let keys = Keys::from_seeds([seed("root key")?, seed("subnet key")?, seed("node key")?]);
    let keys = keys.ok_or_else(|| damaged(path, "its root key or subnet key is not a key"))?;

    let mut restore = Restore::default();
    let engine = transaction.open_table(ENGINE).map_err(|error| failed(error.into()))?;
    for entry in engine.iter().map_err(|error| failed(error.into()))? {
        let (key, value) = entry.map_err(|error| failed(error.into()))?;
        restore.entry(key.value(), value.value()).map_err(|error| damaged(path, error))?;
    }
    let engine = LocalIc::restored(restore).map_err(|error| damaged(path, error))?;

    let mut canisters = Canisters::new();
    let table = transaction.open_table(CANISTERS).map_err(|error| failed(error.into()))?;
    for entry in table.iter().map_err(|error| failed(error.into()))? {
        let (name, id) = entry.map_err(|error| failed(error.into()))?;
        let id = Principal::try_from_slice(id.value()).map_err(|error| damaged(path, error))?;
        if engine.canister_exists(id) {
            canisters.insert(name.value().to_string(), id);
        }
    }

    let table = transaction.open_table(REQUESTS).map_err(|error| failed(error.into()))?;
    let requests = table.iter().map_err(|error| failed(error.into()))?.map(|entry| {
        let (id, call) = entry.map_err(|error| failed(error.into()))?;
        let call = postcard::from_bytes(call.value()).map_err(|error| damaged(path, error))?;
        Ok((id.value(), call))
    });
    let requests = requests.collect::<Result<_, _>>()?;
    Ok(Saved { engine, canisters, keys, requests })
}

struct EngineTable<'a>(Table<'a, &'static [u8], &'static [u8]>);

impl Storage for EngineTable<'_> {
    type Error = redb::StorageError;

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), Self::Error> {
        self.0.insert(key, value).map(drop)
    }

    fn remove(&mut self, prefix: &[u8]) -> Result<(), Self::Error> {
        // No page number continues like this.
        let end = [prefix, &[0xff; 5]].concat();
        self.0.retain_in(prefix..end.as_slice(), |_, _| false)
    }
}
