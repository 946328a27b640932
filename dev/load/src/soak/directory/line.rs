//! What carries a directory client's calls: through the gate, again after a kill.

use std::sync::Arc;
use std::time::Duration;

use client::agent::AgentTransport;
use client::{Certificates, Failure, Transport};
use ic_agent::Agent;

use crate::inbox::Inbox;
use crate::soak::Shared;

/// The line of one actor.
pub struct Line {
    agent: Agent,
    certificates: AgentTransport,
    shared: Arc<Shared>,
    canister: candid::Principal,
}

impl Line {
    /// The line of this actor.
    pub fn new(inbox: &Inbox, shared: Arc<Shared>) -> Self {
        let (agent, canister) = (inbox.agent.clone(), inbox.canister);
        Self { certificates: AgentTransport::new(agent.clone(), canister), agent, shared, canister }
    }
}

impl Transport for Line {
    async fn update(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        loop {
            let call = self.agent.update(&self.canister, method).with_arg(arg.clone()).call_and_wait();
            if let Some(reply) =
                self.shared.gate.attempt(call).await.map_err(|fault| Failure::Unsendable(fault.into()))?
            {
                return Ok(reply);
            }
        }
    }

    async fn query(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        loop {
            let call = self.agent.query(&self.canister, method).with_arg(arg.clone()).call();
            if let Some(reply) =
                self.shared.gate.attempt(call).await.map_err(|fault| Failure::Unsendable(fault.into()))?
            {
                return Ok(reply);
            }
        }
    }

    fn certificates(&self) -> Option<&dyn Certificates> {
        Some(&self.certificates)
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
