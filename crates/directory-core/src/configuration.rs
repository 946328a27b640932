//! The fixed configuration of a directory. Each head and the certified log contain its hash, and clients pin the hash. The
//! hash covers the VRF key. So with another key no certificate matches.
//!
//! ```text
//! 0   format 1 (1)
//! 1   registration 1    0 open, for development; 1 the registrar vouches
//! 2   threshold 1       verifiers that ratify a head together; 0: the platform's certificate suffices, for development
//! 3   verifiers n 1 (0 to 16) | n x (length 1 (1 to 64) | name | key 33), key ids strictly ascending,
//!                       no key twice
//!
//! hash   SHA-256("directory-configuration-v1\n" | VRF key 32 | configuration)
//! ```

use crate::bytes::{DecodeError, Reader, decode_all, require};
use crate::checkpoint::Verifier;
use crate::hash::{Hash, sha256};
use crate::policy::Key;
use crate::proof::MAX_COSIGNATURES;

/// Maximum size of an encoded configuration in bytes.
pub const MAX_SIZE: usize = 4 + MAX_COSIGNATURES * (1 + MAX_NAME + 33);
/// Maximum size of a verifier's name in bytes.
pub const MAX_NAME: usize = 64;
const DOMAIN: &[u8] = b"directory-configuration-v1\n";
const FORMAT: u8 = 1;

/// The part of a directory that is fixed at its installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    registrar: bool,
    threshold: u8,
    verifiers: Vec<Verifier>,
}

impl Configuration {
    /// Takes whether a registrar vouches for registrations, the verifiers in any order, and the number of them that ratify
    /// a head. Like the decoder, it refuses more than 16 verifiers, two with one key or key id, a threshold that they cannot meet,
    /// a threshold of 0 with verifiers, and a name of more than 64 bytes.
    pub fn new(registrar: bool, mut verifiers: Vec<Verifier>, threshold: u8) -> Result<Self, DecodeError> {
        verifiers.sort_by_key(Verifier::key_id);
        let configuration = Self { registrar, threshold, verifiers };
        configuration.check()?;
        Ok(configuration)
    }

    /// Whether a registrar vouches for registrations.
    pub fn has_registrar(&self) -> bool {
        self.registrar
    }

    /// The verifiers in the order of their key ids.
    pub fn verifiers(&self) -> &[Verifier] {
        &self.verifiers
    }

    /// Number of verifiers that ratify a head together; 0: none is needed.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// The hash in the heads of a directory with this VRF key.
    pub fn hash(&self, vrf_key: &[u8; 32]) -> Hash {
        sha256(&[DOMAIN, vrf_key, &self.encode()])
    }

    fn check(&self) -> Result<(), DecodeError> {
        let number = self.verifiers.len();
        require(number <= MAX_COSIGNATURES, "verifiers", number as u64)?;
        let fits = self.verifiers.iter().find(|verifier| verifier.name().len() > MAX_NAME);
        require(fits.is_none(), "verifier's name", fits.map_or(0, |verifier| verifier.name().len()) as u64)?;
        require(self.verifiers.is_sorted_by(|a, b| a.key_id() < b.key_id()), "order of verifiers", number as u64)?;
        // One signer under two names would count twice.
        let repeated = repeated_key(&self.verifiers);
        require(repeated.is_none(), "verifier's key", repeated.map_or(0, |(_, second)| second) as u64)?;
        let threshold = usize::from(self.threshold);
        require(threshold <= number && (threshold == 0) == (number == 0), "threshold", self.threshold)
    }

    /// Decodes a configuration.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, |reader| {
            reader.version("configuration format", FORMAT)?;
            let registrar = reader.u8("registration")?;
            require(registrar <= 1, "registration", registrar)?;
            let threshold = reader.u8("threshold")?;
            let number = reader.u8("verifiers")?;
            require(usize::from(number) <= MAX_COSIGNATURES, "verifiers", number)?;
            let verifiers = (0..number).map(|_| verifier(reader)).collect::<Result<_, _>>()?;
            let configuration = Self { registrar: registrar == 1, threshold, verifiers };
            configuration.check()?;
            Ok(configuration)
        })
    }

    /// Encodes the configuration.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT, self.registrar.into(), self.threshold, self.verifiers.len() as u8];
        for verifier in &self.verifiers {
            out.push(verifier.name().len() as u8);
            out.extend(verifier.name().as_bytes());
            verifier.key().write(&mut out);
        }
        out
    }
}

/// The numbers of two verifiers that have the same key, counted from 0.
pub fn repeated_key(verifiers: &[Verifier]) -> Option<(usize, usize)> {
    verifiers.iter().enumerate().find_map(|(second, verifier)| {
        let first = verifiers.iter().take(second).position(|other| other.key() == verifier.key())?;
        Some((first, second))
    })
}

fn verifier(reader: &mut Reader<'_>) -> Result<Verifier, DecodeError> {
    let length = reader.u8("verifier's name")?;
    let name = reader.slice("verifier's name", length.into())?;
    let wrong = DecodeError::Invalid { field: "verifier's name", value: length.into() };
    let name = std::str::from_utf8(name).map_err(|_| wrong)?;
    Verifier::new(name.to_owned(), Key::read(reader)?).ok_or(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verifier(number: u8) -> Verifier {
        let key = ed25519_dalek::SigningKey::from_bytes(&[number; 32]).verifying_key().to_bytes();
        Verifier::new(format!("verifier.example/{number}"), Key::new(key).unwrap()).unwrap()
    }

    #[test]
    fn a_configuration_has_one_encoding_and_bounds() {
        let configuration = Configuration::new(true, vec![verifier(1), verifier(2), verifier(3)], 2).unwrap();
        assert_eq!(Configuration::decode(&configuration.encode()), Ok(configuration.clone()));
        let other = Configuration::new(true, vec![verifier(3), verifier(2), verifier(1)], 2).unwrap();
        let hash = configuration.hash(&[7; 32]);
        assert_eq!(other.hash(&[7; 32]), hash, "whatever the order of the verifiers");
        assert_ne!(Configuration::new(false, vec![], 0).unwrap().hash(&[7; 32]), hash);
        assert_ne!(configuration.hash(&[8; 32]), hash, "another VRF key");
        for (verifiers, threshold) in [(vec![verifier(1)], 0), (vec![verifier(1)], 2), (vec![], 1)] {
            let refused = Err(DecodeError::Invalid { field: "threshold", value: threshold.into() });
            assert_eq!(Configuration::new(true, verifiers, threshold), refused);
        }
        let twice = Configuration::new(true, vec![verifier(1), verifier(1)], 1);
        assert_eq!(twice, Err(DecodeError::Invalid { field: "order of verifiers", value: 2 }));
        let Some(same_key) = Verifier::new("verifier.example/other".into(), *verifier(1).key()) else {
            panic!("a name")
        };
        let named_twice = Configuration::new(true, vec![verifier(1), same_key], 1);
        assert_eq!(named_twice, Err(DecodeError::Invalid { field: "verifier's key", value: 1 }));
        let seventeen = Configuration::new(true, (1..18).map(verifier).collect(), 1);
        assert_eq!(seventeen, Err(DecodeError::Invalid { field: "verifiers", value: 17 }));
    }
}
