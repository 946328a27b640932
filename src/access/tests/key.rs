//! Claims and settings of a key's record.

use super::{canister, person};
use crate::access::owner::check_claim;
use crate::access::{Caller, KeyRights};
use crate::api::{Bound, ClaimError, KeyError, KeySetting, NewOwner, NewSendKey, OwnQuota, OwnerProof, Quota, Role};
use candid::Principal;
use serde_bytes::ByteBuf;

const KEY_ID: &[u8] = &[7; 32];
const QUOTA: Quota = Quota { messages: Bound::AtMost(5), bytes: Bound::Unlimited };

fn caller(number: u8, role: Option<Role>) -> Caller {
    Caller::new(person(number), role, false, false)
}

fn admin() -> Caller {
    caller(3, Some(Role::admin))
}

fn owned(owner: Principal) -> KeyRights {
    KeyRights { owner: Some(owner), send_key: Some([1; 32]), quota: Some(QUOTA), kept: true }
}

fn owner(owner: Option<Principal>) -> KeySetting {
    KeySetting::owner(owner.map_or(NewOwner::claimant, NewOwner::principal))
}

fn send_key(hash: &[u8]) -> KeySetting {
    KeySetting::send_key(NewSendKey::sha256(ByteBuf::from(hash)))
}

/// One setting of each kind.
fn settings() -> [KeySetting; 4] {
    [owner(Some(person(1))), send_key(&[2; 32]), KeySetting::quota(OwnQuota::own(QUOTA)), KeySetting::kept(true)]
}

/// The settings of [`settings`] that the caller may make.
fn allowed(rights: KeyRights, key_id: &[u8], caller: &Caller) -> [bool; 4] {
    settings().map(|setting| match rights.apply(key_id, &[setting], caller) {
        Ok(_) => true,
        Err(KeyError::NotAllowed) => false,
        Err(error) => panic!("{error:?}"),
    })
}

/// A claim as the store decides it: the proof comes first.
fn claim(rights: KeyRights, key_id: &[u8], proof: &OwnerProof, caller: Principal) -> Result<KeyRights, ClaimError> {
    check_claim(key_id, proof, caller)?;
    rights.claim(key_id, caller)
}

#[test]
fn a_claim_makes_the_caller_the_owner_and_nothing_else() {
    let salt = OwnerProof::salt(ByteBuf::from([5; 16]));
    let before = KeyRights { owner: None, send_key: None, quota: Some(QUOTA), kept: true };
    let Err(ClaimError::NotThatKey { key_id }) = claim(before, KEY_ID, &salt, person(1)) else { panic!() };
    let after = claim(before, &key_id, &salt, person(1)).expect("a claim");
    assert_eq!(after, KeyRights { owner: Some(person(1)), ..before });
    let again = KeyRights { send_key: Some([1; 32]), ..after };
    assert_eq!(claim(again, &key_id, &salt, person(1)), Ok(again));
    // An admin gave it away before the claim.
    assert_eq!(claim(owned(person(2)), &key_id, &salt, person(1)), Err(ClaimError::Owned));
}

#[test]
fn a_claim_without_a_right_proof_does_not_tell_whether_the_key_is_owned() {
    let salt = OwnerProof::salt(ByteBuf::from([5; 16]));
    let answers = [KeyRights::default(), owned(person(2))].map(|rights| claim(rights, KEY_ID, &salt, person(1)));
    assert!(matches!(answers[0], Err(ClaimError::NotThatKey { .. })));
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn the_claim_of_a_key_that_is_the_callers_principal_records_nothing() {
    let principal = person(1);
    let rights = KeyRights::default();
    assert_eq!(claim(rights, principal.as_slice(), &OwnerProof::own, principal), Ok(rights));
}

#[test]
fn the_rights_to_set_a_keys_settings() {
    let rights = owned(person(2));
    for (who, expected) in [
        (caller(1, None), [false, false, false, false]),
        (caller(1, Some(Role::reader)), [false, false, false, false]),
        (caller(1, Some(Role::writer)), [false, false, false, true]),
        (admin(), [true, false, true, true]),
        (caller(2, None), [false, true, false, false]),
        (caller(2, Some(Role::admin)), [true, true, true, true]),
        (Caller::new(Principal::anonymous(), None, false, true), [false, false, false, false]),
    ] {
        assert_eq!(allowed(rights, KEY_ID, &who), expected, "{who:?}");
    }
    assert_eq!(allowed(KeyRights::default(), person(1).as_slice(), &caller(1, None)), [false, true, false, false]);
}

#[test]
fn a_stranger_learns_nothing_of_a_key_from_its_settings() {
    let bad = [owner(Some(Principal::anonymous())), send_key(&[2; 31])];
    for setting in settings().into_iter().chain(bad) {
        for rights in [KeyRights::default(), owned(person(2))] {
            assert_eq!(
                rights.apply(KEY_ID, std::slice::from_ref(&setting), &caller(1, None)),
                Err(KeyError::NotAllowed)
            );
        }
    }
}

#[test]
fn settings_take_effect_in_their_order_all_or_none() {
    let who = caller(3, Some(Role::admin));
    let rights = owned(person(2));
    let taken = rights.apply(KEY_ID, &[owner(Some(person(3))), send_key(&[2; 32]), KeySetting::kept(false)], &who);
    let expected = KeyRights { owner: Some(person(3)), send_key: Some([2; 32]), quota: Some(QUOTA), kept: false };
    assert_eq!(taken, Ok(expected));
    // If the key is given away first, it is no longer the caller's.
    let mine = owned(person(3));
    assert_eq!(mine.apply(KEY_ID, &[owner(Some(person(2))), send_key(&[2; 32])], &who), Err(KeyError::NotAllowed));
    assert_eq!(rights.apply(KEY_ID, &[], &caller(1, None)), Ok(rights));
    assert_eq!(
        rights.apply(KEY_ID, &[KeySetting::quota(OwnQuota::store), owner(None)], &who),
        Ok(KeyRights { owner: None, send_key: None, quota: None, kept: true })
    );
}

#[test]
fn the_send_key_goes_with_the_owner_who_gave_it_out() {
    let rights = owned(person(2));
    for next in [None, Some(person(1)), Some(canister())] {
        let after = rights.apply(KEY_ID, &[owner(next)], &admin()).expect("an admin may");
        assert_eq!(after, KeyRights { owner: next, send_key: None, ..rights });
    }
    assert_eq!(rights.apply(KEY_ID, &[owner(Some(person(2)))], &admin()), Ok(rights));
}

#[test]
fn an_owner_replaces_and_withdraws_the_send_key() {
    let (rights, who) = (owned(person(2)), caller(2, None));
    let replaced = rights.apply(KEY_ID, &[send_key(&[2; 32])], &who);
    assert_eq!(replaced, Ok(KeyRights { send_key: Some([2; 32]), ..rights }));
    let withdrawn = rights.apply(KEY_ID, &[KeySetting::send_key(NewSendKey::none)], &who);
    assert_eq!(withdrawn, Ok(KeyRights { send_key: None, ..rights }));
}

#[test]
fn bad_input_a_send_key_that_is_no_sha_256() {
    for length in [0, 31, 33, 2_000_000] {
        let answer = owned(person(2)).apply(KEY_ID, &[send_key(&vec![2; length])], &caller(2, None));
        assert_eq!(answer, Err(KeyError::SendKey { length: length as u32, expected: 32 }));
    }
}

#[test]
fn bad_input_owners_that_own_nothing() {
    for nobody in [Principal::anonymous(), Principal::management_canister()] {
        let answer = owned(person(2)).apply(KEY_ID, &[owner(Some(nobody))], &admin());
        assert_eq!(answer, Err(KeyError::Owner { owner: nobody }));
    }
}

#[test]
fn no_admin_gives_away_a_key_that_is_somebodys_principal() {
    let (rights, victim) = (KeyRights { send_key: Some([1; 32]), ..KeyRights::default() }, person(2));
    for attacker in [person(1), person(3)] {
        let answer = rights.apply(victim.as_slice(), &[owner(Some(attacker))], &admin());
        assert_eq!(answer, Err(KeyError::Owner { owner: attacker }));
    }
    // Given to its present owner or to nobody, the key stays as it is, with its send key.
    for recorded in [None, Some(victim)] {
        assert_eq!(rights.apply(victim.as_slice(), &[owner(recorded)], &admin()), Ok(rights));
    }
}
