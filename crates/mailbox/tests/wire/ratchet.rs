//! The ratchet against libolm's: the session of libolm's own tests, and libolm's messages in it.

use super::{bytes, vector};
use serde_json::{Value, to_value};
use vodozemac::LibolmPickleError;
use vodozemac::olm::{OlmMessage, Session};

fn libolm() -> Value {
    vector(include_str!("../../vectors/libolm_ratchet.json"))
}

fn session(pickle: &Value, key: &Value) -> Result<Session, LibolmPickleError> {
    Session::from_libolm_pickle(pickle.as_str().unwrap(), key.as_str().unwrap().as_bytes())
}

#[test]
fn the_session_of_libolms_tests_has_the_keys_that_they_expect() {
    let libolm = libolm();
    let session = session(&libolm["pickle"], &libolm["pickle_key"]).unwrap();
    assert_eq!(mailbox::wire::letter::id_of(&session)[..], bytes(&libolm["session_id"]));
    assert!(!session.has_received_message());
    let keys = session.session_keys();
    for (name, key) in
        [("identity_key", keys.identity_key), ("base_key", keys.base_key), ("one_time_key", keys.one_time_key)]
    {
        assert_eq!(key.as_bytes()[..], bytes(&libolm[name]), "{name}");
    }
    let ratchet = &to_value(session.pickle()).unwrap()["sending_ratchet"];
    for name in ["root_key", "ratchet_key"] {
        assert_eq!(ratchet["active_ratchet"][name], to_value(bytes(&libolm[name])).unwrap(), "{name}");
    }
    assert_eq!(ratchet["symmetric_key_ratchet"]["index"], 0);
}

/// The first chain needs no random numbers: chain keys, message keys, ciphertexts and their MACs follow from the session.
#[test]
fn the_ratchet_makes_libolms_messages_byte_by_byte() {
    let libolm = libolm();
    let mut session = session(&libolm["pickle"], &libolm["pickle_key"]).unwrap();
    for (at, sent) in libolm["sent"].as_array().unwrap().iter().enumerate() {
        let message = session.encrypt(sent["plain"].as_str().unwrap()).unwrap();
        let OlmMessage::PreKey(first) = &message else { panic!("nothing was received in this session") };
        assert_eq!(first.message().chain_index(), at as u64);
        assert_eq!(first.message().ratchet_key().as_bytes()[..], bytes(&libolm["ratchet_public_key"]));
        assert_eq!(hex::encode(message.to_parts().1), sent["message"], "message {at}");
    }
}

#[test]
fn a_pickle_of_another_version_or_under_another_key_is_refused() {
    let libolm = libolm();
    let newer = session(&libolm["newer_pickle"], &libolm["pickle_key"]);
    assert!(matches!(newer, Err(LibolmPickleError::Version(1, 0x8000_0001))));
    assert!(matches!(session(&libolm["pickle"], &"another".into()), Err(LibolmPickleError::Decryption(_))));
}

#[test]
fn messages_that_libolm_calls_malformed_are_refused() {
    for message in libolm()["malformed"].as_array().unwrap() {
        for kind in 0..2 {
            assert!(OlmMessage::from_parts(kind, &bytes(message)).is_err(), "{message} of kind {kind}");
        }
    }
}
