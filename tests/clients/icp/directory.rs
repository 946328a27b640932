//! `icp` reads a directory: its status, its interface, its configuration, and a look-up, whose bytes verify.

use std::time::{SystemTime, UNIX_EPOCH};

use ::client::directory::api::*;
use ::client::directory::directory_core::checkpoint::Checkpoint;
use ::client::directory::directory_core::label::Label;
use ::client::directory::directory_core::verify::{Query, VerifyError};
use ::client::directory::pin;

use super::{Icp, Inbox};
use crate::decoded;
use crate::network::Network;
use test_support::artifact::root;

#[test]
fn status_interface_configuration_and_a_lookup_are_read() {
    let (network, icp) = (Network::of_directories(1), Icp::new());
    let directory = Inbox::of(&icp, &network);
    let status = decoded::<Status, StatusError>(&directory.query("get_status", "()")).expect("it replies");
    assert_eq!((status.ready, status.labels, status.registration), (true, 0, Registration::open));
    assert_eq!((status.canister, status.ratification), (network.canister(), Ratification::certified_only));
    let interface = String::from_utf8(directory.metadata("candid:service").succeeded()).expect("it is text");
    let file = std::fs::read_to_string(root().join("crates/directory/directory.did")).expect("the file is there");
    assert_eq!(interface.trim_end(), file.trim_end());

    let published =
        decoded::<Published, StatusError>(&directory.query("get_configuration", "()")).expect("it is ready");
    let trusted = pin(&published, &network.canister(), Vec::new(), 3_600).expect("it does not contradict itself");
    let open = "record { label = blob \"nalice\"; view = variant { newest }; known = 0; history = variant { newest } }";
    let found =
        decoded::<Found, LookupError>(&directory.query("lookup", &format!("({open})"))).expect("it is answered");
    assert!(found.certified.certificate.is_some(), "a query has a certificate");
    // The certified log begins with its size and its root.
    let (size, rest) = found.certified.log.split_at(8);
    let size = u64::from_be_bytes(size.try_into().expect("it has eight bytes"));
    let log = Checkpoint { size, root: rest[..32].try_into().expect("it has 32 bytes") };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    let verified = |label: &str| {
        let label = Label::Name(label.to_string());
        let certified_time = now.as_nanos() as u64;
        let (view, now) = (View::newest.into(), now.as_secs());
        let query = Query { label: &label, view, certified: log, certified_time, memory: None, contact: None, now };
        trusted.verify(&query, &found.proof)
    };
    assert_eq!(verified("alice").expect("its absence is proved").state, None);
    assert!(matches!(verified("bob"), Err(VerifyError::Vrf(_))), "the answer is about alice");

    let refused = "record { label = blob \"\"; view = variant { newest }; known = 0; history = variant { newest } }";
    let refused = decoded::<Found, LookupError>(&directory.query("lookup", &format!("({refused})")));
    assert!(matches!(&refused, Err(LookupError::Malformed(why)) if why.field == "label"), "{refused:?}");
}
