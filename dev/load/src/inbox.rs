//! A client: an agent with its own identity, and the canister that it calls.

use std::time::Duration;

use candid::{Principal, encode_one};
use client::Request;
use ic_agent::agent::CallResponse;
use ic_agent::identity::{AnonymousIdentity, BasicIdentity};
use ic_agent::{Agent, AgentError, Identity};
use ic_management_canister_types::{CanisterIdRecord, CanisterStatusResult};
use test_support::management::upgrade;

/// A client.
pub struct Inbox {
    /// The agent.
    pub agent: Agent,
    /// The canister.
    pub canister: Principal,
}

/// A signed call. It can be sent several times.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The envelope.
    pub envelope: Vec<u8>,
    /// The effective canister id: the canister in the request's path.
    effective: Principal,
}

/// The outcome of a call.
#[derive(Debug)]
pub enum Outcome {
    /// The reply.
    Replied(Vec<u8>),
    /// This sending was refused because the call had expired.
    Expired,
}

impl Inbox {
    /// Connects the client with this number. Its calls expire after `expiry`. Its identity follows from the number.
    ///
    /// # Errors
    ///
    /// If the network does not answer.
    pub async fn connect(
        url: &str,
        canister: Principal,
        number: u8,
        expiry: Option<Duration>,
    ) -> Result<Self, AgentError> {
        Self::with(identity(number), url, canister, expiry).await
    }

    /// Connects the canister's controller, the anonymous principal.
    ///
    /// # Errors
    ///
    /// If the network does not answer.
    pub async fn controller(url: &str, canister: Principal) -> Result<Self, AgentError> {
        Self::with(AnonymousIdentity, url, canister, None).await
    }

    async fn with(
        identity: impl Identity + 'static,
        url: &str,
        canister: Principal,
        expiry: Option<Duration>,
    ) -> Result<Self, AgentError> {
        let mut builder = Agent::builder().with_url(url).with_identity(identity);
        if let Some(expiry) = expiry {
            builder = builder.with_ingress_expiry(expiry);
        }
        let agent = builder.build()?;
        agent.fetch_root_key().await?;
        Ok(Self { agent, canister })
    }

    /// Signs a call to the canister.
    ///
    /// # Errors
    ///
    /// If the identity cannot sign.
    pub fn sign<T, E>(&self, request: &Request<T, E>) -> Result<Signed, AgentError> {
        let signed = self.agent.update(&self.canister, request.method).with_arg(request.arg.clone()).sign()?;
        Ok(Signed { envelope: signed.signed_update, effective: self.canister })
    }

    /// Signs an upgrade of the canister with this argument.
    ///
    /// # Errors
    ///
    /// If the identity cannot sign.
    pub fn sign_upgrade(&self, module: Vec<u8>, argument: Vec<u8>) -> Result<Signed, AgentError> {
        let signed = upgrade(&self.agent, self.canister, module, argument).sign()?;
        Ok(Signed { envelope: signed.signed_update, effective: self.canister })
    }

    /// Sends a call and waits for its certified reply.
    ///
    /// # Errors
    ///
    /// If it was rejected, or its outcome is unknown.
    pub async fn send(&self, call: &Signed) -> Result<Outcome, AgentError> {
        match self.agent.update_signed(call.effective, call.envelope.clone()).await {
            Ok(CallResponse::Response(reply)) => Ok(Outcome::Replied(reply)),
            Ok(CallResponse::Poll(id)) => {
                self.agent.wait(&id, call.effective).await.map(|(reply, _)| Outcome::Replied(reply))
            }
            Err(AgentError::HttpError(refusal)) if is_expiry(&refusal.content) => Ok(Outcome::Expired),
            Err(error) => Err(error),
        }
    }

    /// Makes a query. Returns the encoded reply.
    ///
    /// # Errors
    ///
    /// If it was rejected or not answered.
    pub async fn ask<T, E>(&self, request: &Request<T, E>) -> Result<Vec<u8>, AgentError> {
        self.agent.query(&self.canister, request.method).with_arg(request.arg.clone()).call().await
    }

    /// The canister's version. Every installation raises it. The caller must be a controller.
    ///
    /// # Errors
    ///
    /// If the network does not return it.
    pub async fn version(&self) -> Result<u64, AgentError> {
        let query = self.agent.query(&Principal::management_canister(), "canister_status");
        let query = query.with_effective_canister_id(self.canister);
        let argument = encode_one(CanisterIdRecord { canister_id: self.canister }).expect("an id can be encoded");
        let reply = query.with_arg(argument).call().await?;
        let status: CanisterStatusResult =
            candid::decode_one(&reply).map_err(|error| AgentError::CandidError(error.into()))?;
        Ok(status.version)
    }
}

/// The identity of the client with this number.
fn identity(number: u8) -> BasicIdentity {
    BasicIdentity::from_raw_key(&[number + 1; 32])
}

/// The principal of the client with this number.
pub fn principal(number: u8) -> Principal {
    identity(number).sender().expect("a key has a principal")
}

fn is_expiry(body: &[u8]) -> bool {
    body.starts_with(b"Invalid request expiry")
}
