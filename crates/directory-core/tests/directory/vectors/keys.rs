//! Keys, signatures and VRF proofs: those of RFC 8032 and RFC 9381, and lies about them.

use crate::keys::{Case, ORDER, SMALL, malleable, wycheproof_cases};
use crate::support::*;
use crate::vrfs::{RFC_9381, other_response};
use directory_core::policy::Key;
use directory_core::vrf::{PublicKey, SecretKey, VrfError};
use ed25519_dalek::Signer;
use serde_json::{Value, json};

pub fn keys() -> Vec<Value> {
    let good = (1..4).map(|number| hex::encode(key(number).bytes()));
    let bad = SMALL.iter().map(|bytes| (*bytes).to_owned()).chain([hex::encode([2; 32])]);
    let cases = good.map(|key| (key, true)).chain(bad.map(|key| (key, false)));
    cases
        .map(|(key, valid)| {
            assert_eq!(Key::new(hex::decode(&key).unwrap().try_into().unwrap()).is_ok(), valid, "{key}");
            json!({ "key": key, "valid": valid })
        })
        .collect()
}

pub fn signatures() -> Vec<Value> {
    let message = b"directory";
    let good = secret(1).sign(message).to_bytes();
    let changed = |at: usize| {
        let mut signature = good;
        signature[at] ^= 1;
        signature
    };
    let mut order = good;
    order[32..].copy_from_slice(&ORDER);
    // R and the message are whatever: the equation holds for the neutral element and s = 0 under a key of small order alone.
    let mut neutral = [0; 64];
    neutral[0] = 1;
    let cases = [
        ("valid", good, true),
        ("another R", changed(0), false),
        ("another s", changed(32), false),
        ("s plus the group's order", malleable(&good), false),
        ("s is the group's order", order, false),
        ("R is the neutral element", neutral, false),
    ];
    let ours = cases.map(|(name, signature, valid)| Case {
        name: name.into(),
        key: key(1),
        message: message.to_vec(),
        signature: signature.to_vec(),
        valid,
    });
    let cases = ours.into_iter().chain(wycheproof_cases());
    cases
        .map(|case| {
            case.check();
            json!({
                "name": case.name,
                "key": hex::encode(case.key.bytes()),
                "message": hex::encode(case.message),
                "signature": hex::encode(case.signature),
                "valid": case.valid,
            })
        })
        .collect()
}

pub fn vrf() -> Vec<Value> {
    let mut cases = Vec::new();
    for [_, public, input, proof, output] in RFC_9381 {
        cases.push(json!({ "name": "RFC 9381", "key": public, "label": input, "proof": proof, "index": output }));
    }
    let secret = SecretKey::new(&[3; 32]);
    let (_, proof) = secret.prove(b"nalice");
    let changed = |at: usize, bytes: &[u8]| {
        let mut proof = proof;
        proof[at..at + bytes.len()].copy_from_slice(bytes);
        proof
    };
    // No point; and the neutral element with the sign bit, which only its other encoding has.
    let neutral: [u8; 32] = std::array::from_fn(|at| [1, 0x80][usize::from(at == 31)] * u8::from(at == 0 || at == 31));
    for (name, label, proof, error) in [
        ("another label", &b"nbob"[..], proof, VrfError::Wrong),
        ("gamma is no point", b"nalice", changed(0, &[2; 32]), VrfError::Gamma),
        ("gamma in another encoding", b"nalice", changed(0, &neutral), VrfError::NotCanonical),
        ("another challenge", b"nalice", changed(32, &[proof[32] ^ 1]), VrfError::Wrong),
        ("another response", b"nalice", changed(48, &[proof[48] ^ 1]), VrfError::Wrong),
        ("response plus the group's order", b"nalice", other_response(&proof), VrfError::NotCanonical),
    ] {
        assert_eq!(secret.public().verify(label, &proof), Err(error), "{name}");
        let (key, label) = (hex::encode(secret.public().bytes()), hex::encode(label));
        let error = format!("Vrf/{error:?}");
        cases.push(json!({ "name": name, "key": key, "label": label, "proof": hex::encode(proof), "error": error }));
    }
    for key in SMALL {
        let bytes: [u8; 32] = hex::decode(key).unwrap().try_into().unwrap();
        assert_eq!(PublicKey::new(&bytes), Err(VrfError::PublicKey));
        let (label, proof) = (hex::encode(b"nalice"), hex::encode(proof));
        cases.push(json!({ "name": "key of small order", "key": key, "label": label, "proof": proof, "error": "Vrf/PublicKey" }));
    }
    cases
}
