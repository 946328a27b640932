//! Verifiers' cosignatures.

use crate::site::*;
use candid::Principal;
use directory::api::*;
use directory_core::checkpoint::Cosignature;
use directory_core::verify::Trust;
use ed25519_dalek::Signer;
use serde_bytes::ByteBuf;

pub fn quorum() -> Configuration {
    let verifiers = [51, 52, 53].map(|number| Verifier {
        name: format!("verifier.example/{number}"),
        key: ByteBuf::from(key(number).bytes().to_vec()),
    });
    let ratification = Ratification::quorum { threshold: 2, verifiers: verifiers.to_vec() };
    Configuration { registration: Registration::open, ratification }
}

/// A verifier's cosignature of the newest log.
pub fn cosigned(site: &Site, number: u8, time: u64) -> (u64, ByteBuf) {
    let log = site.certified(&site.checkpoint(0).certified);
    let signature = secret(number).sign(&log.cosigned_bytes(&site.published().origin, time)).to_bytes();
    (log.size, ByteBuf::from(Cosignature { key_id: witness(number).key_id(), time, signature }.encode()))
}

pub fn ratify(site: &Site, size: u64, bytes: &ByteBuf) -> Result<Ratified, RatifyError> {
    site.call(Principal::anonymous(), "ratify", (size, bytes)).expect("a reply")
}

#[test]
fn a_quorum_ratifies_the_newest_head_and_the_next_epoch_follows() {
    let site = Site::new(&quorum());
    let seconds = |site: &Site| site.now() / 1_000_000_000;
    let (size, one) = cosigned(&site, 51, seconds(&site));
    assert_eq!(ratify(&site, size, &one), Ok(Ratified { cosignatures: 1, ratified: 0 }));
    let (_, two) = cosigned(&site, 52, seconds(&site));
    assert_eq!(ratify(&site, size, &two), Ok(Ratified { cosignatures: 2, ratified: 1 }));
    let absent = site.look_up(&name("alice"), View::ratified, None, None).expect("proved");
    assert!(matches!(absent.trust, Trust::Ratified { .. }));
    site.pass(5);
    assert!(site.register(&name("alice"), 1).expect("registered").closed, "5 s after the ratification");
    site.register(&name("bob"), 2).expect("registered");
    site.pass(59);
    assert_eq!(site.status().pending, 1, "the head waits for its verifiers");
    let newest = site.look_up(&name("alice"), View::newest, None, None).expect("proved");
    assert_eq!((newest.trust, newest.state.is_some()), (Trust::Certified, true));
    let ratified = site.look_up(&name("alice"), View::ratified, Some(newest.memory), None).expect("proved");
    assert!(matches!(ratified.trust, Trust::Ratified { .. }) && ratified.state.is_none());
    site.pass(1);
    assert_eq!(site.status().pending, 0, "60 s after the close it goes on without them");
    site.upgrade().expect("upgraded");
    for number in [53, 51] {
        let (size, bytes) = cosigned(&site, number, seconds(&site));
        ratify(&site, size, &bytes).expect("ratified");
    }
    let found = site.look_up(&name("bob"), View::ratified, None, None).expect("proved");
    assert!(matches!(found.trust, Trust::Ratified { .. }) && found.state.is_some());
    assert_eq!((site.status().ratified, site.checkpoint(1).ratified.cosignatures.len()), (3, 2));
}

#[test]
fn a_cosignature_is_a_verifiers_newest_word_on_the_newest_log() {
    let site = Site::new(&quorum());
    let now = site.now() / 1_000_000_000;
    let (size, one) = cosigned(&site, 51, now);
    assert_eq!(ratify(&site, 2, &one), Err(RatifyError::NotNewest { size: 2, newest: 1, ratified: 0 }));
    let (_, unknown) = cosigned(&site, 54, now);
    let id = ByteBuf::from(witness(54).key_id());
    assert_eq!(ratify(&site, size, &unknown), Err(RatifyError::UnknownVerifier(id)));
    let (_, future) = cosigned(&site, 51, now + 61);
    assert_eq!(ratify(&site, size, &future), Err(RatifyError::Future { time: now + 61, now }));
    let mut forged = one.clone();
    *forged.last_mut().expect("bytes") ^= 1;
    let id = ByteBuf::from(witness(51).key_id());
    assert_eq!(ratify(&site, size, &forged), Err(RatifyError::Signature(id)));
    assert!(matches!(ratify(&site, size, &ByteBuf::from([0; 75])), Err(RatifyError::Malformed(_))));
    assert_eq!(site.checkpoint(0).newest.cosignatures.len(), 0, "nothing was stored");
    ratify(&site, size, &one).expect("stored");
    assert_eq!(ratify(&site, size, &one), Err(RatifyError::NotNewer { stored: now }));
    let (_, newer) = cosigned(&site, 51, now + 1);
    assert_eq!(ratify(&site, size, &newer), Ok(Ratified { cosignatures: 1, ratified: 0 }), "one verifier counts once");
}
