//! What a verifier asks a directory. Tests put a network in its place that lies, and one that says in which order it is asked.

use crate::replay::MAX_AHEAD;
use candid::utils::ArgumentEncoder;
use candid::{CandidType, Principal, decode_one, encode_args};
use client::agent::AgentTransport;
use client::{Failure, Transport};
use directory::api;
use directory_core::bytes::DecodeError;
use directory_core::checkpoint::Cosignature;
use directory_core::hash::Hash;
use directory_core::head::Head;
use directory_core::label::Label;
use directory_core::proof::Proof;
use directory_core::update::LoggedUpdate;
use directory_core::vrf::PROOF_SIZE;
use ic_agent::Agent;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;
use std::fmt;

/// How old a certificate may be, in nanoseconds: five minutes, as agents have it.
const MAX_AGE: u64 = 300_000_000_000;

/// Heads or updates that are asked for at once: what a directory returns at most.
pub const PAGE: u32 = 256;

/// Why something was not learned. It passes, or a node lies: nothing is proved against the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No answer came.
    Unanswered(String),
    /// The answer is not what the platform certified, or is not to be judged yet.
    Unverified(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unanswered(why) => write!(f, "no answer: {why}"),
            Self::Unverified(why) => write!(f, "not verified: {why}"),
        }
    }
}

/// A directory's newest log, as a node shows it. Nothing of it is checked.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The certified log, encoded.
    pub log: Vec<u8>,
    /// The platform's certificate.
    pub certificate: Vec<u8>,
    /// From the log that was named to this one.
    pub consistency: Vec<Hash>,
    /// Cosignatures, each with the size of its log.
    pub cosigned: Vec<(u64, Cosignature)>,
}

/// What became of a cosignature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// The directory has it, or one of this time, in seconds since 1970.
    Stored {
        /// The time.
        time: u64,
    },
    /// The log has grown meanwhile.
    Outrun,
}

/// Asks one directory.
pub trait Network {
    /// The configuration, encoded.
    fn configuration(&self) -> impl Future<Output = Result<Vec<u8>, Trouble>> + Send;
    /// The VRF proof of the registrar's label.
    fn registrar(&self) -> impl Future<Output = Result<[u8; PROOF_SIZE], Trouble>> + Send;
    /// The newest log, and how it continues the one of `known` heads; 0, or more than there are: without that.
    fn checkpoint(&self, known: u64) -> impl Future<Output = Result<Shown, Trouble>> + Send;
    /// Heads from an epoch on, at most `limit`.
    fn heads(&self, from: u64, limit: u32) -> impl Future<Output = Result<Vec<Head>, Trouble>> + Send;
    /// Updates from a position on, at most `limit`.
    fn updates(&self, from: u64, limit: u32) -> impl Future<Output = Result<Vec<LoggedUpdate>, Trouble>> + Send;
    /// A certificate of the module and the controllers.
    fn module(&self) -> impl Future<Output = Result<Vec<u8>, Trouble>> + Send;
    /// Pushes a cosignature of the log of `size` heads.
    fn ratify(&self, size: u64, cosignature: &Cosignature) -> impl Future<Output = Result<Pushed, Trouble>> + Send;
}

/// A certificate's time must be recent. Both times are in nanoseconds since 1970.
///
/// # Errors
///
/// [`Trouble::Unverified`].
pub fn check_age(time: u64, now: u64) -> Result<(), Trouble> {
    let is_recent = now.saturating_sub(MAX_AGE) <= time && time <= now.saturating_add(MAX_AHEAD);
    let wrong = || format!("a certificate is of {time} ns, and the clock says {now} ns");
    if is_recent { Ok(()) } else { Err(Trouble::Unverified(wrong())) }
}

/// The Internet Computer, or a network that speaks its interface. Needs a runtime of Tokio.
pub struct Platform {
    agent: Agent,
    transport: AgentTransport,
    canister: Principal,
}

impl Platform {
    /// Takes an address, the platform's root key in DER where it is not the Internet Computer's, and the canister.
    ///
    /// # Errors
    ///
    /// Why the address is none.
    pub fn new(url: &str, root_key: Option<&[u8]>, canister: Principal) -> Result<Self, String> {
        let agent = Agent::builder().with_url(url).build().map_err(|error| format!("{url}: {error}"))?;
        if let Some(key) = root_key {
            agent.set_root_key(key.to_vec());
        }
        Ok(Self { transport: AgentTransport::new(agent.clone(), canister), agent, canister })
    }

    /// The root key that certificates are checked with, in DER.
    pub fn root_key(&self) -> Vec<u8> {
        self.agent.read_root_key()
    }

    async fn query<T, E>(&self, method: &'static str, arguments: impl ArgumentEncoder) -> Result<Result<T, E>, Trouble>
    where
        T: CandidType + DeserializeOwned,
        E: CandidType + DeserializeOwned,
    {
        decoded(method, self.transport.query(method, encoded(arguments)?).await)
    }
}

impl Network for Platform {
    async fn configuration(&self) -> Result<Vec<u8>, Trouble> {
        let answer = self.query::<api::Published, api::StatusError>("get_configuration", ()).await?;
        Ok(answered("get_configuration", answer)?.encoded.into_vec())
    }

    async fn registrar(&self) -> Result<[u8; PROOF_SIZE], Trouble> {
        let label = ByteBuf::from(Label::Registrar.encode());
        let asked = api::Lookup { label, view: api::View::newest, known: 0, history: api::Changes::newest };
        let answer = self.query::<api::Found, api::LookupError>("lookup", (asked,)).await?;
        let proof = Proof::decode(&answered("lookup", answer)?.proof).map_err(|error| malformed("lookup", error))?;
        Ok(proof.vrf)
    }

    async fn checkpoint(&self, known: u64) -> Result<Shown, Trouble> {
        let method = "get_checkpoint";
        let mut answer = self.query::<api::Checkpoint, api::LookupError>(method, (known,)).await?;
        if let Err(api::LookupError::UnknownLog { .. }) = answer {
            answer = self.query(method, (0u64,)).await?;
        }
        let api::Checkpoint { certified, consistency, newest, ratified, .. } = answered(method, answer)?;
        let certificate = certified.certificate.ok_or_else(|| Trouble::Unverified("no certificate came".to_owned()))?;
        let hash = |bytes: ByteBuf| Hash::try_from(bytes.as_slice());
        let consistency = consistency.into_iter().map(hash).collect::<Result<_, _>>();
        let of = |cosigned: api::Cosigned| {
            let size = cosigned.size;
            cosigned.cosignatures.into_iter().map(move |bytes| Ok((size, Cosignature::decode(&bytes)?)))
        };
        let cosigned = of(newest).chain(of(ratified)).collect::<Result<_, DecodeError>>();
        Ok(Shown {
            log: certified.log.into_vec(),
            certificate: certificate.into_vec(),
            consistency: consistency.map_err(|error| malformed(method, error))?,
            cosigned: cosigned.map_err(|error| malformed(method, error))?,
        })
    }

    async fn heads(&self, from: u64, limit: u32) -> Result<Vec<Head>, Trouble> {
        let answer = self.query::<Vec<ByteBuf>, api::StatusError>("get_heads", (from, limit)).await?;
        let heads = answered("get_heads", answer)?.into_iter().map(|bytes| Head::decode(&bytes));
        heads.collect::<Result<_, _>>().map_err(|error| malformed("get_heads", error))
    }

    async fn updates(&self, from: u64, limit: u32) -> Result<Vec<LoggedUpdate>, Trouble> {
        let answer = self.query::<Vec<ByteBuf>, api::StatusError>("get_updates", (from, limit)).await?;
        let updates = answered("get_updates", answer)?.into_iter().map(|bytes| LoggedUpdate::decode(&bytes));
        updates.collect::<Result<_, _>>().map_err(|error| malformed("get_updates", error))
    }

    async fn module(&self) -> Result<Vec<u8>, Trouble> {
        let path = |name: &str| vec!["canister".into(), self.canister.as_slice().into(), name.into()];
        let read = self.agent.read_state_raw(vec![path("module_hash"), path("controllers")], self.canister).await;
        let certificate = read.map_err(|error| trouble("read_state", error.into()))?;
        serde_cbor::to_vec(&certificate).map_err(|error| malformed("read_state", error))
    }

    async fn ratify(&self, size: u64, cosignature: &Cosignature) -> Result<Pushed, Trouble> {
        let argument = encoded((size, ByteBuf::from(cosignature.encode())))?;
        let reply = self.transport.update("ratify", argument).await;
        match decoded::<api::Ratified, api::RatifyError>("ratify", reply)? {
            Ok(_) => Ok(Pushed::Stored { time: cosignature.time }),
            Err(api::RatifyError::NotNewest { .. }) => Ok(Pushed::Outrun),
            Err(api::RatifyError::NotNewer { stored }) => Ok(Pushed::Stored { time: stored }),
            Err(error) => Err(refused("ratify", error)),
        }
    }
}

fn encoded(arguments: impl ArgumentEncoder) -> Result<Vec<u8>, Trouble> {
    encode_args(arguments).map_err(|error| malformed("arguments", error))
}

fn decoded<T, E>(method: &str, reply: Result<Vec<u8>, Failure>) -> Result<Result<T, E>, Trouble>
where
    T: CandidType + DeserializeOwned,
    E: CandidType + DeserializeOwned,
{
    decode_one(&reply.map_err(|failure| trouble(method, failure))?).map_err(|error| malformed(method, error))
}

fn answered<T, E: fmt::Debug>(method: &str, answer: Result<T, E>) -> Result<T, Trouble> {
    answer.map_err(|error| refused(method, error))
}

fn refused(method: &str, error: impl fmt::Debug) -> Trouble {
    Trouble::Unanswered(format!("{method} refused: {error:?}"))
}

fn malformed(method: &str, error: impl fmt::Debug) -> Trouble {
    Trouble::Unverified(format!("{method}: {error:?}"))
}

fn trouble(method: &str, failure: Failure) -> Trouble {
    match failure {
        Failure::Unverified(why) => Trouble::Unverified(format!("{method}: {why}")),
        other => Trouble::Unanswered(format!("{method}: {other}")),
    }
}
