//! No bytes make a decoder panic, and it accepts only the bytes that its encoder
//! writes.

use crate::bundles::bundle;
use crate::server::Directory;
use crate::support::*;
use directory_core::bundle::Bundle;
use directory_core::bytes::DecodeError;
use directory_core::entry::Entry;
use directory_core::head::Head;
use directory_core::label::Label;
use directory_core::map::View;
use directory_core::profile::{Device, Profile};
use directory_core::proof::Proof;
use directory_core::signatures::Signatures;
use directory_core::update::{LoggedUpdate, Update};
use proptest::prelude::*;

/// Decodes as one of the structures and encodes again.
type Codec = fn(&[u8]) -> Result<Vec<u8>, DecodeError>;

const CODECS: [Codec; 9] = [
    |bytes| Entry::decode(bytes).map(|value| value.encode()),
    |bytes| Signatures::decode(bytes).map(|value| value.encode()),
    |bytes| Update::decode(bytes).map(|value| value.encode()),
    |bytes| LoggedUpdate::decode(bytes).map(|value| value.encode()),
    |bytes| Head::decode(bytes).map(|value| value.encode()),
    |bytes| Label::decode(bytes).map(|value| value.encode()),
    |bytes| Profile::decode(bytes).map(|value| value.encode()),
    |bytes| Bundle::decode(bytes).map(|value| value.encode()),
    |bytes| Proof::decode(bytes).map(|value| value.encode()),
];

/// Valid encodings, each of the codec with the same number.
fn samples() -> Vec<(usize, Vec<u8>)> {
    let entry = Entry { recovery: recovery(&[5, 6], 2), ..first(policy(&[1, 2, 3], 2)) };
    let update = signed(entry.clone(), &[1, 2]);
    let update = Update { registration: sign(b"registration", &[9]), ..update };
    let device = |number| Device { signing: key(number), identity: [number; 32] };
    let mut directory = Directory::new();
    let label = Label::Name("alice".into());
    let first = directory.first(&label, policy(&[1], 1));
    directory.accept(&label, &signed(first, &[1]), None);
    directory.close_epoch();
    directory.ratify(&[51, 52]);
    let proof = |label| directory.proof(label, View::Newest, None, None).encode();
    vec![
        (0, entry.encode()),
        (0, close(&entry).encode()),
        (0, recover(&entry, policy(&[4], 1)).encode()),
        (1, update.signatures.encode()),
        (2, update.encode()),
        (3, LoggedUpdate { position: 3, time: START, update }.encode()),
        (4, directory.store.head(0).unwrap().encode()),
        (5, label.encode()),
        (5, Label::address(&key(1)).encode()),
        (5, Label::Registrar.encode()),
        (6, Profile::new(vec![device(2), device(1)], b"application".to_vec()).unwrap().encode()),
        (7, bundle(|_| ()).encode()),
        (8, proof(&label)),
        (8, proof(&Label::Name("nobody".into()))),
    ]
}

#[test]
fn encodings_are_read_back() {
    for (codec, bytes) in samples() {
        assert_eq!(CODECS[codec](&bytes), Ok(bytes.clone()));
        for length in 0..bytes.len() {
            // A name cut short is a name.
            assert!(codec == 5 || CODECS[codec](&bytes[..length]).is_err(), "codec {codec} at {length} bytes");
        }
        let longer = CODECS[codec](&[&bytes[..], &[0]].concat());
        assert!(codec == 5 || longer == Err(DecodeError::Trailing { extra: 1 }), "codec {codec}: {longer:?}");
    }
}

#[test]
fn every_changed_byte_is_refused_or_read_back() {
    for (codec, bytes) in samples() {
        for at in 0..bytes.len() {
            for change in [1, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                if let Ok(again) = CODECS[codec](&changed) {
                    assert_eq!(again, changed, "codec {codec}, byte {at}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn any_bytes_are_refused_or_read_back(bytes in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..400)) {
        for codec in CODECS {
            if let Ok(again) = codec(&bytes) {
                prop_assert_eq!(&again, &bytes);
            }
        }
    }
}
