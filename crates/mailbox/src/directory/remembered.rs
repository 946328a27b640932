//! The memory between look-ups.

use crate::Error;
use crate::records::{Known, Memory, Pins};
use candid::Principal;
use client::directory::api::Published;
use client::directory::pin;
use directory_core::bundle::{Bundle, MAX_LIFETIME};
use directory_core::change::State;
use directory_core::checkpoint::Checkpoint;
use directory_core::entry::Entry;
use directory_core::policy::{Key, Policy};
use directory_core::verify::{self, Trusted};
use std::cmp::Reverse;

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
    /// `bundles` are those seen before and now. The newest of each device is remembered, also if this answer does not show it:
    /// otherwise an older one could follow.
    pub(super) fn of(state: &State, mut bundles: Vec<Bundle>, now: u64) -> Self {
        // All older ones of the device have expired then.
        bundles.retain(|bundle| bundle.content.issued.saturating_add(MAX_LIFETIME) > now);
        bundles.sort_by_key(|bundle| (bundle.content.device, Reverse(bundle.content.issued)));
        bundles.dedup_by_key(|bundle| bundle.content.device);
        Self {
            entry: state.newest().encode(),
            time: state.time(),
            replaced: state.replaced().map(Entry::encode),
            bundles: bundles.iter().map(Bundle::encode).collect(),
        }
    }

    pub(super) fn bundles(&self) -> impl Iterator<Item = Bundle> {
        self.bundles.iter().filter_map(|bytes| Bundle::decode(bytes).ok())
    }

    pub(super) fn state(&self) -> Result<State, Error> {
        let bad = || Error::Directory("the memory of a label cannot be read".into());
        let entry = Entry::decode(&self.entry).map_err(|_| bad())?;
        let replaced = self.replaced.as_ref().map(|bytes| Entry::decode(bytes)).transpose().map_err(|_| bad())?;
        State::from_parts(entry, self.time, replaced).ok_or_else(bad)
    }
}
