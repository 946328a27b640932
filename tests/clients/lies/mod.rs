//! A network that lies about a store, to both verifiers: the client for Rust over ic-agent, and the verifier in
//! TypeScript over @icp-sdk/core. Each must name each lie.

mod asked;
mod liar;
mod table;
mod world;

use std::fmt::Debug;
use std::sync::Mutex;

use ::client::agent::AgentTransport;
use ::client::api::*;
use ::client::proofs::seen::Seen;
use ::client::{CallError, Client, Read, Retry, Trust};
use ic_agent::Agent;
use serde_json::json;

use self::asked::Asked;
use self::liar::Liar;
pub use self::liar::{CHOOSE, answered};
use self::table::{Lie, Memory, TRUE, lies};
use self::world::ALICE;
use crate::javascript;
use crate::network::Network;
use test_support::proxy::Proxy;

/// The network, and the liar before it.
struct Stage {
    network: Network,
    proxy: Proxy,
    seconds: Vec<u32>,
    seen: Seen,
}

/// A client of an address of the network.
async fn client(url: &str, network: &Network) -> Client<AgentTransport> {
    let agent = Agent::builder().with_url(url).with_verify_query_signatures(false).build();
    let agent = agent.expect("the url is legal");
    agent.fetch_root_key().await.expect("the status has a root key");
    Client::with_agent(agent, network.canisters[0]).with_retry(Retry::NEVER)
}

impl Stage {
    async fn set() -> Self {
        let network = world::network();
        let honest = client(&network.url(), &network).await;
        let all = honest.messages_of_key(ALICE, Order::ascending, Start::beginning).with_limit(20).next().await;
        let first = all.expect("it verifies").expect("there are messages").value.messages;
        // Ranks below the fourth are acknowledged, so nobody asks for their seconds.
        let seconds = (1..=3).map(|_| 0).chain(first.iter().map(|message| message.timestamp)).collect();
        let cursor = KeyCursor { start: Start::beginning, order: Order::descending, limit: 4, prove: true };
        let older = honest.get_messages_by_key(ALICE, cursor).await.expect("it is answered");
        honest.add_message(ALICE, &world::text(13)).await.expect("it is taken");
        let mut newest = honest.messages_of_key(ALICE, Order::descending, Start::beginning);
        newest.next().await.expect("it verifies");
        let seen = newest.seen().expect("alice has messages");
        let liar = Liar {
            lies: lies().collect(),
            canister: network.canisters[0],
            other_canister: network.canisters[1],
            seconds,
            older: crate::encoded((Ok::<_, PageError>(older),)),
            told: Mutex::new(None),
        };
        let seconds = liar.seconds.clone();
        let proxy = network.behind(liar);
        Self { network, proxy, seconds, seen }
    }

    /// A reader's memory.
    fn memory(&self, memory: Memory) -> Option<Seen> {
        match memory {
            Memory::Nothing => None,
            Memory::Newest => Some(self.seen),
            Memory::Exchanged => Some(Seen { chain: [7; 32], ..self.seen }),
            Memory::LaterEpoch => Some(Seen { epoch: self.seen.epoch + 1, ..self.seen }),
        }
    }

    /// The verdict of the client for Rust.
    async fn verdict(&self, lie: &Lie) -> String {
        let client = client(&self.proxy.url(), &self.network).await;
        match lie.asked {
            Asked::Page(key_id, order, from, limit) => {
                let mut pages = client.messages_of_key(key_id, order, from.start(&self.seconds)).with_limit(limit);
                if let Some(seen) = self.memory(lie.memory) {
                    pages = pages.with_seen(seen);
                }
                said(pages.next().await.map(|page| page.map(|Read { trust, .. }| trust)))
            }
            Asked::Heads(key_ids) => said(client.read_key_heads(key_ids).await.map(|read| Some(read.trust))),
            Asked::Message(id) => said(client.read_message(id).await.map(|read| Some(read.trust))),
        }
    }
}

/// A result in words.
fn said<E: Debug>(result: Result<Option<Trust>, CallError<E>>) -> String {
    match result {
        Ok(None | Some(Trust::Verified { .. })) => TRUE.into(),
        Ok(Some(unverified)) => format!("{unverified:?}"),
        Err(CallError::Lie(lie)) => lie.to_string(),
        Err(CallError::Malformed { reason, .. }) => reason,
        Err(other) => format!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_for_rust_names_every_lie() {
    let stage = Stage::set().await;
    let control = reqwest::Client::builder().no_proxy().build().expect("the options are legal");
    let mut wrong = vec![];
    for (number, lie) in lies().enumerate() {
        let chosen = control.post(format!("{}{CHOOSE}{number}", stage.proxy.url())).send().await;
        chosen.expect("the proxy answers");
        let verdict = stage.verdict(lie).await;
        if !lie.rust.iter().any(|expected| verdict.starts_with(expected)) {
            wrong.push(format!("{}: {verdict}, not {:?}", lie.name, lie.rust));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Before the proxy lies, it passes true answers.
#[tokio::test(flavor = "multi_thread")]
async fn every_question_is_answered_with_the_truth_first() {
    let stage = Stage::set().await;
    for lie in lies() {
        let honest = Lie { memory: Memory::Nothing, ..*lie };
        assert_eq!(stage.verdict(&honest).await, TRUE, "{}", lie.name);
    }
}

#[test]
fn the_verifier_in_typescript_names_every_lie() {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let stage = runtime.block_on(Stage::set());
    let told = lies().map(|lie| {
        let seen = stage.memory(lie.memory).map(|seen| {
            let chain = javascript::hex(&seen.chain);
            json!({ "epoch": seen.epoch.to_string(), "id": seen.id, "rank": seen.rank, "chain": chain })
        });
        json!({ "name": lie.name, "asked": lie.asked.json(&stage.seconds), "seen": seen, "expected": lie.typescript })
    });
    let settings = json!({
        "url": stage.proxy.url(),
        "choose": format!("{}{CHOOSE}", stage.proxy.url()),
        "canister": stage.network.canisters[0].to_text(),
        "lies": told.collect::<Vec<_>>(),
    });
    javascript::scenario("icp-sdk", "everyLieIsNamed", settings);
}
