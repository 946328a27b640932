//! The types of `directory.did`, with its names.
//!
//! Errors carry the offending value. Every error type has the case `Other`, through which later releases report new ones.
#![allow(missing_docs, non_camel_case_types)] // directory.did says it.

use candid::{CandidType, Principal};
use directory_core::bundle;
use directory_core::bytes::DecodeError;
use directory_core::change::Refusal;
use directory_core::map;
use directory_core::signatures::{Role, SignatureError};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

pub use canister_base::budget::{Bound, Budget, Limited, Rate};
pub use canister_base::gateway::{HttpRequest, HttpResponse};

#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// For development.
    open,
    registrar,
}

#[derive(CandidType, Deserialize, Serialize, Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    pub name: String,
    pub key: ByteBuf,
}

#[derive(CandidType, Deserialize, Serialize, Clone, Debug, PartialEq, Eq)]
pub enum Ratification {
    /// For development.
    certified_only,
    quorum {
        threshold: u8,
        verifiers: Vec<Verifier>,
    },
}

#[derive(CandidType, Deserialize, Serialize, Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    pub registration: Registration,
    pub ratification: Ratification,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub configuration: Configuration,
    pub encoded: ByteBuf,
    pub hash: ByteBuf,
    pub origin: String,
    pub vrf_key: ByteBuf,
    pub realm: ByteBuf,
}

#[derive(CandidType, Deserialize, Serialize, Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub opening: ByteBuf,
    pub profile: ByteBuf,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    pub label: ByteBuf,
    pub update: ByteBuf,
    pub opened: Option<Opened>,
    pub address: Option<ByteBuf>,
}

#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub position: u64,
    pub epoch: u64,
    pub closed: bool,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub field: String,
    pub reason: String,
}

impl Malformed {
    pub fn new(field: &str, error: DecodeError) -> Self {
        Self { field: field.to_string(), reason: format!("{error:?}") }
    }
}

#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    current,
    new,
    recovery,
    registrar,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Other {
    pub code: u32,
    pub message: String,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum UpdateError {
    Malformed(Malformed),
    Realm(ByteBuf),
    Index(ByteBuf),
    Pending { retry_after: u64 },
    Time { newest: u64, now: u64 },
    NotFirst { version: u32 },
    Conflict { version: u32, hash: ByteBuf },
    Skip { newest: u32, version: u32 },
    Registration,
    Closed,
    NoRecovery,
    RecoveryPending { effective: u64 },
    PolicyChanged,
    RecoveryChanged,
    TooFewSignatures { signer: Signer, needed: u8, found: u8 },
    ForeignSignature(ByteBuf),
    WrongSignature(ByteBuf),
    Profile,
    Address(String),
    NotAllowed,
    NoRegistrar,
    DailyUpdates { max: u32, retry_after: u64 },
    LabelsFull { max: u64 },
    StorageFull,
    Limited(Limited),
    Unavailable,
    Other(Other),
}

impl From<Refusal> for UpdateError {
    fn from(refusal: Refusal) -> Self {
        let bytes = |bytes: &[u8]| ByteBuf::from(bytes.to_vec());
        match refusal {
            Refusal::Realm(realm) => Self::Realm(bytes(&realm)),
            Refusal::Index(index) => Self::Index(bytes(&index)),
            Refusal::Pending { retry_after } => Self::Pending { retry_after },
            Refusal::Time { newest, now } => Self::Time { newest, now },
            Refusal::NotFirst { version } => Self::NotFirst { version },
            Refusal::Conflict { version, hash } => Self::Conflict { version, hash: bytes(&hash) },
            Refusal::Skip { newest, version } => Self::Skip { newest, version },
            Refusal::Registration => Self::Registration,
            Refusal::Closed => Self::Closed,
            Refusal::NoRecovery => Self::NoRecovery,
            Refusal::RecoveryPending { effective } => Self::RecoveryPending { effective },
            Refusal::PolicyChanged => Self::PolicyChanged,
            Refusal::RecoveryChanged => Self::RecoveryChanged,
            Refusal::Signature(SignatureError::TooFew { role, needed, found }) => {
                let signer = match role {
                    Role::Current => Signer::current,
                    Role::New => Signer::new,
                    Role::Recovery => Signer::recovery,
                    Role::Registrar => Signer::registrar,
                };
                Self::TooFewSignatures { signer, needed, found }
            }
            Refusal::Signature(SignatureError::Foreign(key)) => Self::ForeignSignature(bytes(key.bytes())),
            Refusal::Signature(SignatureError::Wrong(key)) => Self::WrongSignature(bytes(key.bytes())),
        }
    }
}

#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    newest,
    ratified,
}

impl From<View> for map::View {
    fn from(view: View) -> Self {
        match view {
            View::newest => Self::Newest,
            View::ratified => Self::Ratified,
        }
    }
}

#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    newest,
    version(u32),
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    pub label: ByteBuf,
    pub view: View,
    pub known: u64,
    pub history: Changes,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    pub log: ByteBuf,
    pub certificate: Option<ByteBuf>,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub proof: ByteBuf,
    pub certified: Certified,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum LookupError {
    Malformed(Malformed),
    NoEpoch,
    HistoryTooLong { versions: u64, max: u64 },
    UnknownLabel,
    UnknownLog { known: u64, size: u64 },
    Unavailable,
    Other(Other),
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub label: ByteBuf,
    pub from: u32,
    pub limit: u32,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub time: u64,
    pub update: ByteBuf,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    pub size: u64,
    pub cosignatures: Vec<ByteBuf>,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub certified: Certified,
    pub text: String,
    pub consistency: Vec<ByteBuf>,
    pub newest: Cosigned,
    pub ratified: Cosigned,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub epoch: u64,
    pub update: Vec<ByteBuf>,
    pub head: Vec<ByteBuf>,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum EvidenceError {
    UnknownUpdate { position: u64, size: u64 },
    Unavailable,
    Other(Other),
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum RatifyError {
    Malformed(Malformed),
    NotNewest { size: u64, newest: u64, ratified: u64 },
    UnknownVerifier(ByteBuf),
    NotNewer { stored: u64 },
    Future { time: u64, now: u64 },
    Signature(ByteBuf),
    Unavailable,
    Other(Other),
}

#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratified {
    pub cosignatures: u32,
    pub ratified: u64,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum BundleError {
    Malformed(Malformed),
    UnknownLabel,
    NoProfile,
    Elsewhere,
    UnknownDevice(ByteBuf),
    Expired { expiry: u64 },
    NotNewer { stored: u64 },
    Lifetime { issued: u64, expiry: u64 },
    Signature,
    StorageFull,
    Limited(Limited),
    Unavailable,
    Other(Other),
}

impl From<bundle::BundleError> for BundleError {
    fn from(error: bundle::BundleError) -> Self {
        use bundle::BundleError as Core;
        match error {
            Core::Elsewhere => Self::Elsewhere,
            Core::UnknownDevice(key) => Self::UnknownDevice(ByteBuf::from(key.bytes().to_vec())),
            Core::Expired { expiry } => Self::Expired { expiry },
            Core::NotNewer { stored } => Self::NotNewer { stored },
            Core::Lifetime { issued, expiry } => Self::Lifetime { issued, expiry },
            Core::Signature => Self::Signature,
        }
    }
}

impl From<Limited> for UpdateError {
    fn from(limited: Limited) -> Self {
        Self::Limited(limited)
    }
}

impl From<Limited> for BundleError {
    fn from(limited: Limited) -> Self {
        Self::Limited(limited)
    }
}

#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub strangers: Budget,
    pub reserve: u64,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    NotAllowed,
    TooLow { setting: String, value: u64, min: u64 },
    Other(Other),
}

#[derive(CandidType, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckCursor {
    pub part: u32,
    pub number: u64,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    pub checked: u32,
    pub next: Option<CheckCursor>,
    pub violations: Vec<String>,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum CheckError {
    NotAllowed,
    Cursor(CheckCursor),
    Unavailable,
    Other(Other),
}

#[derive(CandidType, Deserialize, Serialize, Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub version: String,
    pub registration: Registration,
    pub ratification: Ratification,
    pub canister: Principal,
    pub ready: bool,
    pub labels: u64,
    pub updates: u64,
    pub pending: u64,
    pub epochs: u64,
    pub ratified: u64,
    pub indexed: u64,
    pub to_index: u64,
    pub stable_bytes: u64,
    pub settings: Settings,
    pub cycles_today: u64,
    pub limits: Limits,
}

#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub labels: u64,
    pub pending: u64,
    pub daily_updates: u32,
    pub profile_bytes: u32,
    pub devices: u32,
    pub history: u32,
    pub page: u32,
    pub stable_bytes: u64,
}

#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum StatusError {
    Unavailable,
    Other(Other),
}
