//! Stores a message and reads it back, with ic-agent: `cargo run --example agent -- URL CANISTER_ID`.

use std::env::args;

use candid::{Principal, decode_one, encode_args};
use ic_agent::Agent;
use message_canister::api::{AddError, Added, Cursor, Order, Page, PageError};
use serde_bytes::Bytes;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (Some(url), Some(id)) = (args().nth(1), args().nth(2)) else {
        return Err("usage: agent URL CANISTER_ID".into());
    };
    let canister = Principal::from_text(id)?;
    let agent = Agent::builder().with_url(url).build()?;
    // Only for a development network: the Internet Computer's root key is built into the agent.
    agent.fetch_root_key().await?;

    let message = encode_args((Bytes::new(b"alice"), Bytes::new(b"sealed by Rust")))?;
    let reply = agent.update(&canister, "add_message").with_arg(message).call_and_wait().await?;
    let added: Result<Added, AddError> = decode_one(&reply)?;
    println!("{added:?}");

    let page = encode_args((Bytes::new(b"alice"), Cursor { after: 0, order: Order::descending, limit: 1 }))?;
    let reply = agent.query(&canister, "get_messages_by_key").with_arg(page).call().await?;
    let page: Result<Page, PageError> = decode_one(&reply)?;
    let page = page.map_err(|error| format!("{error:?}"))?;
    for message in page.messages {
        println!("message {}: {}", message.id, String::from_utf8_lossy(&message.ciphertext));
    }
    println!("go on after {}", page.next);
    Ok(())
}
