//! Roles and controllers.

use super::person;
use crate::access::Caller;
use crate::api::Role;
use candid::Principal;

/// Whether a caller reads all keys, is a member, and is an admin.
fn ranks(caller: Caller) -> [bool; 3] {
    [caller.reads_all(), caller.is_member(), caller.is_admin()]
}

#[test]
fn a_role_lets_its_holder_do_what_it_says_and_no_more() {
    for (role, expected) in [
        (None, [false, false, false]),
        (Some(Role::reader), [true, false, false]),
        (Some(Role::writer), [false, true, false]),
        (Some(Role::admin), [true, true, true]),
    ] {
        for open in [false, true] {
            let caller = Caller::new(person(1), role, false, open);
            assert_eq!(ranks(caller), expected, "{role:?}");
            assert_eq!(caller.principal(), person(1));
            assert!(caller.is_identified());
        }
    }
}

#[test]
fn controllers_are_admins_whatever_their_role() {
    for role in [None, Some(Role::reader), Some(Role::writer), Some(Role::admin)] {
        for open in [false, true] {
            assert_eq!(ranks(Caller::new(person(1), role, true, open)), [true; 3]);
        }
    }
}

#[test]
fn the_anonymous_principal_never_has_a_role() {
    for role in [Role::reader, Role::writer, Role::admin] {
        for open in [false, true] {
            let caller = Caller::new(Principal::anonymous(), Some(role), false, open);
            assert_eq!(ranks(caller), [false; 3], "{role:?}");
            assert!(!caller.is_identified());
        }
    }
}

#[test]
fn the_anonymous_principal_that_controls_the_canister_is_an_admin_of_an_open_store_only() {
    let anonymous = Principal::anonymous();
    assert_eq!(ranks(Caller::new(anonymous, None, true, true)), [true; 3]);
    // It became a controller after the store was closed.
    for role in [None, Some(Role::admin)] {
        assert_eq!(ranks(Caller::new(anonymous, role, true, false)), [false; 3]);
    }
}
