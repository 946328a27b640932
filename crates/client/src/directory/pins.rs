//! The pins of a directory.

use std::error::Error;
use std::fmt;

use candid::Principal;
use directory::api::{Published, StatusError};
use directory_core::bytes::DecodeError;
use directory_core::checkpoint::origin;
use directory_core::configuration::Configuration;
use directory_core::entry::realm;
use directory_core::hash::Hash;
use directory_core::policy::Policy;
use directory_core::verify::{Quorum, Trusted};
use directory_core::vrf::PublicKey;

use super::request;
use crate::error::CallError;
use crate::retry::Retry;
use crate::send::send;
use crate::transport::Transport;

/// The configuration that a directory publishes, before anything is pinned: the word of one replica. See [`pin`].
///
/// # Errors
///
/// If the call fails, or the VRF key is not drawn yet.
pub async fn published(transport: &impl Transport) -> Result<Published, CallError<StatusError>> {
    send(transport, &Retry::NEVER, &request::get_configuration()).await
}

/// Makes the pins of the directory in a canister from its configuration, which [`published`] reads. `registrars`
/// are the policies of its registrar, today's and former ones; empty where registration is open. Cosignatures of verifiers
/// may be `max_age` seconds old.
///
/// `get_configuration` is answered by one replica, which may lie. Then no look-up verifies: the certified log carries the hash
/// of the configuration and the VRF key, and the first look-up fails as [`Configuration`]. So pins with which a look-up has
/// succeeded are those of the canister. The application must know from elsewhere that the canister is the right one, and who
/// its registrar is.
///
/// [`Configuration`]: directory_core::verify::VerifyError::Configuration
///
/// # Errors
///
/// If the parts of the configuration contradict each other.
pub fn pin(
    published: &Published,
    canister: &Principal,
    registrars: Vec<Policy>,
    max_age: u64,
) -> Result<Trusted, PinError> {
    let array = |field, bytes: &[u8]| Hash::try_from(bytes).map_err(|_| PinError::Field(field));
    let configuration = Configuration::decode(&published.encoded).map_err(PinError::Configuration)?;
    let key = array("vrf_key", &published.vrf_key)?;
    let pinned = Trusted {
        realm: realm(canister.as_slice(), &key),
        origin: origin(*canister),
        vrf: PublicKey::new(&key).map_err(|_| PinError::Field("vrf_key"))?,
        configuration: configuration.hash(&key),
        registrars,
        // Only a configuration without verifiers has no quorum.
        quorum: Quorum::new(configuration.verifiers().to_vec(), configuration.threshold().into(), max_age),
    };
    for (field, is_true) in [
        ("hash", published.hash == pinned.configuration[..]),
        ("origin", published.origin == pinned.origin),
        ("realm", published.realm == pinned.realm[..]),
        ("registrars", configuration.has_registrar() != pinned.registrars.is_empty()),
    ] {
        if !is_true {
            return Err(PinError::Field(field));
        }
    }
    Ok(pinned)
}

/// The reason why a configuration cannot be pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinError {
    /// Its bytes are none.
    Configuration(DecodeError),
    /// A field contradicts the others, or is malformed.
    Field(&'static str),
}

impl fmt::Display for PinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(error) => write!(f, "the configuration cannot be read: {error:?}"),
            Self::Field(field) => write!(f, "{field} contradicts the rest of the configuration"),
        }
    }
}

impl Error for PinError {}
