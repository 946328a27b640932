//! The VRF by RFC 9381, B.3, and by another implementation.

use crate::keys::plus_order;
use directory_core::vrf::{PublicKey, SecretKey, VrfError};
use proptest::prelude::*;
use vrf_rfc9381::ec::edwards25519::tai::{EdVrfEdwards25519TaiPublicKey, EdVrfEdwards25519TaiSecretKey};
use vrf_rfc9381::{Proof as _, Prover as _, Verifier as _};

/// Secret key, public key, input, proof and the first 32 bytes of the output: examples 16 to 18.
pub const RFC_9381: [[&str; 5]; 3] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d9727d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805",
        "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed5933bf0864a62558b3ed7f2fea45c92a465301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02",
        "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf8096bb474e53895c362d8628ee9f9ea3c0e52c7a5c691b6c18c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e",
        "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c45",
    ],
];

fn bytes<const N: usize>(encoded: &str) -> [u8; N] {
    hex::decode(encoded).unwrap().try_into().unwrap()
}

#[test]
fn rfc_9381() {
    for [secret, public, input, proof, output] in RFC_9381 {
        let input = hex::decode(input).unwrap();
        let secret = SecretKey::new(&bytes(secret));
        assert_eq!(secret.public().bytes(), &bytes(public));
        assert_eq!(secret.prove(&input), (bytes(output), bytes(proof)));
        assert_eq!(PublicKey::new(&bytes(public)).unwrap().verify(&input, &bytes(proof)), Ok(bytes(output)));
    }
}

/// The response plus the group's order: akd_core alone would take it.
pub fn other_response(proof: &[u8; 80]) -> [u8; 80] {
    let mut other = *proof;
    plus_order(&mut other[48..]);
    other
}

#[test]
fn every_flipped_bit_of_a_proof_and_every_other_encoding_is_refused() {
    let secret = SecretKey::new(&[3; 32]);
    let (_, proof) = secret.prove(b"nalice");
    for bit in 0..640 {
        let mut flipped = proof;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(secret.public().verify(b"nalice", &flipped).is_err(), "bit {bit}");
    }
    let other = other_response(&proof);
    assert_eq!(secret.public().verify(b"nalice", &other), Err(VrfError::NotCanonical));
    assert_eq!(secret.public().verify(b"nbob", &proof), Err(VrfError::Wrong));
    assert_eq!(PublicKey::new(&bytes(&format!("01{}", "00".repeat(31)))), Err(VrfError::PublicKey));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn another_implementation_agrees(secret in any::<[u8; 32]>(), input in prop::collection::vec(any::<u8>(), 0..64)) {
        let ours = SecretKey::new(&secret);
        let (output, proof) = ours.prove(&input);
        let other = EdVrfEdwards25519TaiSecretKey::from_slice(&secret).unwrap();
        prop_assert_eq!(other.prove(&input).unwrap().encode_to_pi(), proof.to_vec());
        let public = EdVrfEdwards25519TaiPublicKey::from_slice(ours.public().bytes()).unwrap();
        let theirs = public.verify(&input, other.prove(&input).unwrap()).unwrap();
        prop_assert_eq!(&theirs[..32], &output[..]);
    }
}
