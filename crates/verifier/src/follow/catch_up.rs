//! The heads that the newest certified log has beyond the own one: its epochs are replayed, and appended to
//! the journal.

use super::{End, Follower, heads, unverified};
use crate::certificate::Certified;
use crate::disk::Disk;
use crate::evidence::{self, Broken};
use crate::network::{Network, PAGE, Shown};
use crate::replay::Epoch;
use directory_core::hash::Hash;
use directory_core::head::Head;
use directory_core::log::verify_consistency;
use directory_core::update::LoggedUpdate;
use std::collections::VecDeque;

/// More updates than an honest epoch has. A longer epoch is not followed.
const MAX_UPDATES: u32 = 100_000;

impl<D: Disk, N: Network> Follower<D, N> {
    /// Replays the epochs that the newest certified log has beyond the own one.
    pub(super) async fn catch_up(&mut self, now: u64) -> Result<(Certified, Shown), End> {
        loop {
            let (certified, shown) = self.advance(now).await?;
            let (own, size) = (self.verifier()?.checkpoint(), certified.log.checkpoint.size);
            if own.size >= size {
                return Ok((certified, shown));
            }
            let heads = heads(&self.network, own.size, size).await?;
            let with = self.verifier()?.replay().checkpoint_with(&heads);
            let through = self.network.checkpoint(with.size).await?;
            if self.checked(&through, now)?.log.checkpoint != certified.log.checkpoint {
                continue;
            }
            let checkpoint = &certified.log.checkpoint;
            verify_consistency((with.size, &with.root), (checkpoint.size, &checkpoint.root), &through.consistency)
                .map_err(|error| unverified(format!("the heads are not those of the certified log: {error:?}")))?;
            self.replay(&heads, &certified, &through.consistency).await?;
            tracing::info!(replayed = with.size, of = size, "caught up");
        }
    }

    /// Replays epochs whose heads are in the certified log.
    async fn replay(&mut self, heads: &[Head], certified: &Certified, consistency: &[Hash]) -> Result<(), End> {
        let mut ahead = VecDeque::new();
        for (at, head) in heads.iter().enumerate() {
            let (_, later) = heads.split_at(at + 1);
            let waiting = later.iter().map(|head| u64::from(head.updates)).sum::<u64>();
            let epoch = Epoch { head: *head, updates: self.updates(head, waiting, &mut ahead).await? };
            epoch.check_updates().map_err(|why| unverified(format!("updates of epoch {}: {why}", head.epoch)))?;
            let broken = Broken { epoch: &epoch, later, certified, consistency };
            let pinned = self.pinned.clone();
            let verifier = self
                .take()?
                .epoch(&epoch, certified.time, |disk, journal| evidence::broken(disk, &pinned, journal, &broken))?;
            self.verifier = Some(verifier);
            self.show();
        }
        Ok(())
    }

    /// The updates of an epoch. Updates of later epochs that come with them, at most `waiting`, stay in
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
            let limit = ((number - ahead.len()) as u64).saturating_add(waiting).min(PAGE.into());
            let page = self.network.updates(from, limit as u32).await?;
            if page.is_empty() {
                return Err(unverified(format!("updates from {from} on are withheld")));
            }
            ahead.extend(page.into_iter().take(limit as usize));
        }
        Ok(ahead.drain(..number).collect())
    }
}
