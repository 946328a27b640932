//! Another implementation's messages: libolm's, in @hpke/core's envelopes. `tests/libolm/make.mjs` made them.

mod ratchet;

use mailbox::wire::content::{Body, Content};
use mailbox::wire::envelope::{self, Address, OpenError};
use mailbox::wire::letter::{Letter, id_of};
use serde_json::{Value, json};
use vodozemac::Curve25519PublicKey;
use vodozemac::olm::{Account, AccountPickle, OlmMessage, SessionConfig};

fn vector(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

/// Writes the recipient of the vectors again. Then run `make.mjs` too.
#[test]
#[ignore = "it writes a vector"]
fn a_recipient() {
    let mut account = Account::new();
    account.generate_fallback_key();
    let fallback = account.fallback_key().into_values().next().unwrap();
    let (secret, public) = envelope::new_keys();
    let recipient = json!({
        "account": account.pickle(),
        "identity": hex::encode(account.curve25519_key().to_bytes()),
        "fallback": hex::encode(fallback.to_bytes()),
        "hpke_secret": hex::encode(*secret),
        "hpke": hex::encode(public),
        "canister": "00000000000000010101",
        "inbox": hex::encode([7; 29]),
    });
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/recipient.json");
    std::fs::write(path, format!("{recipient:#}\n")).unwrap();
}

#[test]
fn messages_of_libolm_open_out_of_order_and_with_one_lost() {
    let recipient = vector(include_str!("../../vectors/recipient.json"));
    let sent = vector(include_str!("../../vectors/libolm.json"));
    let pickle: AccountPickle = serde_json::from_value(recipient["account"].clone()).unwrap();
    let mut account = Account::from_pickle(pickle);
    let secret = bytes(&recipient["hpke_secret"]).try_into().unwrap();
    let (canister, inbox) = (bytes(&recipient["canister"]), bytes(&recipient["inbox"]));
    let place = Address { canister: &canister, inbox: &inbox };
    let open = |at: usize| {
        let envelope = bytes(&sent["sent"][at]["envelope"]);
        Letter::decode(&envelope::open(&envelope, &secret, &place).unwrap()).unwrap()
    };
    let check = |at: usize, plain: &[u8]| {
        let content = Content::decode(plain).unwrap();
        let expected = &sent["sent"][at];
        assert_eq!((content.number, content.time), (at as u64 + 1, expected["time"].as_u64().unwrap()));
        assert!(content.body == Body::Text(expected["text"].as_str().unwrap().into()));
    };
    // The third begins the session. The second never arrives.
    let letter = open(2);
    assert_eq!(letter.sender[..], bytes(&sent["sender"]));
    let OlmMessage::PreKey(message) = &letter.message else { panic!("libolm's first messages are pre-key messages") };
    let sender = Curve25519PublicKey::from_bytes(letter.sender);
    let created = account.create_inbound_session(SessionConfig::version_1(), sender, message).unwrap();
    let mut session = created.session;
    assert_eq!(id_of(&session), letter.session, "both have the same id of the session");
    check(2, &created.plaintext);
    let first = open(0);
    assert_eq!(first.session, letter.session);
    check(0, &session.decrypt(&first.message).unwrap());
    assert!(session.decrypt(&first.message).is_err(), "a key is used once");
    let elsewhere = Address { inbox: b"another", ..place };
    let envelope = bytes(&sent["sent"][0]["envelope"]);
    assert_eq!(envelope::open(&envelope, &secret, &elsewhere), Err(OpenError::OtherKey));
}
