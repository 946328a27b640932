//! Acknowledging: an owner reads its key from the oldest message on, and acknowledges the messages that it has read.

use client::request;
use message_canister::api::{AckError, Acknowledgement, Cursor, Order};

use super::client::Client;
use crate::draft::{key_id, key_owned_by};
use crate::violation::{Verdict, Violation, ensure};

impl Client {
    /// Reads `pages` pages of a key and acknowledges through the last message. If the client does not own the key, the canister
    /// must refuse.
    pub(super) async fn acknowledge(&mut self, key: u16, limit: u32, pages: u32) -> Verdict<()> {
        let owns = key_owned_by(self.number) == Some(key);
        let through = if owns {
            // The owner acknowledges only messages that were shown, so the model knows them.
            let cursor = Cursor { after: 0, order: Order::ascending, limit };
            self.walk_of_key(key, cursor, pages).await?.messages().next_back().map(|seen| seen.id)
        } else {
            self.model().ids_of(key).last().copied()
        };
        let Some(through) = through else { return Ok(()) };
        let request = request::acknowledge(&[Acknowledgement { key_id: key_id(key), through }]);
        let before = if owns { self.model().begin_acknowledging(key, through) } else { 0 };
        let (reply, was_cut) = self.caller.settle(&request).await?;
        let results = request.decode(&reply);
        let results = results.map_err(|error| Violation(format!("acknowledge failed: {error}")))?;
        match (owns, &results[..]) {
            (true, [Ok(acknowledged)]) => {
                let messages = acknowledged.messages;
                self.model().confirm_acknowledged(key, (before, through), messages, was_cut)?;
                self.count(|tally| {
                    tally.acknowledgements += 1;
                    tally.acknowledged += u64::from(messages);
                });
                Ok(())
            }
            (false, [Err(AckError::NotOwner)]) => {
                self.count(|tally| tally.not_owner += 1);
                Ok(())
            }
            _ => ensure(false, || format!("acknowledge through {through} under {key} answers {results:?}")),
        }
    }
}
