//! A network that lies about a directory, and an operator who forks it, to both verifiers: the client for Rust over ic-agent,
//! and the client in TypeScript over @icp-sdk/core. Each must name each lie.

mod liar;
mod owners;
mod stage;

use std::fmt::Debug;

use ::client::CallError;
use ::client::directory::api::View;
use serde_json::json;

use self::liar::{Lie, Question};
use self::owners::name;
use self::stage::Stage;
use crate::javascript::{self, hex};
use crate::lies::CHOOSE;

/// The verdict on a true answer.
const TRUE: &str = "true";

impl Stage {
    /// The verdict of the client for Rust.
    async fn verdict(&self, lie: &Lie) -> String {
        let mut client = self.client().await;
        match lie.question {
            Question::Lookup(label) => {
                if lie.remembers {
                    client = client.with_memory(self.memory);
                }
                let verdict = said(client.lookup(&name(label), View::newest, None).await);
                assert!(
                    lie.remembers || (verdict == TRUE) == client.memory().is_some(),
                    "nothing of a lie is remembered"
                );
                verdict
            }
            Question::Bundles => {
                let seen = if lie.remembers { std::slice::from_ref(&self.newest) } else { &[] };
                said(client.bundles(&name("alice"), &self.alice, seen).await)
            }
        }
    }
}

/// A result in words.
fn said<T, E: Debug>(result: Result<T, CallError<E>>) -> String {
    match result {
        Ok(_) => TRUE.into(),
        Err(CallError::Lie(lie)) => lie.to_string(),
        Err(other) => format!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_for_rust_names_every_lie() {
    let stage = Stage::set().await;
    // Before the proxy lies, it passes true answers.
    for lie in &*stage.lies {
        assert_eq!(stage.verdict(lie).await, TRUE, "{}", lie.name);
    }
    let control = reqwest::Client::builder().no_proxy().build().expect("the options are legal");
    let mut wrong = vec![];
    for (number, lie) in stage.lies.iter().enumerate() {
        let chosen = control.post(format!("{}{CHOOSE}{number}", stage.proxy.url())).send().await;
        chosen.expect("the proxy answers");
        let verdict = stage.verdict(lie).await;
        if !verdict.contains(lie.rust) {
            wrong.push(format!("{}: {verdict}, not {}", lie.name, lie.rust));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_client_in_typescript_names_every_lie() {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let stage = runtime.block_on(Stage::set());
    let told = stage.lies.iter().map(|lie| {
        let label = match lie.question {
            Question::Lookup(label) => Some(label),
            Question::Bundles => None,
        };
        json!({ "name": lie.name, "label": label, "remembers": lie.remembers, "expected": lie.typescript })
    });
    let log = stage.memory.log;
    let settings = json!({
        "url": stage.proxy.url(),
        "choose": format!("{}{CHOOSE}", stage.proxy.url()),
        "canister": stage.canister().to_text(),
        "published": { "encoded": hex(&stage.published.encoded), "vrf_key": hex(&stage.published.vrf_key) },
        "memory": { "size": log.size.to_string(), "root": hex(&log.root), "ratified": stage.memory.ratified.to_string() },
        "alice": { "index": hex(&stage.alice.index), "profile": stage.alice.profile.as_deref().map(hex) },
        "newest": hex(&stage.newest.encode()),
        "lies": told.collect::<Vec<_>>(),
    });
    javascript::scenario("icp-sdk", "everyLieAboutADirectoryIsNamed", settings);
}
