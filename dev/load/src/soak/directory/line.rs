//! The transport of a directory client: each call passes the gate, and is repeated after a kill.

use std::sync::Arc;
use std::time::Duration;

use client::agent::AgentTransport;
use client::{Certificates, Failure, Transport};
use ic_agent::{Agent, AgentError};

use crate::inbox::Inbox;
use crate::soak::Shared;

/// The transport of one actor.
pub struct Line {
    agent: Agent,
    certificates: AgentTransport,
    shared: Arc<Shared>,
    canister: candid::Principal,
}

impl Line {
    /// The transport of this actor.
    pub fn new(inbox: &Inbox, shared: Arc<Shared>) -> Self {
        let (agent, canister) = (inbox.agent.clone(), inbox.canister);
        Self { certificates: AgentTransport::new(agent.clone(), canister), agent, shared, canister }
    }

    /// Makes a call, and repeats it until it is answered.
    async fn answered<C>(&self, call: impl Fn() -> C) -> Result<Vec<u8>, Failure>
    where
        C: Future<Output = Result<Vec<u8>, AgentError>>,
    {
        loop {
            let answer = self.shared.gate.attempt(call()).await.map_err(|fault| Failure::Unsendable(fault.into()))?;
            if let Some(reply) = answer {
                return Ok(reply);
            }
        }
    }
}

impl Transport for Line {
    async fn update(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let call = || self.agent.update(&self.canister, method).with_arg(arg.clone()).call_and_wait();
        self.answered(call).await
    }

    async fn query(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let call = || self.agent.query(&self.canister, method).with_arg(arg.clone()).call();
        self.answered(call).await
    }

    fn certificates(&self) -> Option<&dyn Certificates> {
        Some(&self.certificates)
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
