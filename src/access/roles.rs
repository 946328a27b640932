//! Roles by principal, in a memory of their own.
//!
//! ```text
//! Wasm page 0
//!   offset size
//!        0   64  header (see `stable::header`); its own fields:
//!                  32    4  count  roles, at most 10,000
//!                  36   28  0
//!       64       the roles, in no order
//!
//! role
//! offset size
//!      0    1  length of the principal, 0 to 29
//!      1   29  principal, zero-padded; never the anonymous one, none twice
//!     30    1  role: 1 reader, 2 writer, 3 admin
//!     31    1  0
//!     32
//! ```
//!
//! Little-endian. Bytes behind the last role have no meaning. When a role is removed, the last role moves to its slot.
//! The memory has all its pages from the start, so setting a role never grows it. The heap holds a copy, which every
//! call reads.

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use crate::api::{Role, RoleError};
use crate::limits::{MAX_PAGE_ROLES, MAX_ROLES};
use crate::memory::LAYOUT_VERSION;
use candid::Principal;
use ic_stable_structures::Memory;
use stable::header::{self, HEADER_BYTES, HeaderError, Kind, OWN_BYTES, OWN_OFFSET, field};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

/// Wasm pages of the memory.
pub const ROLES_PAGES: u64 = (HEADER_BYTES as u64 + MAX_ROLES as u64 * ROLE_BYTES as u64).div_ceil(WASM_PAGE_BYTES);
/// The constants that identify the memory's header.
pub const KIND: Kind =
    Kind { magic: *b"MCRO", layout: LAYOUT_VERSION, record_bytes: ROLE_BYTES as u32, segment_pages: 0 };

const WASM_PAGE_BYTES: u64 = 65_536;
const LENGTH: usize = 0;
const PRINCIPAL: usize = LENGTH + 1;
const ROLE: usize = PRINCIPAL + Principal::MAX_LENGTH_IN_BYTES;
const ROLE_BYTES: usize = ROLE + 2;
const _: () = assert!(ROLE_BYTES == 32);

/// The reason why the roles were not opened. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenRolesError {
    /// The memory is foreign or damaged.
    Header(HeaderError),
    /// There are more roles than the memory holds.
    Count {
        /// The number found.
        found: u32,
        /// The highest number.
        max: u32,
    },
    /// A slot holds no role, or its principal already has one.
    Slot {
        /// Counted from 0.
        slot: u32,
    },
}

impl fmt::Display for OpenRolesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(error) => write!(f, "{error}"),
            Self::Count { found, max } => write!(f, "{found} roles, at most {max} are possible"),
            Self::Slot { slot } => {
                write!(f, "slot {slot} holds no role, or one of a principal that has one already")
            }
        }
    }
}

/// The roles of one store.
pub struct Roles<V: Memory> {
    memory: V,
    /// The principal in each slot.
    holders: Vec<Principal>,
    entries: BTreeMap<Principal, Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    role: Role,
    slot: usize,
}

impl<V: Memory> Roles<V> {
    /// Creates an empty table of roles.
    ///
    /// Precondition: `memory` has [`ROLES_PAGES`] pages of zeros.
    pub fn create(memory: V) -> Self {
        header::write(&memory, KIND, [0; OWN_BYTES]);
        Self { memory, holders: Vec::new(), entries: BTreeMap::new() }
    }

    /// Opens roles, and checks each of them.
    pub fn open(memory: V) -> Result<Self, OpenRolesError> {
        let own = header::read(&memory, KIND, ROLES_PAGES).map_err(OpenRolesError::Header)?;
        let count = u32::from_le_bytes(field(&own, 0));
        if count > MAX_ROLES {
            return Err(OpenRolesError::Count { found: count, max: MAX_ROLES });
        }
        let mut bytes = vec![0; count as usize * ROLE_BYTES];
        memory.read(HEADER_BYTES as u64, &mut bytes);
        let mut roles = Self { memory, holders: Vec::with_capacity(count as usize), entries: BTreeMap::new() };
        for (slot, bytes) in bytes.as_chunks().0.iter().enumerate() {
            let damaged = OpenRolesError::Slot { slot: slot as u32 };
            let (principal, role) = decode(bytes).ok_or(damaged)?;
            roles.holders.push(principal);
            if roles.entries.insert(principal, Entry { role, slot }).is_some() {
                return Err(damaged);
            }
        }
        Ok(roles)
    }

    /// Number of roles.
    pub fn len(&self) -> u32 {
        self.holders.len() as u32
    }

    /// True if nobody has a role.
    pub fn is_empty(&self) -> bool {
        self.holders.is_empty()
    }

    /// The role of a principal.
    pub fn get(&self, principal: &Principal) -> Option<Role> {
        self.entries.get(principal).map(|entry| entry.role)
    }

    /// Gives a principal a role, or takes its role away. On an error nothing has changed.
    pub fn set(&mut self, principal: Principal, role: Option<Role>) -> Result<(), RoleError> {
        match role {
            Some(_) if principal == Principal::anonymous() => Err(RoleError::Anonymous),
            Some(role) => {
                let slot = self.entries.get(&principal).map_or(self.holders.len(), |entry| entry.slot);
                if slot >= MAX_ROLES as usize {
                    return Err(RoleError::RolesFull { max: MAX_ROLES });
                }
                if slot == self.holders.len() {
                    self.holders.push(principal);
                }
                self.put(principal, Entry { role, slot });
                self.write_count();
                Ok(())
            }
            None => {
                self.remove(principal);
                Ok(())
            }
        }
    }

    /// At most [`MAX_PAGE_ROLES`] roles in the order of their principals, starting after `after`.
    pub fn page(&self, after: Option<Principal>) -> Vec<(Principal, Role)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let entries = self.entries.range((from, Bound::Unbounded));
        entries.take(MAX_PAGE_ROLES).map(|(&principal, entry)| (principal, entry.role)).collect()
    }

    fn remove(&mut self, principal: Principal) {
        let Some(Entry { slot, .. }) = self.entries.remove(&principal) else { return };
        self.holders.swap_remove(slot);
        // Another role may have moved here from the last slot.
        if let Some(moved) = self.holders.get(slot).copied()
            && let Some(role) = self.get(&moved)
        {
            self.put(moved, Entry { role, slot });
        }
        self.write_count();
    }

    fn put(&mut self, principal: Principal, entry: Entry) {
        let at = HEADER_BYTES as u64 + (entry.slot * ROLE_BYTES) as u64;
        self.memory.write(at, &encode(principal, entry.role));
        self.entries.insert(principal, entry);
    }

    fn write_count(&self) {
        self.memory.write(OWN_OFFSET, &self.len().to_le_bytes());
    }
}

fn encode(principal: Principal, role: Role) -> [u8; ROLE_BYTES] {
    let slice = principal.as_slice();
    let mut bytes = [0; ROLE_BYTES];
    bytes[LENGTH] = slice.len() as u8;
    bytes[PRINCIPAL..PRINCIPAL + slice.len()].copy_from_slice(slice);
    bytes[ROLE] = match role {
        Role::reader => 1,
        Role::writer => 2,
        Role::admin => 3,
    };
    bytes
}

/// The role in these bytes, if [`encode`] could have written them.
fn decode(bytes: &[u8; ROLE_BYTES]) -> Option<(Principal, Role)> {
    let slice = bytes[PRINCIPAL..ROLE].get(..usize::from(bytes[LENGTH]))?;
    let principal = Principal::try_from_slice(slice).ok()?;
    let role = match bytes[ROLE] {
        1 => Role::reader,
        2 => Role::writer,
        3 => Role::admin,
        _ => return None,
    };
    (principal != Principal::anonymous() && encode(principal, role) == *bytes).then_some((principal, role))
}
