//! The memory between look-ups.

use crate::Error;
use crate::records::{Known, Memory, Pins};
use candid::Principal;
use client::directory::api::Published;
use client::directory::pin;
use directory_core::bundle::Bundle;
use directory_core::change::State;
use directory_core::checkpoint::Checkpoint;
use directory_core::entry::Entry;
use directory_core::policy::{Key, Policy};
use directory_core::verify::{self, Trusted};

/// Maximum age of verifiers' cosignatures, in seconds: an hour.
const MAX_AGE: u64 = 3_600;

impl Pins {
    pub(super) fn principal(&self) -> Result<Principal, Error> {
        Principal::try_from_slice(&self.canister).map_err(|error| Error::Directory(error.to_string()))
    }

    pub(super) fn trusted(&self) -> Result<Trusted, Error> {
        let published: Published =
            candid::decode_one(&self.published).map_err(|error| Error::Directory(error.to_string()))?;
        let policy = |bytes: &[u8; 32]| {
            let key = Key::new(*bytes);
            key.map(Policy::one).map_err(|error| Error::Directory(format!("a registrar's key: {error:?}")))
        };
        let registrars = self.registrars.iter().map(policy).collect::<Result<_, Error>>()?;
        pin(&published, &self.principal()?, registrars, MAX_AGE).map_err(|error| Error::Directory(error.to_string()))
    }
}

impl Memory {
    pub(super) fn of(memory: &verify::Memory) -> Self {
        Self { size: memory.log.size, root: memory.log.root, ratified: memory.ratified }
    }

    pub(super) fn get(&self) -> verify::Memory {
        verify::Memory { log: Checkpoint { size: self.size, root: self.root }, ratified: self.ratified }
    }
}

impl Known {
    pub(super) fn of(state: &State, bundles: &[Bundle]) -> Self {
        Self {
            entry: state.newest().encode(),
            time: state.time(),
            replaced: state.replaced().map(Entry::encode),
            bundles: bundles.iter().map(Bundle::encode).collect(),
        }
    }

    pub(super) fn state(&self) -> Result<State, Error> {
        let bad = || Error::Directory("the memory of a label cannot be read".into());
        let entry = Entry::decode(&self.entry).map_err(|_| bad())?;
        let replaced = self.replaced.as_ref().map(|bytes| Entry::decode(bytes)).transpose().map_err(|_| bad())?;
        State::from_parts(entry, self.time, replaced).ok_or_else(bad)
    }
}
