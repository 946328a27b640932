//! Bundles and profiles.

use crate::support::*;
use directory_core::bundle::{Bundle, BundleError, Content, MAX_LIFETIME};
use directory_core::bytes::DecodeError;
use directory_core::commitment::commit;
use directory_core::label::Label;
use directory_core::profile::{Device, MAX_SIZE, Profile};
use ed25519_dalek::Signer;

const NOW: u64 = START / SECOND;

fn device(number: u8) -> Device {
    Device { signing: key(number), identity: [number; 32] }
}

pub fn bundle(change: impl FnOnce(&mut Content)) -> Bundle {
    let mut content = Content {
        realm: REALM,
        index: INDEX,
        device: key(1),
        hpke: [2; 32],
        fallback: [3; 32],
        issued: NOW,
        expiry: NOW + 1000,
        inbox: vec![4; 29],
    };
    change(&mut content);
    Bundle { signature: secret(1).sign(&content.signed_bytes()).to_bytes(), content }
}

#[test]
fn a_bundle_is_its_devices_for_a_time_and_newer_than_the_last() {
    let profile = Profile::new(vec![device(1)], vec![]).unwrap();
    let check = |bundle: &Bundle, stored, now| bundle.verify(&REALM, &INDEX, &profile, stored, now);
    let good = bundle(|_| ());
    assert_eq!(check(&good, None, NOW), Ok(()));
    assert_eq!(check(&good, Some(&good), NOW), Ok(()), "the same again");
    assert_eq!(check(&good, None, NOW + 1000), Err(BundleError::Expired { expiry: NOW + 1000 }));
    assert_eq!(check(&bundle(|content| content.realm = [0; 32]), None, NOW), Err(BundleError::Elsewhere));
    assert_eq!(check(&bundle(|content| content.index = [0; 32]), None, NOW), Err(BundleError::Elsewhere));
    let foreign = bundle(|content| content.device = key(2));
    assert_eq!(check(&foreign, None, NOW), Err(BundleError::UnknownDevice(key(2))));
    for expiry in [NOW, NOW - 1, NOW + MAX_LIFETIME + 1] {
        let wrong = bundle(|content| content.expiry = expiry);
        assert_eq!(check(&wrong, None, NOW), Err(BundleError::Lifetime { issued: NOW, expiry }));
    }
    let newer = bundle(|content| content.issued = NOW + 1);
    assert_eq!(check(&newer, Some(&good), NOW), Ok(()));
    assert_eq!(check(&good, Some(&newer), NOW), Err(BundleError::NotNewer { stored: NOW + 1 }));
    let mut forged = good.clone();
    forged.content.hpke[0] ^= 1;
    assert_eq!(check(&forged, None, NOW), Err(BundleError::Signature));
}

#[test]
fn profiles_have_bounds() {
    let devices = |numbers: std::ops::Range<u8>| numbers.map(device).collect::<Vec<_>>();
    assert!(Profile::new(devices(1..17), vec![0; MAX_SIZE - 4 - 65 * 16]).is_ok());
    let refused = |field, value| Err(DecodeError::Invalid { field, value });
    assert_eq!(Profile::new(devices(1..18), vec![]), refused("devices", 17));
    assert_eq!(Profile::new(devices(1..17), vec![0; MAX_SIZE - 3 - 65 * 16]), refused("profile", 8_193));
    assert_eq!(Profile::new(vec![device(1), device(1)], vec![]), refused("order of devices", 2));
}

#[test]
fn a_commitment_binds_label_version_and_profile() {
    let (label, other) = (Label::Name("alice".into()), Label::Name("bob".into()));
    let commitments = [
        commit(&[1; 16], &label, 0, b"profile"),
        commit(&[2; 16], &label, 0, b"profile"),
        commit(&[1; 16], &other, 0, b"profile"),
        commit(&[1; 16], &label, 1, b"profile"),
        commit(&[1; 16], &label, 0, b"another"),
    ];
    for (at, commitment) in commitments.iter().enumerate() {
        assert!(!commitments[..at].contains(commitment));
    }
}
