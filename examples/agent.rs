//! Stores a message and reads it back, with ic-agent: `cargo run --example agent -- URL CANISTER_ID`.

use std::env::args;

use candid::Principal;
use client::Client;
use client::api::{KeyCursor, Order, Start};
use ic_agent::Agent;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (Some(url), Some(id)) = (args().nth(1), args().nth(2)) else {
        return Err("usage: agent URL CANISTER_ID".into());
    };
    let agent = Agent::builder().with_url(url).build()?;
    // Only for a development network: the Internet Computer's root key is built into the agent.
    agent.fetch_root_key().await?;
    let client = Client::with_agent(agent, Principal::from_text(id)?);

    let added = client.add_message(b"alice", b"sealed by Rust").await?;
    println!("{added:?}");

    let newest = KeyCursor { start: Start::beginning, order: Order::descending, limit: 1, prove: false };
    let page = client.get_messages_by_key(b"alice", newest).await?;
    for message in page.messages {
        println!("message {}: {}", message.id, String::from_utf8_lossy(&message.ciphertext));
    }
    println!("go on after {}", page.next);
    Ok(())
}
