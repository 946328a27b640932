//! The bytes of each structure, so that every change of them is noticed.

use crate::bundles::bundle;
use crate::support::*;
use base64::{Engine, engine::general_purpose::STANDARD};
use directory_core::bundle::DOMAIN as BUNDLE_DOMAIN;
use directory_core::checkpoint::{Checkpoint, Cosignature, Verifier};
use directory_core::commitment::commit;
use directory_core::entry::{Entry, realm};
use directory_core::hash::sha256;
use directory_core::label::{Label, address_bytes};
use directory_core::map::leaf_value;
use directory_core::policy::Key;

/// RFC 8032, 7.1, test 1.
const KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

fn key_of_rfc_8032() -> Key {
    Key::new(hex::decode(KEY).unwrap().try_into().unwrap()).unwrap()
}

#[test]
fn entry() {
    let policy = directory_core::policy::Policy::new(vec![key_of_rfc_8032()], 1).unwrap();
    let entry = Entry { version: 0x0102_0304, commitment: [0xcc; 32], ..first(policy) };
    let expected = [
        "01",
        &"07".repeat(32),
        &"09".repeat(32),
        "01020304",
        &"00".repeat(32),
        "00",
        &"cc".repeat(32),
        "00000000",
        "01",
        "01",
        KEY,
        "01",
        "00",
    ]
    .concat();
    assert_eq!(hex::encode(entry.encode()), expected);
    let bytes = hex::decode(expected).unwrap();
    assert_eq!(entry.hash(), sha256(&[b"directory-entry-v1\n", &bytes]));
    assert_eq!(address_bytes(&entry), [b"directory-address-v1\n", &bytes[..]].concat());
    assert_eq!(signed(entry, &[]).registration_bytes(), [b"directory-registration-v1\n", &bytes[..]].concat());
}

#[test]
fn bundle_bytes() {
    let bundle = bundle(|content| (content.issued, content.expiry) = (1, 2));
    let expected = [
        "01",
        &"07".repeat(32),
        &"09".repeat(32),
        "01",
        &hex::encode(key(1).bytes()),
        &"02".repeat(32),
        &"03".repeat(32),
        "0000000000000001",
        "0000000000000002",
        "1d",
        &"04".repeat(29),
    ]
    .concat();
    let bytes = bundle.encode();
    assert_eq!(hex::encode(&bytes[..208]), expected);
    assert_eq!(bundle.content.signed_bytes(), [BUNDLE_DOMAIN, &bytes[..208]].concat());
    assert_eq!(bytes[208..], bundle.signature);
}

#[test]
fn hashes_with_domains() {
    assert_eq!(realm(b"id", &[1; 32]), sha256(&[b"directory-realm-v1id", &[1; 32]]));
    let expected = [&b"directory-leaf-v1\n"[..], &3_u64.to_be_bytes(), &4_u64.to_be_bytes(), &[5; 32]].concat();
    assert_eq!(leaf_value(3, 4, &[5; 32]), sha256(&[&expected]));
    // HMAC-SHA-256 of keytrans' CommitmentValue, by Python's hmac.
    let commitment = commit(&[0x11; 16], &Label::Name("alice".into()), 2, b"profile");
    assert_eq!(hex::encode(commitment), COMMITMENT);
}

const COMMITMENT: &str = "26b37b4bd36a4c7bad6add6f057be01653ffbedaa8a2e84c39b1a36491cfa8cc";

#[test]
fn an_address_is_the_platforms_principal_of_the_key() {
    // By Python: SHA-224 of the key's DER encoding, then 2.
    assert_eq!(hex::encode(Label::address(&key_of_rfc_8032()).encode()), ADDRESS);
}

const ADDRESS: &str = "613d9bdaa34fe81df16699403f3e17d6030488fc8c9e37ab61036482d202";

/// The example of C2SP's tlog-cosignature (5ba5ee8).
const EXAMPLE: &str = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const EXAMPLE_LINE: &str =
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";

#[test]
fn cosignatures_are_those_of_c2sp() {
    let root = STANDARD.decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=").unwrap().try_into().unwrap();
    let checkpoint = Checkpoint { size: 20_852_163, root };
    let bytes = checkpoint.cosigned_bytes("example.com/behind-the-sofa", 1_679_315_147);
    assert_eq!(String::from_utf8(bytes).unwrap(), EXAMPLE);
    let example = STANDARD.decode(EXAMPLE_LINE).unwrap();
    assert_eq!(example.len(), Cosignature::SIZE);
    let cosignature = Cosignature {
        key_id: example[..4].try_into().unwrap(),
        time: u64::from_be_bytes(example[4..12].try_into().unwrap()),
        signature: example[12..].try_into().unwrap(),
    };
    assert_eq!((cosignature.time, cosignature.encode()), (1_679_315_147, example));
    let verifier = Verifier::new("witness.example.com/w1".into(), key(1)).unwrap();
    assert_eq!(verifier.note_line(&cosignature), format!("\u{2014} witness.example.com/w1 {EXAMPLE_LINE}\n"));
    let id = sha256(&[b"witness.example.com/w1\n\x04", key(1).bytes()]);
    assert_eq!(verifier.key_id(), id[..4]);
    for name in ["", "two words", "a+b", "line\n"] {
        assert!(Verifier::new(name.into(), key(1)).is_none(), "{name:?}");
    }
}
