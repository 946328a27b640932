//! Catching up with the newest certified log: its new epochs are replayed and appended to the journal. Meanwhile the network
//! fetches the next ones.

use super::{End, Follower, heads, unverified};
use crate::certificate::Certified;
use crate::disk::Disk;
use crate::evidence::{self, Broken};
use crate::network::{Network, Shown};
use crate::replay::Epoch;
use directory::certified::CertifiedLog;
use directory_core::hash::Hash;
use directory_core::head::Head;
use directory_core::log::verify_consistency;
use directory_core::update::LoggedUpdate;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// No honest epoch has more updates. A longer epoch is not followed.
const MAX_UPDATES: u32 = 100_000;
/// Time between two lines of the log that say how far the replay is.
const TELL: Duration = Duration::from_secs(5);

impl<D: Disk, N: Network> Follower<D, N> {
    /// Replays the epochs of the newest certified log that the verifier does not have.
    pub(super) async fn catch_up(&mut self, clock: impl Fn() -> u64) -> Result<(Certified, Shown), End> {
        loop {
            let (certified, shown) = self.advance(clock()).await?;
            if self.verifier()?.checkpoint().size >= certified.log.checkpoint.size {
                return Ok((certified, shown));
            }
            while self.replay_page(&certified, clock()).await? {}
        }
    }

    /// Replays a page of heads. Returns whether another page of this certified log can follow.
    async fn replay_page(&mut self, certified: &Certified, now: u64) -> Result<bool, End> {
        let (own, checkpoint) = (self.verifier()?.checkpoint().size, certified.log.checkpoint);
        let heads = heads(&self.network, own, checkpoint.size).await?;
        let with = self.verifier()?.replay().checkpoint_with(&heads);
        // Heads that end the certified log need no proof: they have its root.
        let consistency = if with.size < checkpoint.size {
            let through = self.network.checkpoint(with.size).await?;
            let log = CertifiedLog::decode(&through.log).map_err(|error| unverified(format!("a log: {error:?}")))?;
            // Updates that came in meanwhile are no reason to ask again: they change the certified log, not its heads.
            if log.checkpoint != checkpoint {
                // The log has grown, or the node lies.
                self.checked(&through, now)?;
                return Ok(false);
            }
            through.consistency
        } else {
            Vec::new()
        };
        verify_consistency((with.size, &with.root), (checkpoint.size, &checkpoint.root), &consistency)
            .map_err(|error| unverified(format!("the heads are not those of the certified log: {error:?}")))?;
        self.replay(&heads, certified, &consistency).await?;
        tracing::info!(replayed = with.size, of = checkpoint.size, "caught up");
        Ok(with.size < checkpoint.size)
    }

    /// Replays epochs whose heads are in the certified log.
    async fn replay(&mut self, heads: &[Head], certified: &Certified, consistency: &[Hash]) -> Result<(), End> {
        let mut ahead = VecDeque::new();
        for (at, head) in heads.iter().enumerate() {
            let (_, later) = heads.split_at(at + 1);
            let waiting = later.iter().map(|head| u64::from(head.updates)).sum::<u64>();
            let epoch = Epoch { head: *head, updates: self.updates(head, waiting, &mut ahead).await? };
            let complete =
                epoch.complete().map_err(|why| unverified(format!("updates of epoch {}: {why}", head.epoch)))?;
            let broken = Broken { epoch: &epoch, later, certified, consistency };
            let pinned = self.pinned.clone();
            let verifier = self
                .take()?
                .epoch(&complete, certified.time, |disk, journal| evidence::broken(disk, &pinned, journal, &broken))?;
            self.verifier = Some(verifier);
            self.show();
            if self.told.elapsed() >= TELL {
                self.told = Instant::now();
                let (replayed, updates) = (head.epoch + 1, head.first_update + u64::from(head.updates));
                let CertifiedLog { checkpoint, updates: of_updates, .. } = certified.log;
                tracing::info!(replayed, of = checkpoint.size, updates, of_updates, "catches up");
            }
        }
        Ok(())
    }

    /// The updates of an epoch. The answers may contain updates of later epochs: at most `waiting` of these are kept in
    /// `ahead`.
    async fn updates(
        &self,
        head: &Head,
        waiting: u64,
        ahead: &mut VecDeque<LoggedUpdate>,
    ) -> Result<Vec<LoggedUpdate>, End> {
        if head.updates > MAX_UPDATES {
            return Err(unverified(format!("epoch {} has {} updates", head.epoch, head.updates)));
        }
        if ahead.front().is_some_and(|update| update.position != head.first_update) {
            ahead.clear();
        }
        let number = head.updates as usize;
        while ahead.len() < number {
            let from = head.first_update.saturating_add(ahead.len() as u64);
            let limit = ((number - ahead.len()) as u64).saturating_add(waiting);
            let page = self.network.updates(from, limit).await?;
            if page.is_empty() {
                return Err(unverified(format!("updates from {from} on are withheld")));
            }
            ahead.extend(page.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)));
        }
        Ok(ahead.drain(..number).collect())
    }
}
