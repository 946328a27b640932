//! The memory of roles.

use super::{canister, person};
use crate::access::roles::{OpenRolesError, ROLES_PAGES, Roles};
use crate::api::{Role, RoleError};
use candid::Principal;
use ic_stable_structures::{Memory, VectorMemory};
use proptest::prelude::*;
use stable::header::HeaderError;
use std::collections::BTreeMap;

const FIRST: u64 = 64;
const COUNT: u64 = 32;

fn memory() -> VectorMemory {
    let memory = VectorMemory::default();
    memory.grow(ROLES_PAGES);
    memory
}

/// An empty table, and its memory.
fn new() -> (Roles<VectorMemory>, VectorMemory) {
    let memory = memory();
    (Roles::create(memory.clone()), memory)
}

/// The principals numbered 0, 1, 2, …
fn numbered(number: u32) -> Principal {
    Principal::self_authenticating(number.to_le_bytes())
}

fn open_error(memory: &VectorMemory) -> OpenRolesError {
    Roles::open(memory.clone()).err().expect("an error")
}

#[test]
fn the_bytes_of_a_role() {
    let (mut roles, memory) = new();
    roles.set(person(1), Some(Role::writer)).expect("room");
    roles.set(canister(), Some(Role::admin)).expect("room");
    let mut bytes = [0; 64];
    memory.read(FIRST, &mut bytes);
    assert_eq!(bytes[0], 29);
    assert_eq!(bytes[1..30], *person(1).as_slice());
    assert_eq!(bytes[30..32], [2, 0]);
    let second = [10, 0, 0, 0, 0, 0, 16, 0, 7, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0];
    assert_eq!(bytes[32..], second);
    let mut header = [0; 64];
    memory.read(0, &mut header);
    assert_eq!(header[..12], *b"MCRO\x02\0\0\0\x20\0\0\0");
    assert_eq!(header[32..40], [2, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn the_anonymous_principal_is_given_no_role() {
    let (mut roles, _) = new();
    for role in [Role::reader, Role::writer, Role::admin] {
        assert_eq!(roles.set(Principal::anonymous(), Some(role)), Err(RoleError::Anonymous));
    }
    assert_eq!(roles.set(Principal::anonymous(), None), Ok(()));
    assert!(roles.is_empty());
}

#[test]
fn at_most_10_000_principals_have_a_role_and_the_memory_never_grows() {
    let (mut roles, memory) = new();
    for number in 0..10_000 {
        assert_eq!(roles.set(numbered(number), Some(Role::reader)), Ok(()));
    }
    assert_eq!(roles.set(numbered(10_000), Some(Role::reader)), Err(RoleError::RolesFull { max: 10_000 }));
    assert_eq!(roles.get(&numbered(10_000)), None);
    // A present role can still be changed, and a free slot is used again.
    assert_eq!(roles.set(numbered(9_999), Some(Role::admin)), Ok(()));
    assert_eq!(roles.set(numbered(5), None), Ok(()));
    assert_eq!(roles.set(numbered(10_000), Some(Role::writer)), Ok(()));
    assert_eq!((roles.len(), memory.size()), (10_000, ROLES_PAGES));
    let roles = Roles::open(memory).expect("roles");
    assert_eq!(roles.len(), 10_000);
    assert_eq!(
        [9_999, 10_000, 5].map(|number| roles.get(&numbered(number))),
        [Some(Role::admin), Some(Role::writer), None]
    );
}

#[test]
fn pages_list_each_role_once_in_order() {
    let (mut roles, _) = new();
    for number in 0..2_500 {
        roles.set(numbered(number), Some(Role::reader)).expect("room");
    }
    let (mut listed, mut after) = (Vec::new(), None);
    for length in [1_000, 1_000, 500, 0] {
        let page = roles.page(after);
        assert_eq!(page.len(), length);
        after = page.last().map(|&(principal, _)| principal).or(after);
        listed.extend(page);
    }
    assert!(listed.is_sorted_by(|a, b| a.0 < b.0));
    assert_eq!(listed.len(), 2_500);
    // The principal to start after need not have a role.
    let (first, second) = (listed[0].0, listed[1].0);
    roles.set(first, None).expect("removed");
    assert_eq!(roles.page(Some(first))[0].0, second);
}

#[test]
fn damaged_memory_is_refused() {
    let (mut roles, memory) = new();
    for principal in [person(1), canister(), person(2)] {
        roles.set(principal, Some(Role::reader)).expect("room");
    }
    drop(roles);
    let damage = |at: u64, bytes: &[u8], expected: OpenRolesError| {
        let mut before = vec![0; bytes.len()];
        memory.read(at, &mut before);
        memory.write(at, bytes);
        assert_eq!(open_error(&memory), expected);
        memory.write(at, &before);
        assert!(Roles::open(memory.clone()).is_ok());
    };
    let slot = |slot| OpenRolesError::Slot { slot };
    damage(0, b"MCST", OpenRolesError::Header(HeaderError::Magic { found: *b"MCST", expected: *b"MCRO" }));
    damage(COUNT, &10_001_u32.to_le_bytes(), OpenRolesError::Count { found: 10_001, max: 10_000 });
    damage(COUNT, &u32::MAX.to_le_bytes(), OpenRolesError::Count { found: u32::MAX, max: 10_000 });
    // A slot that was never written holds no role.
    damage(COUNT, &4_u32.to_le_bytes(), slot(3));
    for length in [30, 255] {
        damage(FIRST + 32, &[length], slot(1));
    }
    for role in [0, 4, 255] {
        damage(FIRST + 30, &[role], slot(0));
    }
    // Bytes after the principal, and after the role.
    damage(FIRST + 32 + 11, &[1], slot(1));
    damage(FIRST + 31, &[1], slot(0));
    // An attacker who can write stable memory might make everybody an admin.
    let anonymous: Vec<u8> = [&[1, 4][..], &[0; 28], &[3, 0]].concat();
    damage(FIRST, &anonymous, slot(0));
    let mut first = [0; 32];
    memory.read(FIRST, &mut first);
    damage(FIRST + 64, &first, slot(2));
    let short = VectorMemory::default();
    short.grow(ROLES_PAGES - 1);
    let truncated = HeaderError::Truncated { pages: ROLES_PAGES - 1, expected: ROLES_PAGES };
    assert_eq!(open_error(&short), OpenRolesError::Header(truncated));
}

fn role() -> impl Strategy<Value = Option<Role>> {
    prop_oneof![Just(None), Just(Some(Role::reader)), Just(Some(Role::writer)), Just(Some(Role::admin))]
}

proptest! {
    #[test]
    fn roles_are_those_that_were_set_last_also_after_an_upgrade(
        steps in proptest::collection::vec((0..12_u32, role(), any::<bool>()), 0..60),
    ) {
        let (mut roles, memory) = new();
        let mut model = BTreeMap::new();
        for (number, role, upgrade) in steps {
            roles.set(numbered(number), role).expect("room");
            match role {
                Some(role) => model.insert(numbered(number), role),
                None => model.remove(&numbered(number)),
            };
            if upgrade {
                drop(roles);
                roles = Roles::open(memory.clone()).expect("roles");
            }
            prop_assert_eq!(roles.page(None), model.iter().map(|(&who, &role)| (who, role)).collect::<Vec<_>>());
            prop_assert_eq!(roles.len() as usize, model.len());
            for number in 0..12 {
                prop_assert_eq!(roles.get(&numbered(number)), model.get(&numbered(number)).copied());
            }
        }
    }
}
