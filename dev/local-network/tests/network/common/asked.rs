//! The senders that are believed: requests that say who sent them.

use candid::Principal;
use ic_transport_types::{Envelope, EnvelopeContent, QueryResponse};

use super::Network;
use super::envelope::*;
use super::http::Answer;

/// A network. These tests ask its canister who calls.
pub struct Asked(pub Network);

impl Asked {
    pub async fn start() -> Self {
        Self(Network::probe().await)
    }

    pub fn query(&self, sender: Principal) -> EnvelopeContent {
        query(self.0.canister, sender, "caller_of_query", &[])
    }

    /// Each kind of request by `sender`.
    pub fn each(&self, sender: Principal) -> [EnvelopeContent; 3] {
        let call = call(self.0.canister, sender, "caller", &[]);
        [call, self.query(sender), read_state(sender, &[path([b"time"])])]
    }

    pub async fn accepts(&self, what: &str, envelope: &Envelope<'_>) {
        let answer = self.0.ask(envelope).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        if matches!(*envelope.content, EnvelopeContent::Query { .. }) {
            assert_eq!(caller(&answer), envelope.content.sender().as_slice(), "{what}");
        }
    }

    pub async fn refuses(&self, what: &str, envelope: &Envelope<'_>, reason: &str) {
        let answer = self.0.ask(envelope).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.text());
        assert!(answer.text().contains(reason), "{what}: {}", answer.text());
    }
}

fn caller(answer: &Answer) -> Vec<u8> {
    match answer.cbor() {
        QueryResponse::Replied { reply, .. } => reply.arg,
        other => panic!("{other:?}"),
    }
}
