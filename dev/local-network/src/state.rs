//! What a network starts from: in memory only, or in a folder.

use std::io;
use std::path::Path;
use std::sync::Arc;

use candid::Principal;
use local_ic::{Certifier, Changes, LocalIc, StateReader};

use crate::certificate::certify_data;
use crate::clock;
use crate::folder::{FolderError, FolderLock, StateFolder, system};
use crate::keys::Keys;
use crate::requests::{RequestHash, TakenCall};

/// The state of a network that does not run.
pub struct State {
    pub(crate) engine: LocalIc,
    pub(crate) reader: StateReader,
    pub(crate) keys: Arc<Keys>,
    pub(crate) calls: Vec<(RequestHash, TakenCall)>,
    pub(crate) folder: Option<StateFolder>,
}

impl State {
    /// A new network on `engine`, in memory: when it stops, all is gone.
    ///
    /// # Errors
    ///
    /// If the operating system gives no random bytes, or cannot do what queries beside updates need.
    pub fn in_memory(engine: LocalIc) -> io::Result<Self> {
        let keys = Keys::generate().map_err(io::Error::from)?;
        let keys = Arc::new(keys);
        let reader = engine.take_changes(|changes| reader(changes, &keys))?;
        Ok(Self { engine, reader, keys, calls: Vec::new(), folder: None })
    }

    /// The network that is saved in `folder`, with the canister that it is for. If there is none, it is that which `new`
    /// gives, and saved there.
    ///
    /// # Errors
    ///
    /// If what is saved cannot be used as a whole, the system does not play along, or `new` fails.
    pub fn in_folder<E: From<FolderError>>(
        folder: &Path,
        new: impl FnOnce() -> Result<(LocalIc, Principal), E>,
    ) -> Result<(Self, Principal), E> {
        let lock = FolderLock::take(folder)?;
        if let Some((folder, saved)) = StateFolder::open(&lock)? {
            let keys = Arc::new(saved.keys);
            let reader = saved.engine.take_changes(|changes| reader(changes, &keys));
            let reader = reader.map_err(|error| system(lock.folder(), error))?;
            let state = Self { engine: saved.engine, reader, keys, calls: saved.requests, folder: Some(folder) };
            return Ok((state, saved.canister));
        }
        let (engine, canister) = new()?;
        let keys = Arc::new(Keys::generate().map_err(|error| system(folder, error))?);
        let (reader, folder) = engine.take_changes(|changes| {
            let reader = reader(changes, &keys).map_err(|error| system(folder, error))?;
            Ok::<_, FolderError>((reader, StateFolder::create(&lock, &keys, canister, changes)?))
        })?;
        Ok((Self { engine, reader, keys, calls: Vec::new(), folder: Some(folder) }, canister))
    }

    /// SHA-256 of a canister's module, if it has one.
    pub fn module_hash(&self, canister: Principal) -> Option<[u8; 32]> {
        self.engine.module_hash(canister)
    }
}

/// A reader whose queries find certificates by the subnet's key.
fn reader(changes: &Changes<'_>, keys: &Arc<Keys>) -> io::Result<StateReader> {
    let keys = Arc::clone(keys);
    let certifier: Certifier = Arc::new(move |canister, data| certify_data(&keys, clock::nanos(), canister, data));
    StateReader::new(changes, Some(certifier))
}
