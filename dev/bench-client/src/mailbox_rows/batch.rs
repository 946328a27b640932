//! The load program's batches: 1,000 messages of 180 bytes, encoded ahead, in one call of an agent.

use super::MESSAGES;
use super::people::Network;
use client::agent::AgentTransport;
use client::api::NewMessage;
use client::{Transport, request};
use ic_agent::Agent;
use std::time::{Duration, Instant};

const CIPHERTEXT: usize = 180;

pub struct Batches(AgentTransport);

impl Batches {
    pub async fn of(network: &Network) -> Self {
        let agent = Agent::builder().with_url(network.url()).build().expect("it is an address");
        agent.fetch_root_key().await.expect("the network is there");
        Self(AgentTransport::new(agent, network.canister()))
    }

    /// The time of the batch with this number.
    pub async fn add(&self, number: usize) -> Duration {
        let message = |at: usize| {
            let mut ciphertext = vec![7; CIPHERTEXT];
            ciphertext[..8].copy_from_slice(&((number * MESSAGES + at) as u64).to_be_bytes());
            NewMessage { key_id: vec![3; 41].into(), ciphertext: ciphertext.into(), send_key: None }
        };
        let request = request::add_messages(&(0..MESSAGES).map(message).collect::<Vec<_>>());
        let start = Instant::now();
        let reply = self.0.update(request.method, request.arg.clone()).await.expect("the network is there");
        let took = start.elapsed();
        let added = request.decode(&reply).expect("it is a reply");
        assert!(added.len() == MESSAGES && added.iter().all(|one| one.as_ref().is_ok_and(|one| !one.duplicate)));
        took
    }
}
