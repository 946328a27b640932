//! Devices' bundles.

use crate::site::*;
use candid::Principal;
use directory::api::*;
use directory_core::bundle::{Bundle, Content};
use directory_core::hash::Hash;
use directory_core::label::Label;
use ed25519_dalek::Signer;
use serde_bytes::ByteBuf;

fn bundle(site: &Site, device: u8, issued: u64) -> Bundle {
    bundle_of(site, &name("alice"), device, issued)
}

pub fn bundle_of(site: &Site, label: &Label, device: u8, issued: u64) -> Bundle {
    signed_bundle(site.trusted().realm, site.index(label), device, issued)
}

pub fn signed_bundle(realm: Hash, index: Hash, device: u8, issued: u64) -> Bundle {
    let content = Content {
        realm,
        index,
        device: key(device),
        hpke: [2; 32],
        fallback: [3; 32],
        issued,
        expiry: issued + 1_000,
        inbox: vec![4; 29],
    };
    Bundle { signature: secret(device).sign(&content.signed_bytes()).to_bytes(), content }
}

#[test]
fn a_devices_bundle_is_replaced_by_a_newer_one_and_expires() {
    let site = Site::new(&open());
    let label = ByteBuf::from(name("alice").encode());
    let put = |bundle: &Bundle| -> Result<(), BundleError> {
        let arguments = (&label, ByteBuf::from(bundle.encode()));
        site.call(Principal::anonymous(), "put_bundle", arguments).expect("a reply")
    };
    let get = || site.query::<(Result<Vec<ByteBuf>, BundleError>,)>("get_bundles", (&label,)).0;
    assert_eq!(get(), Err(BundleError::UnknownLabel));
    site.pass(5);
    site.register(&name("alice"), 1).expect("registered");
    let now = site.now() / 1_000_000_000;
    let good = bundle(&site, 200, now);
    assert_eq!(put(&good), Ok(()));
    assert_eq!(
        put(&bundle(&site, 201, now)),
        Err(BundleError::UnknownDevice(ByteBuf::from(key(201).bytes().to_vec())))
    );
    assert_eq!(put(&bundle(&site, 200, now - 1)), Err(BundleError::NotNewer { stored: now }));
    let mut forged = bundle(&site, 200, now + 1);
    forged.content.hpke = [9; 32];
    assert_eq!(put(&forged), Err(BundleError::Signature));
    assert_eq!(get(), Ok(vec![ByteBuf::from(good.encode())]));
    let newer = bundle(&site, 200, now + 1);
    assert_eq!(put(&newer), Ok(()));
    site.upgrade().expect("upgraded");
    assert_eq!(get(), Ok(vec![ByteBuf::from(newer.encode())]));
    site.pass(1_001);
    assert_eq!(get(), Ok(vec![]), "nobody is shown an expired one");
}
