//! The state that a network starts from: in memory only, or in a folder.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::sync::Arc;

use candid::Principal;
use local_ic::{Certifier, Changes, LocalIc, StateReader};

use crate::certificate::certify_data;
use crate::clock;
use crate::folder::{Canisters, FolderError, FolderLock, Saved, StateFolder, system};
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
    /// A new network on `engine`, in memory. Its state is lost when it stops.
    ///
    /// # Errors
    ///
    /// If the operating system returns no random bytes, or lacks what queries beside updates need.
    pub fn in_memory(engine: LocalIc) -> io::Result<Self> {
        Self::with_keys(engine, Keys::generate()?)
    }

    /// As [`State::in_memory`]. The node signs its answers with the key that `seed` makes, so a test that knows the seed can
    /// answer as a lying node.
    ///
    /// # Errors
    ///
    /// As [`State::in_memory`].
    pub fn with_node_key(engine: LocalIc, seed: [u8; 32]) -> io::Result<Self> {
        Self::with_keys(engine, Keys::generate()?.with_node(seed))
    }

    fn with_keys(engine: LocalIc, keys: Keys) -> io::Result<Self> {
        let keys = Arc::new(keys);
        let reader = engine.take_changes(|changes| reader(changes, &keys))?;
        Ok(Self { engine, reader, keys, calls: Vec::new(), folder: None })
    }

    /// The network that is saved in `folder`, or else a new one on the engine that `new` returns, saved there. `prepare` adds
    /// missing canisters. Its changes are saved as a whole, or not at all.
    ///
    /// # Errors
    ///
    /// If the saved state cannot be used as a whole, the system refuses, or `new` or `prepare` fails.
    pub fn in_folder<E: From<FolderError>>(
        folder: &Path,
        new: impl FnOnce() -> Result<LocalIc, E>,
        prepare: impl FnOnce(&LocalIc, &mut Canisters) -> Result<(), E>,
    ) -> Result<(Self, Canisters), E> {
        let lock = FolderLock::take(folder)?;
        if let Some((folder, saved)) = StateFolder::open(&lock)? {
            let failed = |error: &dyn Display| system(lock.folder(), error);
            let Saved { engine, mut canisters, keys, requests } = saved;
            let keys = Arc::new(keys);
            let reader = engine.take_changes(|changes| reader(changes, &keys)).map_err(|error| failed(&error))?;
            prepare(&engine, &mut canisters)?;
            engine.take_changes(|changes| {
                if !changes.is_empty() {
                    folder.add_canisters(&canisters, changes).map_err(|error| failed(&error))?;
                }
                reader.apply(changes);
                Ok::<_, FolderError>(())
            })?;
            return Ok((Self { engine, reader, keys, calls: requests, folder: Some(folder) }, canisters));
        }
        let (engine, mut canisters) = (new()?, Canisters::new());
        prepare(&engine, &mut canisters)?;
        let keys = Arc::new(Keys::generate().map_err(|error| system(folder, error))?);
        let (reader, folder) = engine.take_changes(|changes| {
            let reader = reader(changes, &keys).map_err(|error| system(folder, error))?;
            Ok::<_, FolderError>((reader, StateFolder::create(&lock, &keys, &canisters, changes)?))
        })?;
        Ok((Self { engine, reader, keys, calls: Vec::new(), folder: Some(folder) }, canisters))
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
