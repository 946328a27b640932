//! The values that a verifier pins of a directory. Its evidence contains them too, so that it can be checked
//! without network.
//!
//! ```text
//! pinned    canister: length 1 | id
//!           root key: length 2 | DER
//!           VRF key 32
//!           configuration: length 2 | as docs/directory.md has it
//!           registrar: 0, or 1 | VRF proof 80 of the label "r"
//! ```

use candid::Principal;
use directory_core::bytes::{DecodeError, Reader};
use directory_core::checkpoint::origin;
use directory_core::configuration::{self, Configuration};
use directory_core::entry::realm;
use directory_core::hash::Hash;
use directory_core::label::Label;
use directory_core::vrf::{PROOF_SIZE, PublicKey};

use crate::replay::Pins;

const MAX_ROOT_KEY: usize = 256;

/// A directory, as its clients pin it.
#[derive(Debug, Clone)]
pub struct Pinned {
    /// Its canister.
    pub canister: Principal,
    /// The platform's root key, in DER.
    pub root_key: Vec<u8>,
    /// The directory's VRF key.
    pub vrf_key: [u8; 32],
    /// The configuration that was fixed at installation.
    pub configuration: Configuration,
    /// The VRF proof of the registrar's label. It shows the label's place in the map. `None`: registration is open.
    pub registrar: Option<[u8; PROOF_SIZE]>,
}

impl Pinned {
    /// The first line of the directory's checkpoints.
    pub fn origin(&self) -> String {
        origin(self.canister)
    }

    /// The hash of the configuration and the VRF key.
    pub fn hash(&self) -> Hash {
        self.configuration.hash(&self.vrf_key)
    }

    /// The values that the replay needs.
    ///
    /// # Errors
    ///
    /// The VRF key is not valid, or the proof of the registrar's label is missing or not by this key.
    pub fn pins(&self) -> Result<Pins, String> {
        let vrf = PublicKey::new(&self.vrf_key).map_err(|error| format!("the VRF key is not valid: {error:?}"))?;
        let registrar = match (self.configuration.has_registrar(), &self.registrar) {
            (true, Some(proof)) => {
                let index = vrf.verify(&Label::Registrar.encode(), proof);
                Some(index.map_err(|error| format!("the registrar's label is not proved: {error:?}"))?)
            }
            (true, None) => return Err("the registrar's label is not proved".to_owned()),
            (false, _) => None,
        };
        Ok(Pins {
            realm: realm(self.canister.as_slice(), &self.vrf_key),
            origin: self.origin(),
            configuration: self.hash(),
            registrar,
        })
    }

    /// Encodes the values.
    pub fn encode(&self) -> Vec<u8> {
        let canister = self.canister.as_slice();
        let mut out = vec![canister.len() as u8];
        out.extend(canister);
        let configuration = self.configuration.encode();
        out.extend((self.root_key.len() as u16).to_be_bytes());
        out.extend(&self.root_key);
        out.extend(self.vrf_key);
        out.extend((configuration.len() as u16).to_be_bytes());
        out.extend(configuration);
        out.push(self.registrar.is_some().into());
        out.extend(self.registrar.iter().flatten());
        out
    }

    /// Decodes the values.
    ///
    /// # Errors
    ///
    /// The first field that is wrong.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = reader.u8("canister")?;
        let canister = reader.slice("canister", length.into())?;
        let wrong = |field, value: usize| DecodeError::Invalid { field, value: value as u64 };
        let canister = Principal::try_from_slice(canister).map_err(|_| wrong("canister", length.into()))?;
        Ok(Self {
            canister,
            root_key: reader.long("root key", MAX_ROOT_KEY)?.to_vec(),
            vrf_key: reader.array("VRF key")?,
            configuration: Configuration::decode(reader.long("configuration", configuration::MAX_SIZE)?)?,
            registrar: match reader.u8("registrar")? {
                0 => None,
                1 => Some(reader.array("registrar")?),
                other => return Err(wrong("registrar", other.into())),
            },
        })
    }
}
