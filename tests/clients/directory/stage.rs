//! A directory on the served network, its history, and the liar before it.
//!
//! ```text
//! alice: owner 1 ── owner 2 ─┬─ bob: owner 3     the client looks bob up, and remembers this log
//!                            └─ bob: owner 66    the operator goes back by a snapshot, and forks the log
//! ```
//!
//! In the end the operator returns to the first branch. The directory is honest then, and only the liar shows the
//! second branch.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use ::client::agent::AgentTransport;
use ::client::directory::api::*;
use ::client::directory::directory_core::bundle::Bundle;
use ::client::directory::directory_core::proof::Proof;
use ::client::directory::directory_core::verify::{Memory, Trusted, Verified};
use ::client::directory::{DirectoryClient, pin, published, request};
use ::client::{Retry, Transport};
use candid::Principal;
use ic_agent::Agent;
use serde_bytes::ByteBuf;

use super::liar::{Answer, Liar, Lie, Question};
use super::owners::{Client, bundle, change, name, public, register};
use crate::network::Network;
use crate::{decoded, encoded};
use test_support::management::{load_snapshot, take_snapshot};
use test_support::proxy::Proxy;

const DAY: u64 = 86_400;

/// All of it.
pub struct Stage {
    pub network: Network,
    pub proxy: Proxy,
    pub published: Published,
    /// The memory of a client that has seen bob's first registration.
    pub memory: Memory,
    /// Alice's label, with the second owner.
    pub alice: Verified,
    /// The newest bundle of her device.
    pub newest: Bundle,
    pub lies: Arc<[Lie]>,
}

/// An agent of the network or the proxy at `url`, which does not check replicas' signatures.
async fn agent(url: &str) -> Agent {
    let agent = Agent::builder().with_url(url).with_verify_query_signatures(false).build();
    let agent = agent.expect("the url is legal");
    agent.fetch_root_key().await.expect("the status has a root key");
    agent
}

/// The pins of the directory in a canister.
pub fn pinned(published: &Published, canister: &Principal) -> Trusted {
    pin(published, canister, Vec::new(), 3_600).expect("it does not contradict itself")
}

/// The reply to a look-up of a client that remembers a log of `known` heads.
async fn reply(transport: &AgentTransport, label: &str, known: u64) -> Vec<u8> {
    let asked = request::lookup(&name(label), View::newest, known, Changes::newest);
    transport.query(asked.method, asked.arg).await.expect("it replies")
}

/// The proof of an old reply, which leads to the log of now: a replica asks for that part of it.
async fn led_to_newest(client: &Client, old: &[u8]) -> ByteBuf {
    let old = decoded::<Found, LookupError>(old).expect("it was answered");
    let mut proof = Proof::decode(&old.proof).expect("it is a proof");
    let checkpoint = client.get_checkpoint(proof.head.epoch + 1).await.expect("the log is known");
    proof.to_newest = checkpoint.consistency.iter().map(|hash| hash[..].try_into().expect("32 bytes")).collect();
    ByteBuf::from(proof.encode())
}

impl Stage {
    pub async fn set() -> Self {
        let network = Network::of_directories(2);
        let [canister, other] = network.canisters[..] else { panic!("there are two") };
        let agent = agent(&network.url()).await;
        let transport = AgentTransport::new(agent.clone(), canister);
        let published = published(&transport).await.expect("it is ready");
        let trusted = pinned(&published, &canister);
        let new = || DirectoryClient::new(transport.clone(), trusted.clone());
        let (alice, bob) = (name("alice"), name("bob"));

        let mut client = new();
        let first = register(&mut client, &alice, 1).await.state.expect("it is there");
        let old = reply(&transport, "alice", 0).await;
        let second = change(&mut client, &alice, first.newest(), 1, 2).await;
        let before = take_snapshot(&agent, canister).await;
        let memory = register(&mut client, &bob, 3).await.memory;
        let after = take_snapshot(&agent, canister).await;

        load_snapshot(&agent, canister, before).await;
        let rolled_back = reply(&transport, "bob", 0).await;
        register(&mut new(), &bob, 66).await;
        let forked = reply(&transport, "bob", memory.log.size).await;
        load_snapshot(&agent, canister, after).await;

        let absent = reply(&transport, "dave", 0).await;
        let elsewhere = reply(&AgentTransport::new(agent, other), "alice", 0).await;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
        let bundle = |issued, expiry| bundle(trusted.realm, second.index, 2, issued, expiry);
        let newest = bundle(now - 60, now + DAY);
        client.put_bundle(&alice, &newest.encode()).await.expect("it is stored");
        let old_proof = led_to_newest(&client, &old).await;
        let bundles = |bundles: &[&Bundle]| {
            let bundles = bundles.iter().map(|bundle| ByteBuf::from(bundle.encode()));
            Answer::Reply(encoded((Ok::<_, BundleError>(bundles.collect::<Vec<_>>()),)))
        };
        let forged = Bundle { signature: [7; 64], ..newest.clone() };

        let lookup = Question::Lookup;
        #[rustfmt::skip]
        let lies: Arc<[Lie]> = [
            (lookup("alice"), "a foreign key", false, Answer::Forged { from: public(2).into(), to: public(66).into() }, "Map", "Map"),
            (lookup("alice"), "a foreign profile", false, Answer::Forged { from: b"hello".into(), to: b"HELLO".into() }, "Profile", "Profile"),
            (lookup("alice"), "an old key under the certificate of now", false, Answer::Proof(old_proof), "Outdated", "ToNewest/Outdated"),
            (lookup("alice"), "an old key under the certificate of then", true, Answer::Reply(old), "FromKnown", "FromKnown"),
            (lookup("alice"), "a hidden label", false, Answer::Reply(absent), "Vrf", "Vrf"),
            (lookup("bob"), "a head that was rolled back", true, Answer::Reply(rolled_back), "FromKnown", "FromKnown"),
            (lookup("bob"), "a forked log", true, Answer::Reply(forked), "FromKnown", "FromKnown"),
            (lookup("alice"), "another canister's certificate", false, Answer::Reply(elsewhere), "its certificate proves nothing", "certificate"),
            (lookup("alice"), "no certificate", false, Answer::Uncertified, "the proof is missing", "no-proof"),
            (Question::Bundles, "a bundle after its expiry", false, bundles(&[&bundle(now - 2 * DAY, now - DAY)]), "Expired", "Expired"),
            (Question::Bundles, "a bundle behind a newer one", true, bundles(&[&bundle(now - DAY, now + DAY)]), "NotNewer", "NotNewer"),
            (Question::Bundles, "a bundle twice", false, bundles(&[&newest, &newest]), "NotNewer", "NotNewer"),
            (Question::Bundles, "a forged bundle", false, bundles(&[&forged]), "Signature", "Signature"),
        ]
        .map(|(question, name, remembers, answer, rust, typescript)| Lie { name, question, remembers, answer, rust, typescript })
        .into();
        let liar = Liar { lies: Arc::clone(&lies), told: Mutex::new(None) };
        let proxy = network.behind(liar);
        Self { network, proxy, published, memory, alice: second, newest, lies }
    }

    /// The directory.
    pub fn canister(&self) -> Principal {
        self.network.canisters[0]
    }

    /// A client behind the liar.
    pub async fn client(&self) -> Client {
        let trusted = pinned(&self.published, &self.canister());
        let agent = agent(&self.proxy.url()).await;
        DirectoryClient::with_agent(agent, self.canister(), trusted).with_retry(Retry::NEVER)
    }
}
