//! Reads over the served network that the typed client verifies. The replica's signatures of queries are not checked,
//! so only the proofs protect the client.

use ::client::api::*;
use ::client::{CallError, Client, Trust, agent::AgentTransport};
use ic_agent::{Agent, Identity};

use crate::identities;
use crate::item;
use crate::network::Network;
use crate::tamper::Tamper;

/// A client of the network's inbox, at this address of it.
async fn client(url: &str, network: &Network, identity: impl Identity + 'static) -> Client<AgentTransport> {
    let agent = Agent::builder().with_url(url).with_identity(identity).with_verify_query_signatures(false);
    let agent = agent.build().expect("the url is legal");
    agent.fetch_root_key().await.expect("the status has a root key");
    Client::with_agent(agent, network.canister())
}

/// The ids that a reader gets, three in a page, all verified.
async fn read(client: &Client<AgentTransport>, key_id: &[u8], order: Order, start: Start) -> Vec<Id> {
    let mut pages = client.messages_of_key(key_id, order, start).with_limit(3);
    let mut ids = vec![];
    while let Some(page) = pages.next().await.unwrap_or_else(|error| panic!("{order:?} {start:?}: {error}")) {
        assert!(matches!(page.trust, Trust::Verified { .. }), "{:?}", page.trust);
        ids.extend(page.value.messages.iter().map(|message| message.id));
    }
    ids
}

#[tokio::test]
async fn honest_reads_verify_before_and_after_acknowledging_and_dropping() {
    let owner = identities::principal(&identities::ed25519());
    let network = Network::controlled_by(&[owner]);
    let client = client(&network.url(), &network, identities::ed25519()).await;
    // The owner's principal is a key that it owns.
    let key = owner.as_slice();
    let batch: Vec<_> = (1..=10u8).flat_map(|n| [item(key, &[n; 9]), item(b"other", &[n; 9])]).collect();
    client.add_messages(&batch).await.expect("the batch is taken");
    let all: Vec<Id> = (1..=10).map(|n| 2 * n - 1).collect();
    for (phase, first) in [1, 7, 9].into_iter().enumerate() {
        match phase {
            0 => {}
            1 => {
                let through = Acknowledgement { key_id: key.to_vec().into(), through: 5 };
                client.acknowledge(&[through]).await.expect("it is taken")[0].as_ref().expect("the caller owns it");
            }
            _ => {
                let limit = Setting::max_messages(Bound::AtMost(12));
                let version = client.get_status().await.expect("it replies").settings.version;
                client.set_settings(version, &[limit]).await.expect("the caller is an admin");
            }
        }
        for (start, from, to) in [
            (Start::beginning, 0, 20),
            (Start::after(10), 11, 10),
            (Start::time(u32::MAX), 20, 20),
            (Start::time(1), 0, 0),
            (Start::rank(6), 11, 11),
        ] {
            let live = |id: &Id| *id >= first;
            let up: Vec<_> = all.iter().copied().filter(|id| live(id) && *id >= from).collect();
            assert_eq!(read(&client, key, Order::ascending, start).await, up, "{start:?} up, live from {first}");
            let down: Vec<_> = all.iter().rev().copied().filter(|id| live(id) && *id <= to).collect();
            assert_eq!(read(&client, key, Order::descending, start).await, down, "{start:?} down, live from {first}");
        }
        let heads = client.read_key_heads(&[key, b"nobody"]).await.expect("they verify");
        assert!(matches!(heads.trust, Trust::Verified { .. }), "{:?}", heads.trust);
        assert_eq!(heads.value.heads.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false]);
        let found = client.read_message(19).await.expect("it verifies");
        assert!(matches!(found.trust, Trust::Verified { .. }), "{:?}", found.trust);
    }
}

/// Without signatures of queries, only the proof's certificate protects against a changed reply.
#[tokio::test]
async fn a_reply_with_a_bit_flipped_is_no_read() {
    let network = Network::start();
    let honest = client(&network.url(), &network, ic_agent::identity::AnonymousIdentity).await;
    honest.add_message(b"alice", b"sealed").await.expect("it is taken");
    let proxy = network.behind(Tamper::QueryReply);
    let lied_to = client(&proxy.url(), &network, ic_agent::identity::AnonymousIdentity).await;
    let page = lied_to.messages_of_key(b"alice", Order::ascending, Start::beginning).next().await;
    assert!(matches!(page, Err(CallError::Lie(_) | CallError::Malformed { .. })), "{page:?}");
}
