//! The typed client over ic-agent's transport, against the served network.

use ::client::api::*;
use ::client::{CallError, Client, Failure, Item, RejectCode, Retry, Trust};
use ic_agent::Agent;
use ic_agent::identity::AnonymousIdentity;
use tokio::net::TcpSocket;

use super::agent;
use crate::item;
use crate::network::Network;

#[tokio::test]
async fn adds_reads_and_refusals_are_typed() {
    let network = Network::start();
    let agent = agent(&network.url(), AnonymousIdentity).await;
    let client = Client::with_agent(agent, network.canister());
    let batch: Vec<NewMessage> = (1..=5u8).map(|n| item(b"bob", &[n; 100])).collect();
    for duplicate in [false, true] {
        let results = client.add_messages(&batch).await.expect("the batch is taken");
        assert_eq!(results, (1..=5).map(|id| Ok(Added { id, duplicate })).collect::<Vec<_>>());
    }
    let refused = client.add_message(b"", b"sealed").await.expect_err("the key id is empty");
    let expected = AddError::KeyIdLength(TooLong { length: 0, max: 64 });
    assert!(matches!(&refused, CallError::Refused(error) if *error == expected), "{refused}");

    let mut messages = client.messages_of_key(b"bob", Order::descending, Start::beginning).with_limit(2).messages();
    let mut ids = vec![];
    while let Some(read) = messages.next().await.expect("a page comes") {
        assert!(matches!(read.trust, Trust::Verified { .. }), "{:?}", read.trust);
        match read.value {
            Item::Message(message) => ids.push(message.id),
            Item::Gap { first_id } => panic!("nothing was dropped, not even below {first_id}"),
        }
    }
    assert_eq!((ids, messages.position()), (vec![5, 4, 3, 2, 1], 1));
    let status = client.get_status().await.expect("it replies");
    assert_eq!(status.store.expect("reads are open").messages, 5);
}

#[tokio::test]
async fn rejections_and_silence_are_told_apart() {
    let network = Network::start();
    let nobody = Client::with_agent(agent(&network.url(), AnonymousIdentity).await, network.absent_canister());
    let error = nobody.add_message(b"key", b"sealed").await.expect_err("there is no such canister");
    let reject = error.reject().expect("it is rejected");
    assert_eq!((reject.code, reject.error_code), (RejectCode::DestinationInvalid, Some(301)));
    assert!(!error.may_have_run());

    // It is bound, so nobody else gets its port, and does not listen.
    let silent = TcpSocket::new_v4().expect("there are sockets");
    silent.bind(([127, 0, 0, 1], 0).into()).expect("a port is free");
    let url = format!("http://{}", silent.local_addr().expect("it is bound"));
    let agent = Agent::builder().with_url(url).build().expect("the url is legal");
    let client = Client::with_agent(agent, network.canister()).with_retry(Retry::NEVER);
    let error = client.get_status().await.expect_err("nobody listens");
    assert!(matches!(error, CallError::Failed(Failure::Unanswered(_))) && error.is_passing(), "{error}");
}
