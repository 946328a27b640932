//! The configuration file, in TOML. docs/verifier.md explains each line.
//!
//! ```toml
//! canister = "lqy7q-dh777-77777-aaaaq-cai"
//! vrf_key = "64 hexadecimal digits"
//! configuration = "64 hexadecimal digits"
//! modules = ["64 hexadecimal digits"]
//! name = "verifier.example/1"
//! key = "verifier.key"
//! folder = "state"
//! listen = "127.0.0.1:9464"
//! ```

use crate::network::Platform;
use candid::Principal;
use directory_core::hash::Hash;
use ed25519_dalek::SigningKey;
use key_file::KeyFileError;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The operator's settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address of the Internet Computer, or of a network that speaks its interface.
    #[serde(default = "internet_computer")]
    pub network: String,
    /// Root key of another network than the Internet Computer, in DER.
    #[serde(default, deserialize_with = "bytes")]
    pub root_key: Option<Vec<u8>>,
    /// The directory's canister.
    pub canister: Principal,
    /// The directory's VRF key.
    #[serde(deserialize_with = "hash")]
    pub vrf_key: Hash,
    /// The hash of the directory's configuration.
    #[serde(deserialize_with = "hash")]
    pub configuration: Hash,
    /// SHA-256 of the modules that may run.
    #[serde(deserialize_with = "hashes")]
    pub modules: Vec<Hash>,
    /// The verifier's name in the directory's configuration.
    pub name: String,
    /// File of the verifier's secret key. A relative path starts at the configuration file's folder.
    pub key: PathBuf,
    /// Folder of the verifier's files. A relative path starts there too.
    pub folder: PathBuf,
    /// Where `/metrics` and `/healthz` are served.
    pub listen: Option<SocketAddr>,
    /// Milliseconds between two rounds.
    #[serde(default = "two_seconds")]
    pub pause_ms: u64,
    /// Seconds after which an unchanged log is signed again.
    #[serde(default = "quarter_of_an_hour")]
    pub resign_seconds: u64,
}

/// The reason why the settings cannot be read.
#[derive(Debug)]
pub enum SettingsError {
    /// A file cannot be read.
    File(PathBuf, io::Error),
    /// The configuration file has a fault: the file, and the fault.
    Text(PathBuf, String),
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Text(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl Settings {
    /// Reads a configuration file.
    ///
    /// # Errors
    ///
    /// The file and its fault.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|error| SettingsError::File(path.to_owned(), error))?;
        let mut settings: Self =
            toml::from_str(&text).map_err(|error| SettingsError::Text(path.to_owned(), error.to_string()))?;
        let wrong = |why: &str| Err(SettingsError::Text(path.to_owned(), why.to_owned()));
        if settings.pause_ms == 0 {
            return wrong("pause_ms = 0: a round must be followed by a pause");
        }
        if settings.resign_seconds == 0 {
            return wrong("resign_seconds = 0: a cosignature must be good for a while");
        }
        let base = path.parent().unwrap_or(Path::new(""));
        settings.key = base.join(&settings.key);
        settings.folder = base.join(&settings.folder);
        Ok(settings)
    }

    /// The directory's canister on its network. Makes no call.
    ///
    /// # Errors
    ///
    /// The reason why the address is not valid.
    pub fn platform(&self) -> Result<Platform, String> {
        Platform::new(&self.network, self.root_key.as_deref(), self.canister)
    }

    /// Reads the secret key.
    ///
    /// # Errors
    ///
    /// The file and its fault.
    pub fn signing_key(&self) -> Result<SigningKey, KeyFileError> {
        key_file::read(&self.key)
    }
}

fn internet_computer() -> String {
    "https://icp-api.io".to_owned()
}

fn two_seconds() -> u64 {
    2_000
}

fn quarter_of_an_hour() -> u64 {
    900
}

fn hash<'de, D: Deserializer<'de>>(from: D) -> Result<Hash, D::Error> {
    parse(&String::deserialize(from)?)
}

fn hashes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Hash>, D::Error> {
    Vec::<String>::deserialize(from)?.iter().map(|text| parse(text)).collect()
}

fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
    hex::decode(String::deserialize(from)?).map(Some).map_err(D::Error::custom)
}

fn parse<E: Error>(text: &str) -> Result<Hash, E> {
    key_file::from_hex(text).map_err(E::custom)
}
