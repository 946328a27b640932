//! Policies of reading and adding, and shares of quotas.

use super::{bytes, canister, person};
use crate::access::policy::{check_policies, is_open, may_add};
use crate::access::{Caller, Share, Sight};
use crate::api::{Reads, Role, SettingsError, Writes};
use candid::Principal;

const READS: [Reads; 2] = [Reads::anyone, Reads::owners];
const WRITES: [Writes; 3] = [Writes::anyone, Writes::identified, Writes::members];

const SECRET: &[u8] = b"an owner gives this to friends";
/// SHA-256 of the secret, by OpenSSL.
const SECRET_HASH: &str = "95a2aa83f9ac7271c7828563289f3d1992dcaeb4c09ebad1a530112cd5e7bc20";

fn with(principal: Principal, role: Option<Role>) -> Caller {
    Caller::new(principal, role, false, false)
}

fn stranger() -> Caller {
    with(person(9), None)
}

fn send_key() -> [u8; 32] {
    bytes(SECRET_HASH).try_into().expect("32 bytes")
}

#[test]
fn closed_policies_are_refused_while_everybody_controls_the_canister() {
    for reads in READS {
        for writes in WRITES {
            assert_eq!(check_policies(reads, writes, false), Ok(()));
            let answer = check_policies(reads, writes, true);
            let open = reads == Reads::anyone && writes == Writes::anyone;
            assert_eq!(answer, if open { Ok(()) } else { Err(SettingsError::AnonymousController) });
            assert_eq!(is_open(reads, writes), open);
        }
    }
}

#[test]
fn the_rights_to_add() {
    let anonymous = with(Principal::anonymous(), None);
    let everybody = [
        (anonymous, [true, false, false]),
        (stranger(), [true, true, false]),
        (with(canister(), None), [true, true, false]),
        (with(person(1), Some(Role::reader)), [true, true, false]),
        (with(person(2), Some(Role::writer)), [true, true, true]),
        (with(person(3), Some(Role::admin)), [true, true, true]),
        (Caller::new(person(4), None, true, false), [true, true, true]),
    ];
    for (caller, expected) in everybody {
        assert_eq!(WRITES.map(|writes| may_add(writes, &caller)), expected, "{caller:?}");
    }
}

#[test]
fn anybody_reads_everything_where_reads_are_open() {
    for caller in [stranger(), with(Principal::anonymous(), None), with(person(1), Some(Role::writer))] {
        let sight = Sight::new(Reads::anyone, &caller);
        assert!(sight.is_all());
        assert!(sight.sees(&[7; 32], None) && sight.sees(person(1).as_slice(), None));
    }
}

#[test]
fn readers_and_admins_read_all_keys_where_reads_are_closed() {
    for role in [Role::reader, Role::admin] {
        let sight = Sight::new(Reads::owners, &with(person(1), Some(role)));
        assert!(sight.is_all() && sight.sees(&[7; 32], Some(person(2))));
    }
    assert!(Sight::new(Reads::owners, &Caller::new(person(1), None, true, false)).is_all());
}

#[test]
fn an_owner_reads_the_own_keys_and_no_others_where_reads_are_closed() {
    // Members read the keys that they own, like everybody.
    for role in [None, Some(Role::writer)] {
        let sight = Sight::new(Reads::owners, &with(person(1), role));
        assert!(!sight.is_all());
        assert!(sight.sees(person(1).as_slice(), None));
        assert!(sight.sees(&[7; 32], Some(person(1))));
        assert!(!sight.sees(&[7; 32], Some(person(2))));
        assert!(!sight.sees(&[7; 32], None));
        // Not even if the record names the attacker.
        assert!(!sight.sees(person(2).as_slice(), Some(person(1))));
    }
}

#[test]
fn the_anonymous_principal_sees_nothing_where_reads_are_closed() {
    for caller in [with(Principal::anonymous(), None), Caller::new(Principal::anonymous(), None, true, false)] {
        let sight = Sight::new(Reads::owners, &caller);
        assert!(!sight.is_all());
        for key_id in [Principal::anonymous().as_slice(), person(1).as_slice(), &[7; 32]] {
            assert!(!sight.sees(key_id, None));
        }
    }
}

#[test]
fn strangers_members_and_friends_have_their_shares() {
    let (key, member) = (send_key(), with(person(1), Some(Role::writer)));
    assert_eq!(Share::new(&stranger(), false, Some(&key), None), Share::Strangers);
    assert_eq!(Share::new(&with(person(2), Some(Role::reader)), false, None, None), Share::Strangers);
    assert_eq!(Share::new(&with(Principal::anonymous(), None), false, None, None), Share::Strangers);
    assert_eq!(Share::new(&member, false, Some(&key), None), Share::Members);
    for caller in [stranger(), member, with(Principal::anonymous(), None)] {
        assert_eq!(Share::new(&caller, false, Some(&key), Some(SECRET)), Share::Friends);
    }
    // The owner could also use the send key.
    assert_eq!(Share::new(&stranger(), true, None, None), Share::Friends);
}

#[test]
fn a_wrong_send_key_opens_nothing_and_takes_nothing_away() {
    let (key, member) = (send_key(), with(person(1), Some(Role::writer)));
    let long = [SECRET, &[0; 100]].concat();
    for shown in [&b""[..], &SECRET[1..], &key, &[0; 32], &long] {
        assert_eq!(Share::new(&stranger(), false, Some(&key), Some(shown)), Share::Strangers);
        assert_eq!(Share::new(&member, false, Some(&key), Some(shown)), Share::Members);
    }
}

#[test]
fn a_send_key_opens_nothing_where_the_owner_gave_out_none_or_another() {
    assert_eq!(Share::new(&stranger(), false, None, Some(SECRET)), Share::Strangers);
    assert_eq!(Share::new(&stranger(), false, None, Some(b"")), Share::Strangers);
    let replaced = [7; 32];
    assert_eq!(Share::new(&stranger(), false, Some(&replaced), Some(SECRET)), Share::Strangers);
}

#[test]
fn the_longest_send_key_is_64_bytes() {
    use sha2::{Digest, Sha256};
    for (length, share) in [(64, Share::Friends), (65, Share::Strangers)] {
        let secret = vec![7; length];
        let hash = Sha256::digest(&secret).into();
        assert_eq!(Share::new(&stranger(), false, Some(&hash), Some(&secret)), share);
    }
}
