//! A directory: its state, and its store once the VRF key is drawn.

use crate::api::{self, Limits, Published, Settings, Status};
use crate::certified::CertifiedLog;
use crate::labels::Labels;
use crate::limits::{DAILY_UPDATES, MAX_LABELS, MAX_PENDING, MAX_STABLE_BYTES, PAGE_ITEMS};
use crate::memory::StableMemory;
use crate::state::{State, StateError};
use crate::strangers::Strangers;
use candid::Principal;
use directory_core::bytes::DecodeError;
use directory_core::checkpoint::{Checkpoint, Verifier, origin};
use directory_core::configuration::{Configuration, repeated_key};
use directory_core::entry::realm;
use directory_core::hash::Hash;
use directory_core::label::Label;
use directory_core::policy::Key;
use directory_core::profile::{MAX_DEVICES, MAX_SIZE};
use directory_core::proof::MAX_UPDATES;
use directory_core::store::{OpenError, Store};
use directory_core::vrf::{PROOF_SIZE, SecretKey};
use ic_stable_structures::Memory;
use ic_stable_structures::memory_manager::VirtualMemory;
use serde_bytes::ByteBuf;
use stable::budget::Spent;
use stable::manager::{ForeignMemory, OutOfMemory};
use std::fmt;

/// A directory.
pub struct Directory<M: Memory> {
    pub(crate) memory: StableMemory<M>,
    pub(crate) state: State<VirtualMemory<M>>,
    pub(crate) canister: Principal,
    pub(crate) keyed: Option<Keyed<M>>,
    pub(crate) strangers: Strangers,
}

/// The state that exists once the VRF key is drawn.
pub(crate) struct Keyed<M: Memory> {
    pub secret: SecretKey,
    pub realm: Hash,
    /// The hash of the configuration and of the VRF key, which heads carry.
    pub configuration: Hash,
    pub store: Store<VirtualMemory<M>>,
    pub labels: Labels,
}

/// The VRF key is not drawn yet: the canister waits for the platform's randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// The reason why stable memory is not opened as a directory.
#[derive(Debug)]
pub enum NotOpened {
    /// Another memory manager has divided it.
    Foreign(ForeignMemory),
    /// The state cannot be read.
    State(StateError),
    /// The store cannot be read.
    Store(OpenError),
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(error) => error.fmt(f),
            Self::State(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl<M: Memory + Clone> Directory<M> {
    /// Makes a directory in empty stable memory. It waits for [`Self::set_randomness`].
    pub fn create(raw: M, canister: Principal, configuration: Configuration) -> Result<Self, OutOfMemory> {
        let memory = StableMemory::create(raw)?;
        let state = State::create(memory.state(), configuration);
        let strangers = Strangers::new(Settings::default(), Spent::default());
        Ok(Self { memory, state, canister, keyed: None, strangers })
    }

    /// Opens a directory. Its index is rebuilt by [`Self::rebuild_while`].
    pub fn open(raw: M, canister: Principal) -> Result<Self, NotOpened> {
        let memory = StableMemory::open(raw).map_err(NotOpened::Foreign)?;
        let state = State::open(memory.state()).map_err(NotOpened::State)?;
        let keyed = match state.vrf() {
            None => None,
            Some(secret) => Some(Keyed::new(&secret, canister, state.configuration(), |realm| {
                Store::open(memory.store(), realm).map_err(NotOpened::Store)
            })?),
        };
        let strangers = Strangers::new(state.settings(), state.spent());
        Ok(Self { memory, state, canister, keyed, strangers })
    }

    /// Draws the VRF key from 32 random bytes, and makes the store. Does nothing if the key is drawn.
    pub fn set_randomness(&mut self, random: &[u8; 32]) -> Result<(), OutOfMemory> {
        // A stored key of zeros means that no key is drawn. No real random bytes are all zeros.
        if self.keyed.is_some() || *random == [0; 32] {
            return Ok(());
        }
        let memories = self.memory.store();
        let create = |realm| Store::create(memories, realm).map_err(|_| OutOfMemory);
        self.keyed = Some(Keyed::new(random, self.canister, self.state.configuration(), create)?);
        self.state.set_vrf(random);
        Ok(())
    }

    /// Whether the VRF key is drawn.
    pub fn is_ready(&self) -> bool {
        self.keyed.is_some()
    }

    /// Whether registration is open: anybody registers any name, for development.
    pub fn is_open(&self) -> bool {
        !self.state.configuration().has_registrar()
    }

    /// Whether labels still must be indexed after an upgrade.
    pub fn is_rebuilding(&self) -> bool {
        self.keyed.as_ref().is_some_and(|keyed| keyed.labels.is_rebuilding())
    }

    /// Indexes labels while `is_within` returns true.
    pub fn rebuild_while(&mut self, is_within: impl FnMut() -> bool) {
        if let Some(Keyed { store, labels, .. }) = &mut self.keyed {
            labels.rebuild_while(store, is_within);
        }
    }

    /// The log to certify.
    pub fn log(&self) -> Result<CertifiedLog, Unavailable> {
        let Keyed { store, configuration, .. } = self.keyed()?;
        Ok(CertifiedLog {
            checkpoint: Checkpoint { size: store.log().size(), root: store.root() },
            updates: store.updates(),
            configuration: *configuration,
        })
    }

    /// The first line of checkpoints.
    pub fn origin(&self) -> String {
        origin(self.canister)
    }

    /// The values that clients pin.
    pub fn published(&self) -> Result<Published, Unavailable> {
        let keyed = self.keyed()?;
        let configuration = self.state.configuration();
        Ok(Published {
            configuration: named(configuration),
            encoded: ByteBuf::from(configuration.encode()),
            hash: ByteBuf::from(keyed.configuration.to_vec()),
            origin: self.origin(),
            vrf_key: ByteBuf::from(keyed.secret.public().bytes().to_vec()),
            realm: ByteBuf::from(keyed.realm.to_vec()),
        })
    }

    /// The directory's status at a time in nanoseconds since 1970.
    pub fn status(&self, now: u64) -> Status {
        let api::Configuration { registration, ratification } = named(self.state.configuration());
        let store = self.keyed.as_ref().map(|keyed| &keyed.store);
        let (indexed, to_index) = self.keyed.as_ref().map_or((0, 0), |keyed| keyed.labels.progress());
        Status {
            version: env!("CARGO_PKG_VERSION").to_string(),
            registration,
            ratification,
            canister: self.canister,
            ready: store.is_some(),
            labels: store.map_or(0, Store::labels),
            updates: store.map_or(0, Store::updates),
            pending: self.pending(),
            epochs: store.map_or(0, |store| store.log().size()),
            ratified: store.map_or(0, Store::ratified),
            indexed,
            to_index,
            stable_bytes: self.memory.bytes(),
            settings: *self.settings(),
            cycles_today: self.cycles_today(now),
            limits: Limits {
                labels: MAX_LABELS,
                pending: MAX_PENDING,
                daily_updates: DAILY_UPDATES as u32,
                profile_bytes: MAX_SIZE as u32,
                devices: MAX_DEVICES as u32,
                history: MAX_UPDATES as u32,
                page: PAGE_ITEMS,
                stable_bytes: MAX_STABLE_BYTES,
            },
        }
    }

    pub(crate) fn keyed(&self) -> Result<&Keyed<M>, Unavailable> {
        self.keyed.as_ref().ok_or(Unavailable)
    }
}

impl<M: Memory + Clone> Keyed<M> {
    fn new<E>(
        secret: &[u8; 32],
        canister: Principal,
        configuration: &Configuration,
        store: impl FnOnce(Hash) -> Result<Store<VirtualMemory<M>>, E>,
    ) -> Result<Self, E> {
        let key = SecretKey::new(secret);
        let public = key.public();
        let (realm, configuration) = (realm(canister.as_slice(), public.bytes()), configuration.hash(public.bytes()));
        let store = store(realm)?;
        let labels = Labels::new(secret, store.labels());
        Ok(Self { secret: key, realm, configuration, store, labels })
    }

    /// The number of a label, its index, and the proof of the index. If the index on the heap has the label, the VRF is not
    /// computed.
    pub fn locate(&self, label: &Label) -> (Option<u32>, Hash, [u8; PROOF_SIZE]) {
        self.locate_from(self.labels.find(label, &self.store), label)
    }

    /// The same, from the result of an earlier search in the index.
    pub fn locate_from(
        &self,
        indexed: Option<(u32, [u8; PROOF_SIZE])>,
        label: &Label,
    ) -> (Option<u32>, Hash, [u8; PROOF_SIZE]) {
        match indexed {
            Some((number, vrf)) => (Some(number), self.store.index(number), vrf),
            None => {
                let (index, vrf) = self.secret.prove(&label.encode());
                (self.store.find(&index), index, vrf)
            }
        }
    }
}

/// A configuration in the interface's types.
pub fn named(configuration: &Configuration) -> api::Configuration {
    let verifier = |verifier: &Verifier| api::Verifier {
        name: verifier.name().to_string(),
        key: ByteBuf::from(verifier.key().bytes().to_vec()),
    };
    let quorum = || api::Ratification::quorum {
        threshold: configuration.threshold(),
        verifiers: configuration.verifiers().iter().map(verifier).collect(),
    };
    api::Configuration {
        registration: if configuration.has_registrar() {
            api::Registration::registrar
        } else {
            api::Registration::open
        },
        ratification: if configuration.threshold() == 0 { api::Ratification::certified_only } else { quorum() },
    }
}

/// The reason why the configuration that an operator names is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotConfigured {
    /// A verifier's name cannot stand in a note.
    Name {
        /// The name.
        name: String,
    },
    /// A verifier's key is not an Ed25519 key.
    Key {
        /// The verifier's name.
        name: String,
        /// The key's bytes.
        key: Vec<u8>,
    },
    /// The threshold is 0. Only `certified_only` may ratify without verifiers.
    NoQuorum,
    /// Two verifiers have the same key, which would count twice.
    SameKey {
        /// Their names.
        names: [String; 2],
    },
    /// A number is out of bounds.
    Invalid(DecodeError),
}

impl fmt::Display for NotConfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name } => {
                write!(f, "the verifier's name {name:?} is empty, or has a space, a control character or '+'")
            }
            Self::Key { name, key } => {
                let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
                write!(f, "the key of the verifier {name:?} is not an Ed25519 key: {hex}")
            }
            Self::NoQuorum => {
                write!(f, "the threshold is 0: at least 1 verifier must ratify; for development use certified_only")
            }
            Self::SameKey { names: [one, other] } => {
                write!(f, "the verifiers {one:?} and {other:?} have the same key, which would count twice")
            }
            Self::Invalid(error) => write!(f, "{error:?}"),
        }
    }
}

/// The configuration that an operator names.
pub fn configured(named: &api::Configuration) -> Result<Configuration, NotConfigured> {
    let verifier = |verifier: &api::Verifier| {
        let name = || verifier.name.clone();
        let key = verifier.key.as_slice().try_into().ok().and_then(|bytes| Key::new(bytes).ok());
        let key = key.ok_or_else(|| NotConfigured::Key { name: name(), key: verifier.key.to_vec() })?;
        Verifier::new(name(), key).ok_or_else(|| NotConfigured::Name { name: name() })
    };
    let registrar = named.registration == api::Registration::registrar;
    let (threshold, verifiers) = match &named.ratification {
        api::Ratification::certified_only => (0, Vec::new()),
        api::Ratification::quorum { threshold: 0, .. } => return Err(NotConfigured::NoQuorum),
        api::Ratification::quorum { threshold, verifiers } => {
            (*threshold, verifiers.iter().map(verifier).collect::<Result<Vec<_>, _>>()?)
        }
    };
    if let Some((one, other)) = repeated_key(&verifiers) {
        let name =
            |number: usize| verifiers.get(number).map(|verifier| verifier.name().to_string()).unwrap_or_default();
        return Err(NotConfigured::SameKey { names: [one, other].map(name) });
    }
    Configuration::new(registrar, verifiers, threshold).map_err(NotConfigured::Invalid)
}
