//! The Internet Computer, or a network that speaks its interface.

use super::ahead::Ahead;
use super::{Network, Pushed, Shown, Trouble};
use candid::Principal;
use client::agent::{AgentTransport, builder};
use client::directory::{api, request};
use client::request::Request;
use client::{CallError, Failure, Refusal, Retry, send};
use directory_core::bytes::DecodeError;
use directory_core::checkpoint::Cosignature;
use directory_core::hash::Hash;
use directory_core::head::Head;
use directory_core::label::Label;
use directory_core::proof::Proof;
use directory_core::update::LoggedUpdate;
use directory_core::vrf::PROOF_SIZE;
use ic_agent::Agent;
use ic_agent::agent::AgentBuilder;
use serde_bytes::ByteBuf;
use std::fmt;

/// The Internet Computer, or a network that speaks its interface. Needs a runtime of Tokio.
pub struct Platform {
    agent: Agent,
    transport: AgentTransport,
    ahead: Ahead,
}

impl Platform {
    /// Takes an address, the canister, and the platform's root key in DER if it is not the Internet Computer's.
    ///
    /// # Errors
    ///
    /// The reason why the address is not valid.
    pub fn new(url: &str, root_key: Option<&[u8]>, canister: Principal) -> Result<Self, String> {
        let agent = builder(url).and_then(AgentBuilder::build).map_err(|error| format!("{url}: {error}"))?;
        if let Some(key) = root_key {
            agent.set_root_key(key.to_vec());
        }
        let transport = AgentTransport::new(agent.clone(), canister);
        Ok(Self { agent, transport, ahead: Ahead::default() })
    }

    /// The root key that certificates are checked with, in DER.
    pub fn root_key(&self) -> Vec<u8> {
        self.agent.read_root_key()
    }

    async fn send<T, E: Refusal>(&self, request: Request<T, E>) -> Result<T, CallError<E>> {
        send(&self.transport, &Retry::NEVER, &request).await
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

    async fn updates(&self, from: u64, limit: u64) -> Result<Vec<LoggedUpdate>, Trouble> {
        self.ahead.page(from, limit, |from, limit| updates(self.transport.clone(), from, limit)).await
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

/// One page. Whoever replays it checks the signatures.
async fn updates(transport: AgentTransport, from: u64, limit: u32) -> Result<Vec<LoggedUpdate>, Trouble> {
    let page = send(&transport, &Retry::NEVER, &request::get_updates(from, limit)).await?;
    let updates = page.iter().map(|bytes| LoggedUpdate::decode_unverified(bytes));
    updates.collect::<Result<_, _>>().map_err(|error| malformed("get_updates", error))
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
