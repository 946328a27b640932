//! A directory in stable memory: nine memories, which grow and are never rewritten as a whole.
//!
//! ```text
//! memory   magic  record  holds
//! nodes    DCND   84      the prefix tree's nodes (nodes.rs); node 0 is the root
//! leaves   DCLF   100     its leaves, in the order of registration: the number of a leaf is the number of its label
//! labels   DCLB   20      where each label's newest update and its registration lie (records.rs)
//! updates  DCUP   100     all updates in their order: the number of a record is the update's position (records.rs)
//! public   DCPU   1       a stream of updates, which verifiers read
//! private  DCPR   1       a stream of profiles and registrations, which can be erased
//! heads    DCHD   133     the heads, by epoch
//! hashes   DCHS   32      the hashes of the log of heads, in post-order
//! slots    DCSL   313     bundles, overwritten in place (slots.rs)
//! ```
//!
//! A change first asks for the room that it needs. A refusal changes nothing. The store does not check changes: the caller
//! has checked them by the rules ([`crate::change`]).

mod answer;
mod changes;
mod check;
mod nodes;
mod own;
mod records;
mod slots;
pub mod stream;
pub mod table;

pub use answer::{Ask, Evidence, TooLong};
pub use changes::Accepted;
pub use check::{Cursor, Report};
pub use nodes::StableNodes;
pub use records::Registration;

use crate::bytes::DecodeError;
use crate::hash::{Hash, sha256};
use crate::head::{self, Head};
use crate::log::{Log, stored_hashes};
use crate::map::{Nodes, Tree, View};
use ic_stable_structures::Memory;
use records::{LABEL, LabelRecord, UPDATE, UpdateRecord};
use slots::SLOT;
use stable::header::HeaderError;
use std::collections::BTreeMap;
use std::fmt;
use stream::Stream;
use table::Table;

/// Bytes of a Wasm page.
pub const PAGE: u64 = 65_536;

/// The memories of a directory.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Memories<M> {
    pub nodes: M,
    pub leaves: M,
    pub labels: M,
    pub updates: M,
    pub public: M,
    pub private: M,
    pub heads: M,
    pub hashes: M,
    pub slots: M,
}

/// A directory's labels, updates, heads and bundles.
#[derive(Debug)]
pub struct Store<M: Memory> {
    realm: Hash,
    tree: Tree<StableNodes<M>>,
    labels: Table<M, LABEL>,
    updates: Table<M, UPDATE>,
    public: Stream<M>,
    private: Stream<M>,
    heads: Table<M, { head::SIZE }>,
    log: Log<Table<M, 32>>,
    /// The log's root.
    root: Hash,
    slots: Table<M, SLOT>,
    /// Labels with an update in the open epoch, by index. New labels are not in the tree yet.
    new: BTreeMap<Hash, u32>,
}

/// The reason why memories cannot be opened as a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenError {
    /// A memory's header is not one that this release writes.
    Header {
        /// The memory's magic.
        memory: [u8; 4],
        /// The fault.
        error: HeaderError,
    },
    /// Two memories do not belong together.
    Mismatch {
        /// The name of the number that differs.
        what: &'static str,
        /// The number in one memory.
        one: u64,
        /// The number in the other.
        other: u64,
    },
}

/// A memory could not grow. Nothing was written; other memories may have grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfMemory;

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header { memory, error } => write!(f, "memory {}: {error}", memory.escape_ascii()),
            Self::Mismatch { what, one, other } => write!(f, "{what}: {one} in one memory, {other} in another"),
        }
    }
}

impl<M: Memory> Store<M> {
    /// Makes an empty directory in empty memories.
    pub fn create(memories: Memories<M>, realm: Hash) -> Result<Self, OutOfMemory> {
        let Memories { nodes, leaves, labels, updates, public, private, heads, hashes, slots } = memories;
        for memory in [&nodes, &leaves, &labels, &updates, &public, &private, &heads, &hashes, &slots] {
            assert_eq!(memory.size(), 0, "the memory is in use");
            if memory.grow(1) < 0 {
                return Err(OutOfMemory);
            }
        }
        Ok(Self {
            realm,
            tree: Tree::create(StableNodes::create(nodes, leaves)),
            labels: Table::create(labels, *b"DCLB"),
            updates: Table::create(updates, *b"DCUP"),
            public: Stream::create(public, *b"DCPU"),
            private: Stream::create(private, *b"DCPR"),
            heads: Table::create(heads, *b"DCHD"),
            log: Log::open(Table::create(hashes, *b"DCHS"), 0),
            root: sha256(&[]),
            slots: Table::create(slots, *b"DCSL"),
            new: BTreeMap::new(),
        })
    }

    /// Opens a directory.
    pub fn open(memories: Memories<M>, realm: Hash) -> Result<Self, OpenError> {
        let Memories { nodes, leaves, labels, updates, public, private, heads, hashes, slots } = memories;
        let nodes = StableNodes::open(nodes, leaves)?;
        let (labels, updates, heads) = (open(labels, *b"DCLB")?, open(updates, *b"DCUP")?, open(heads, *b"DCHD")?);
        let hashes = open::<M, 32>(hashes, *b"DCHS")?;
        same("labels", labels.len(), nodes.leaves())?;
        same("heads", heads.len(), nodes.sizes().sealed)?;
        same("hashes", hashes.len(), stored_hashes(heads.len()))?;
        let stream =
            |memory, magic| Stream::open(memory, magic).map_err(|error| OpenError::Header { memory: magic, error });
        let log = Log::open(hashes, heads.len());
        let mut store = Self {
            realm,
            tree: Tree::open(nodes),
            labels,
            updates,
            public: stream(public, *b"DCPU")?,
            private: stream(private, *b"DCPR")?,
            root: log.root(log.size()),
            log,
            heads,
            slots: open(slots, *b"DCSL")?,
            new: BTreeMap::new(),
        };
        for position in store.closed(store.heads.len())..store.updates.len() {
            let label = store.update(position).label;
            store.new.insert(store.tree.nodes().leaf(label).index, label);
        }
        Ok(store)
    }

    /// Number of labels.
    pub fn labels(&self) -> u64 {
        self.labels.len()
    }

    /// Number of updates.
    pub fn updates(&self) -> u64 {
        self.updates.len()
    }

    /// The log of heads.
    pub fn log(&self) -> &Log<Table<M, 32>> {
        &self.log
    }

    /// The root of the log of heads.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The head of an epoch that has closed.
    pub fn head(&self, epoch: u64) -> Option<Head> {
        let bytes = (epoch < self.heads.len()).then(|| self.heads.get(epoch))?;
        Some(Head::decode(&bytes).expect("the store wrote the head"))
    }

    /// The time of the newest head or of the last update, whichever is later, in nanoseconds since 1970. Verifiers refuse
    /// earlier times.
    pub fn latest(&self) -> u64 {
        let head = self.heads.len().checked_sub(1).and_then(|epoch| self.head(epoch)).map_or(0, |head| head.time);
        let update = self.updates.len().checked_sub(1).map_or(0, |position| self.update(position).time);
        head.max(update)
    }

    /// The prefix tree's root in a state.
    pub fn map_root(&self, view: View) -> Hash {
        self.tree.root(view)
    }

    /// The size of the log at the last ratified head, 0 before the first.
    pub fn ratified(&self) -> u64 {
        self.tree.sizes().ratified
    }

    /// The number of a label, by its index.
    pub fn find(&self, index: &Hash) -> Option<u32> {
        self.new.get(index).copied().or_else(|| self.tree.find(index))
    }

    /// Whether a label has an update in the open epoch.
    pub fn is_pending(&self, label: u32) -> bool {
        self.label(label).newest >= self.closed(self.heads.len())
    }

    /// Number of updates in epochs that have closed before the log has `size` heads.
    fn closed(&self, size: u64) -> u64 {
        let newest = size.checked_sub(1).and_then(|epoch| self.head(epoch));
        newest.map_or(0, |head| head.first_update + u64::from(head.updates))
    }

    fn label(&self, number: u32) -> LabelRecord {
        LabelRecord::decode(&self.labels.get(number.into()))
    }

    fn update(&self, position: u64) -> UpdateRecord {
        UpdateRecord::decode(&self.updates.get(position))
    }

    /// Grows the memories to the sizes that they need, one after the other. After an error some of them may have grown.
    fn grow(needs: &[(&M, u64)]) -> Result<(), OutOfMemory> {
        let grown = needs.iter().all(|(memory, bytes)| {
            let missing = bytes.div_ceil(PAGE).saturating_sub(memory.size());
            missing == 0 || memory.grow(missing) >= 0
        });
        if grown { Ok(()) } else { Err(OutOfMemory) }
    }
}

fn open<M: Memory, const N: usize>(memory: M, magic: [u8; 4]) -> Result<Table<M, N>, OpenError> {
    Table::open(memory, magic).map_err(|error| OpenError::Header { memory: magic, error })
}

fn same(what: &'static str, one: u64, other: u64) -> Result<(), OpenError> {
    if one == other { Ok(()) } else { Err(OpenError::Mismatch { what, one, other }) }
}

/// Unwraps a value that the store itself wrote. If it cannot be decoded, the memory is damaged.
fn stored<T>(result: Result<T, DecodeError>) -> T {
    result.expect("the store wrote these bytes")
}
