//! The same store on the served network, whose subnet signs. A replica there lies to a reader that verifies.

use std::time::Duration;

use candid::{Empty, Principal, decode_one, encode_args, encode_one};
use client::agent::AgentTransport;
use client::api::{KeyCursor, Order, Page, Start};
use client::{CallError, Certificates, Client, Failure, Retry, Transport, Trust};
use ic_agent::Agent;
use local_ic::LocalIc;
use sealing::Key;
use serde_bytes::{ByteBuf, Bytes};
use sha2::{Digest, Sha256};
use test_support::network::served;

use crate::error::{Error, ensure};
use crate::show::line;

/// The replica's lies: the name of each, and what it does to a page.
const LIES: [(&str, Lie); 4] = [
    ("leaves out the oldest message", Lie::Page(|page| drop(page.messages.remove(0)))),
    (
        "forges a message",
        Lie::Page(|page| {
            let message = &mut page.messages[0];
            message.ciphertext[0] ^= 1;
            message.hash = ByteBuf::from(Sha256::digest(&message.ciphertext).to_vec());
        }),
    ),
    ("says that a message is an hour older", Lie::Page(|page| page.messages[0].timestamp -= 3_600)),
    ("denies the key, with the proof that another is absent", Lie::AnotherKey),
];

#[derive(Clone, Copy)]
enum Lie {
    Page(fn(&mut Page)),
    AnotherKey,
}

/// A replica between the reader and the subnet. It has the subnet's certificates, and cannot make others.
struct Replica {
    honest: AgentTransport,
    lie: Lie,
}

/// Reads a key's messages and has each verified; then lets a replica tell [`LIES`], each of which must be caught.
pub fn are_caught(engine: LocalIc, canister: Principal, key: &Key, messages: usize) -> Result<(), Error> {
    let failed = |reason: String| Error::Call { method: "get_messages_by_key", reason };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| failed(error.to_string()))?;
    runtime.block_on(async {
        let network = served(engine);
        let agent = Agent::builder().with_url(network.url()).build();
        let agent = agent.map_err(|error| failed(error.to_string()))?;
        agent.fetch_root_key().await.map_err(|error| failed(error.to_string()))?;

        let honest = Client::with_agent(agent.clone(), canister);
        let mut list = honest.messages_of_key(key.id(), Order::ascending, Start::beginning);
        let (mut read, mut as_of) = (0, 0);
        while let Some(page) = list.next().await.map_err(|error| failed(error.to_string()))? {
            let Trust::Verified { as_of: time } = page.trust else {
                return Err(Error::Wrong(format!("a page came {:?}", page.trust)));
            };
            (read, as_of) = (read + page.value.messages.len(), time);
        }
        ensure(read == messages, || format!("{read} messages of a key were verified, not {messages}"))?;
        line(|| Ok(format!("{read} messages of a key, verified by the subnet's signature as of {as_of}")))?;
        for (name, lie) in LIES {
            let replica = Replica { honest: AgentTransport::new(agent.clone(), canister), lie };
            let reader = Client::new(replica).with_retry(Retry::NEVER);
            match reader.messages_of_key(key.id(), Order::ascending, Start::beginning).next().await {
                Err(CallError::Lie(lie)) => line(|| Ok(format!("a replica {name}; the reader: {lie}")))?,
                other => return Err(Error::Wrong(format!("a replica {name}, and the reader takes it: {other:?}"))),
            }
        }
        Ok(())
    })
}

impl Transport for Replica {
    async fn update(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        self.honest.update(method, arg).await
    }

    async fn query(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        match self.lie {
            Lie::AnotherKey => {
                let cursor = KeyCursor { start: Start::beginning, order: Order::ascending, limit: 1, prove: true };
                let other = encode_args((Bytes::new(b"a key of nobody"), cursor));
                self.honest.query(method, other.map_err(unsendable)?).await
            }
            Lie::Page(change) => {
                let reply = self.honest.query(method, arg).await?;
                let mut page = decode_one::<Result<Page, Empty>>(&reply).map_err(unsendable)?;
                if let Ok(page) = &mut page {
                    change(page);
                }
                encode_one(page).map_err(unsendable)
            }
        }
    }

    fn certificates(&self) -> Option<&dyn Certificates> {
        self.honest.certificates()
    }

    async fn pause(&self, duration: Duration) {
        self.honest.pause(duration).await;
    }
}

fn unsendable(error: candid::Error) -> Failure {
    Failure::Unsendable(error.into())
}
