//! Replays the whole log by the rules, as a new verifier does. The result must be the certified head.

use std::io;

use client::agent::AgentTransport;
use client::directory::directory_core::update::LoggedUpdate;
use client::directory::{DirectoryClient, api};
use verifier::replay::{Epoch, Past, Replay, ReplayError};

use super::Directory;
use super::compare::{heads, updates};
use crate::soak::caller::failed;
use crate::violation::{Verdict, Violation, ensure};

/// The updates that were replayed so far.
struct Replayed<'a>(&'a [LoggedUpdate]);

impl Past for Replayed<'_> {
    fn update(&self, position: u64) -> io::Result<LoggedUpdate> {
        let update = self.0.get(position as usize).cloned();
        update.ok_or_else(|| io::Error::other(format!("the update {position} was not replayed")))
    }
}

/// Replays the log of a directory that nobody uses.
///
/// # Errors
///
/// If the log breaks a rule, or the result is not the certified head.
pub async fn replay(directory: &Directory) -> Verdict<()> {
    let Directory { controller, trusted, pinned, .. } = directory;
    let pins = pinned.pins().map_err(|why| Violation(format!("nothing can be pinned: {why}")))?;
    let (heads, updates) = (heads(controller, 0).await?, updates(controller, 0).await?);
    let mut replay = Replay::new(pins);
    for head in heads {
        let (from, count) = (head.first_update as usize, head.updates as usize);
        let taken = updates.get(from..from + count).unwrap_or_default().to_vec();
        let epoch = Epoch { head, updates: taken };
        // A verifier's clock is later than the last head.
        let broken = |violation| Violation(format!("the log breaks the rules: {violation}"));
        let complete = epoch.complete().map_err(broken)?;
        let replayed = replay.epoch(&Replayed(&updates[..from]), &complete, head.time);
        replay = replayed.map_err(|error| match error {
            ReplayError::Violation(violation) => broken(violation),
            ReplayError::Past(error) => Violation(format!("the log cannot be replayed: {error}")),
        })?;
    }
    let transport = AgentTransport::new(controller.agent.clone(), controller.canister);
    let client = DirectoryClient::new(transport, trusted.clone());
    let shown = client.get_checkpoint(0).await.map_err(failed)?;
    let (log, _) = client.certified::<api::LookupError>("get_checkpoint", &shown.certified).map_err(failed)?;
    let (replayed, certified) = ((replay.checkpoint(), replay.updates()), (log.checkpoint, log.updates));
    ensure(replayed == certified, || format!("the log leads to {replayed:?}, but the certified head is {certified:?}"))
}
