//! Keys of each kind that senders may have.

use candid::Principal;

/// The order of secp256k1, big-endian.
const SECP256K1_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc,
    0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];
/// The order of P-256, big-endian.
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// A private key.
pub enum Key {
    Ed25519(ic_ed25519::PrivateKey),
    Secp256k1(ic_secp256k1::PrivateKey),
    P256(ic_secp256r1::PrivateKey),
}

impl Key {
    pub fn ed25519(seed: u8) -> Self {
        Self::Ed25519(ic_ed25519::PrivateKey::deserialize_raw_32(&[seed; 32]))
    }

    pub fn secp256k1(seed: u8) -> Self {
        Self::Secp256k1(ic_secp256k1::PrivateKey::generate_from_seed(&[seed]))
    }

    pub fn p256(seed: u8) -> Self {
        Self::P256(ic_secp256r1::PrivateKey::generate_insecure_key_for_testing(u64::from(seed)))
    }

    /// One key of each kind.
    pub fn each(seed: u8) -> [Self; 3] {
        [Self::ed25519(seed), Self::secp256k1(seed), Self::p256(seed)]
    }

    /// The kinds in turn.
    pub fn nth(number: u8) -> Self {
        let [ed25519, secp256k1, p256] = Self::each(number);
        match number % 3 {
            0 => ed25519,
            1 => secp256k1,
            _ => p256,
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "Ed25519",
            Self::Secp256k1(_) => "secp256k1",
            Self::P256(_) => "P-256",
        }
    }

    /// The public key, in DER.
    pub fn der(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.public_key().serialize_rfc8410_der(),
            Self::Secp256k1(key) => key.public_key().serialize_der(),
            Self::P256(key) => key.public_key().serialize_der(),
        }
    }

    pub fn principal(&self) -> Principal {
        Principal::self_authenticating(self.der())
    }

    /// The signature of a message, 64 bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign_message(message).to_vec(),
            Self::Secp256k1(key) => key.sign_message_with_ecdsa(message).to_vec(),
            Self::P256(key) => key.sign_message(message).to_vec(),
        }
    }

    /// The other legal form of an ECDSA signature, with the order minus `s`. `None` for Ed25519.
    pub fn other_form(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let order = match self {
            Self::Ed25519(_) => return None,
            Self::Secp256k1(_) => SECP256K1_ORDER,
            Self::P256(_) => P256_ORDER,
        };
        let (r, s) = signature.split_at(32);
        let mut difference = [0; 32];
        let mut borrow = 0;
        for place in (0..32).rev() {
            let digit = i16::from(order[place]) - i16::from(s[place]) - borrow;
            borrow = i16::from(digit < 0);
            difference[place] = digit.rem_euclid(256) as u8;
        }
        Some([r, &difference].concat())
    }
}
