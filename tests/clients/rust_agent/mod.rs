//! The agent that Rust programs use: ic-agent.

mod callers;
mod client;
mod owners;
mod reads;
mod refusals;

use candid::Principal;
use candid::utils::ArgumentEncoder;
use ic_agent::agent::{RejectCode, RejectResponse};
use ic_agent::identity::AnonymousIdentity;
use ic_agent::{Agent, AgentError, Identity};
use message_canister::api::*;

use crate::network::Network;
use crate::{blob, decoded, encoded, identities, item, module_hash};
use test_support::artifact::root;

/// An agent that asks the network for its root key.
async fn agent(url: &str, identity: impl Identity + 'static) -> Agent {
    let agent = Agent::builder().with_url(url).with_identity(identity).build().expect("the url is legal");
    agent.fetch_root_key().await.expect("the status has a root key");
    agent
}

async fn update(
    agent: &Agent,
    canister: Principal,
    method: &str,
    arguments: impl ArgumentEncoder,
) -> Result<Vec<u8>, AgentError> {
    agent.update(&canister, method).with_arg(encoded(arguments)).call_and_wait().await
}

async fn query(
    agent: &Agent,
    canister: Principal,
    method: &str,
    arguments: impl ArgumentEncoder,
) -> Result<Vec<u8>, AgentError> {
    agent.query(&canister, method).with_arg(encoded(arguments)).call().await
}

#[tokio::test]
async fn messages_are_added_once_and_read_back() {
    let network = Network::start();
    let (agent, inbox) = (agent(&network.url(), AnonymousIdentity).await, network.canister());
    for duplicate in [false, true] {
        let reply = update(&agent, inbox, "add_message", (blob(b"alice"), blob(b"sealed"))).await.expect("it replies");
        assert_eq!(decoded::<Added, AddError>(&reply), Ok(Added { id: 1, duplicate }));
    }
    let reply = update(&agent, inbox, "add_message", (blob(b""), blob(b"sealed"))).await.expect("it replies");
    assert_eq!(decoded::<Added, AddError>(&reply), Err(AddError::KeyIdLength(TooLong { length: 0, max: 64 })));

    let message = query(&agent, inbox, "get_message_by_id", (1u32,)).await.expect("it replies");
    let found = decoded::<Found, GetError>(&message).expect("it is stored");
    let message = &found.message;
    assert_eq!((&message.key_id[..], &message.ciphertext[..]), (&b"alice"[..], &b"sealed"[..]));
    let unknown = query(&agent, inbox, "get_message_by_id", (2u32,)).await.expect("it replies");
    assert_eq!(decoded::<Found, GetError>(&unknown), Err(GetError::UnknownId { id: 2, last: 1 }));
    // A query method may be called as an update too; then its reply is certified.
    let certified = update(&agent, inbox, "get_message_by_id", (1u32,)).await.expect("it replies");
    assert_eq!(decoded::<Found, GetError>(&certified), Ok(found));
}

#[tokio::test]
async fn a_batch_is_added_and_read_in_pages() {
    let network = Network::start();
    let (agent, inbox) = (agent(&network.url(), identities::ed25519()).await, network.canister());
    let mut batch: Vec<NewMessage> = (1..=7u8).map(|n| item(b"bob", &[n; 100])).collect();
    batch.push(item(b"bob", b""));
    let reply = update(&agent, inbox, "add_messages", (batch,)).await.expect("it replies");
    let results = decoded::<Vec<Result<Added, AddError>>, BatchError>(&reply).expect("it is short enough");
    let mut expected: Vec<_> = (1..=7).map(|id| Ok(Added { id, duplicate: false })).collect();
    expected.push(Err(AddError::CiphertextEmpty));
    assert_eq!(results, expected);

    for (order, ids) in [(Order::ascending, [1, 2, 3, 4, 5, 6, 7]), (Order::descending, [7, 6, 5, 4, 3, 2, 1])] {
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let start = if after == 0 { Start::beginning } else { Start::after(after) };
            let cursor = KeyCursor { start, order, limit: 3, prove: false };
            let reply = query(&agent, inbox, "get_messages_by_key", (blob(b"bob"), cursor)).await.expect("it replies");
            let page = decoded::<Page, PageError>(&reply).expect("the cursor is one");
            found.extend(page.messages.iter().map(|message| message.id));
            after = page.next;
            if after == 0 {
                break;
            }
        }
        assert_eq!(found, ids, "{order:?}");
    }
    let all = Cursor { after: 0, order: Order::descending, limit: 9 };
    let reply = query(&agent, inbox, "get_messages_by_time", (0u32, u32::MAX, all)).await.expect("it replies");
    let page = decoded::<Page, PageError>(&reply).expect("the times are in order");
    assert_eq!(page.messages.iter().map(|message| message.id).collect::<Vec<_>>(), [7, 6, 5, 4, 3, 2, 1]);
    let reply = query(&agent, inbox, "get_messages_by_time", (0u32, 1u32, all)).await.expect("it replies");
    assert_eq!(decoded::<Page, PageError>(&reply).map(|page| page.messages), Ok(vec![]), "it is not 1970");

    let cursor = KeyCursor { start: Start::after(9), order: Order::ascending, limit: 3, prove: false };
    let reply = query(&agent, inbox, "get_messages_by_key", (blob(b"bob"), cursor)).await.expect("it replies");
    assert_eq!(decoded::<Page, PageError>(&reply), Err(PageError::UnknownCursor { after: 9 }));
}

/// Whether a rejection is certified, its code and its error code.
fn rejection(result: Result<Vec<u8>, AgentError>) -> (&'static str, RejectCode, String) {
    let (kind, RejectResponse { reject_code, error_code, .. }) = match result.expect_err("it is rejected") {
        AgentError::CertifiedReject { reject, .. } => ("certified", reject),
        AgentError::UncertifiedReject { reject, .. } => ("uncertified", reject),
        other => panic!("{other}"),
    };
    (kind, reject_code, error_code.expect("it has one"))
}

#[tokio::test]
async fn traps_missing_methods_and_missing_canisters_are_told_apart() {
    let network = Network::start();
    let (agent, inbox) = (agent(&network.url(), identities::secp256k1()).await, network.canister());
    let error = |kind, code, text: &str| (kind, code, text.to_string());

    let rejected = update(&agent, inbox, "add_message", (1u8,)).await;
    let message = rejected.as_ref().expect_err("it is malformed").to_string();
    assert!(message.contains("malformed argument"), "the reason is told: {message}");
    assert_eq!(rejection(rejected), error("certified", RejectCode::CanisterReject, "IC0406"));
    let trap = update(&agent, inbox, "get_message_by_id", ("text",)).await;
    assert_eq!(rejection(trap), error("certified", RejectCode::CanisterError, "IC0503"));
    let trap = query(&agent, inbox, "get_message_by_id", ("text",)).await;
    assert_eq!(rejection(trap), error("uncertified", RejectCode::CanisterError, "IC0503"));

    let missing = update(&agent, inbox, "missing", ()).await;
    assert_eq!(rejection(missing), error("certified", RejectCode::CanisterError, "IC0536"));
    let missing = query(&agent, inbox, "missing", ()).await;
    assert_eq!(rejection(missing), error("uncertified", RejectCode::CanisterError, "IC0536"));

    let nobody = network.absent_canister();
    let absent = update(&agent, nobody, "add_message", (blob(b"alice"), blob(b"sealed"))).await;
    assert_eq!(rejection(absent), error("uncertified", RejectCode::DestinationInvalid, "IC0301"));
    let absent = query(&agent, nobody, "get_status", ()).await;
    assert_eq!(rejection(absent), error("uncertified", RejectCode::DestinationInvalid, "IC0301"));
}

#[tokio::test]
async fn rejections_of_canisters_are_told() {
    let network = Network::rejecting();
    let (agent, canister) = (agent(&network.url(), AnonymousIdentity).await, network.canister());
    let error = |kind| (kind, RejectCode::CanisterReject, "IC0406".to_string());
    let rejected = update(&agent, canister, "reject", ()).await;
    let message = rejected.as_ref().expect_err("it rejects").to_string();
    assert!(message.contains("reject message no,"), "the canister's word is told: {message}");
    assert_eq!(rejection(rejected), error("certified"));
    assert_eq!(rejection(query(&agent, canister, "reject_of_query", ()).await), error("uncertified"));
    assert_eq!(rejection(update(&agent, canister, "refused", ()).await), error("uncertified"));
}

#[tokio::test]
async fn metadata_the_module_hash_and_the_controllers_are_certified() {
    let controller = identities::principal(&identities::ed25519());
    let network = Network::controlled_by(&[controller]);
    let (agent, inbox) = (agent(&network.url(), AnonymousIdentity).await, network.canister());
    let interface = agent.read_state_canister_metadata(inbox, "candid:service").await.expect("it is public");
    assert_eq!(interface, std::fs::read(root().join("canister.did")).expect("the file is there"));
    let absent = agent.read_state_canister_metadata(inbox, "absent").await;
    assert!(matches!(absent, Err(AgentError::LookupPathAbsent(_))), "{absent:?}");
    let hash = agent.read_state_canister_module_hash(inbox).await.expect("it has a module");
    assert_eq!(hash, module_hash());
    let controllers = agent.read_state_canister_controllers(inbox).await.expect("they are public");
    assert_eq!(controllers, [controller]);
}
