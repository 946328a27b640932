//! A verifier's requests to a directory. Tests replace it by a network that lies, and by one that records the order of
//! requests.

use crate::replay::MAX_AHEAD;
use candid::Principal;
use client::agent::AgentTransport;
use client::directory::{api, request};
use client::request::{Kind, Request};
use client::{CallError, Failure, Transport};
use directory_core::bytes::DecodeError;
use directory_core::checkpoint::Cosignature;
use directory_core::hash::Hash;
use directory_core::head::Head;
use directory_core::label::Label;
use directory_core::proof::Proof;
use directory_core::update::LoggedUpdate;
use directory_core::vrf::PROOF_SIZE;
use ic_agent::Agent;
use serde_bytes::ByteBuf;
use std::fmt;

/// Maximum age of a certificate, in nanoseconds: five minutes, as agents have it.
const MAX_AGE: u64 = 300_000_000_000;

/// Number of heads or updates in one request: the maximum that a directory returns.
pub const PAGE: u32 = 256;

/// The reason why a request failed. The failure is temporary, or a node lies. It proves nothing against the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No answer came.
    Unanswered(String),
    /// The answer contradicts the certified data, or cannot be judged yet.
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

/// The result of sending a cosignature.
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
    /// The newest log, with the proof that it continues the log of `known` heads. There is no proof if `known` is 0 or
    /// larger than the log.
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
}

impl Platform {
    /// Takes an address, the canister, and the platform's root key in DER if it is not the Internet Computer's.
    ///
    /// # Errors
    ///
    /// The reason why the address is not valid.
    pub fn new(url: &str, root_key: Option<&[u8]>, canister: Principal) -> Result<Self, String> {
        let agent = Agent::builder().with_url(url).build().map_err(|error| format!("{url}: {error}"))?;
        if let Some(key) = root_key {
            agent.set_root_key(key.to_vec());
        }
        Ok(Self { transport: AgentTransport::new(agent.clone(), canister), agent })
    }

    /// The root key that certificates are checked with, in DER.
    pub fn root_key(&self) -> Vec<u8> {
        self.agent.read_root_key()
    }

    async fn send<T, E: fmt::Debug>(&self, request: Request<T, E>) -> Result<T, CallError<E>> {
        let Request { method, ref arg, .. } = request;
        let reply = match request.kind {
            Kind::Query => self.transport.query(method, arg.clone()).await?,
            Kind::IdempotentUpdate | Kind::Update => self.transport.update(method, arg.clone()).await?,
        };
        request.decode(&reply)
    }
}

impl Network for Platform {
    async fn configuration(&self) -> Result<Vec<u8>, Trouble> {
        Ok(self.send(request::get_configuration()).await?.encoded.into_vec())
    }

    async fn registrar(&self) -> Result<[u8; PROOF_SIZE], Trouble> {
        let asked = request::lookup(&Label::Registrar, api::View::newest, 0, api::Changes::newest);
        let proof = Proof::decode(&self.send(asked).await?.proof).map_err(|error| malformed("lookup", error))?;
        Ok(proof.vrf)
    }

    async fn checkpoint(&self, known: u64) -> Result<Shown, Trouble> {
        let method = "get_checkpoint";
        let mut answer = self.send(request::get_checkpoint(known)).await;
        if let Err(CallError::Refused(api::LookupError::UnknownLog { .. })) = answer {
            answer = self.send(request::get_checkpoint(0)).await;
        }
        let api::Checkpoint { certified, consistency, newest, ratified, .. } = answer?;
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
        let page = self.send(request::get_heads(from, limit)).await?;
        let heads = page.iter().map(|bytes| Head::decode(bytes));
        heads.collect::<Result<_, _>>().map_err(|error| malformed("get_heads", error))
    }

    async fn updates(&self, from: u64, limit: u32) -> Result<Vec<LoggedUpdate>, Trouble> {
        let page = self.send(request::get_updates(from, limit)).await?;
        let updates = page.iter().map(|bytes| LoggedUpdate::decode(bytes));
        updates.collect::<Result<_, _>>().map_err(|error| malformed("get_updates", error))
    }

    async fn module(&self) -> Result<Vec<u8>, Trouble> {
        let read = self.transport.state(&["module_hash", "controllers"]).await;
        let checked = read.map_err(CallError::<api::StatusError>::Failed)?;
        let mut bytes = Vec::new();
        ciborium::into_writer(checked.certificate(), &mut bytes).map_err(|error| malformed("read_state", error))?;
        Ok(bytes)
    }

    async fn ratify(&self, size: u64, cosignature: &Cosignature) -> Result<Pushed, Trouble> {
        match self.send(request::ratify(size, &cosignature.encode())).await {
            Err(CallError::Refused(api::RatifyError::NotNewest { .. })) => Ok(Pushed::Outrun),
            Err(CallError::Refused(api::RatifyError::NotNewer { stored })) => Ok(Pushed::Stored { time: stored }),
            answer => {
                answer?;
                Ok(Pushed::Stored { time: cosignature.time })
            }
        }
    }
}

impl<E: fmt::Debug> From<CallError<E>> for Trouble {
    fn from(error: CallError<E>) -> Self {
        let text = error.to_string();
        match error {
            CallError::Refused(_) | CallError::Failed(Failure::Rejected(_) | Failure::Unanswered(_)) => {
                Self::Unanswered(text)
            }
            _ => Self::Unverified(text),
        }
    }
}

fn malformed(method: &str, error: impl fmt::Debug) -> Trouble {
    Trouble::Unverified(format!("{method}: {error:?}"))
}
