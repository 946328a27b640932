//! Checks that the newest certified log continues the last one. If the two contradict each other, they are the evidence, and
//! the verifier halts.

use super::{CERTIFIED, End, Follower, heads, unverified};
use crate::certificate::Certified;
use crate::disk::Disk;
use crate::evidence::{self, Prefix};
use crate::network::{Network, Shown, check_age};
use crate::pinned::Pinned;
use directory_core::log::{LogError, leaf_hash, root_by_inclusion};
use std::io;

impl<D: Disk, N: Network> Follower<D, N> {
    /// Fetches the newest certified log. It must continue the last one.
    pub(super) async fn advance(&mut self, now: u64) -> Result<(Certified, Shown), End> {
        let last = self.certified.clone();
        let known = last.as_ref().map_or(0, |last| last.log.checkpoint.size);
        let shown = self.network.checkpoint(known).await?;
        let new = self.checked(&shown, now)?;
        let checkpoint = new.log.checkpoint;
        if let Some(last) = &last {
            let old = last.log.checkpoint;
            if checkpoint.size < old.size {
                if new.time <= last.time {
                    return Err(unverified(format!("a node lags: it has {} heads of {}", checkpoint.size, old.size)));
                }
                let what = evidence::rollback_sentence(old.size, checkpoint.size);
                return Err(self.halt(what, |disk, pinned| evidence::rollback(disk, pinned, last, &new)));
            }
            if known > 0 {
                let consistency = shown.consistency.clone();
                let continued = Prefix { certified: new.clone(), size: old.size, root: old.root, consistency };
                if let Err(error) = continued.verify() {
                    let other = self.other(continued, error, now).await?;
                    let what = evidence::fork_sentence(old.size, &old.root, &other.root);
                    return Err(self.halt(what, |disk, pinned| evidence::fork(disk, pinned, last, &other)));
                }
            }
        }
        if last.is_none_or(|last| last.log.checkpoint != checkpoint) {
            self.verifier_mut()?.disk_mut().replace(CERTIFIED, &new.encode())?;
        }
        self.certified = Some(new.clone());
        self.progress.send_modify(|progress| progress.certified = checkpoint.size);
        Ok((new, shown))
    }

    /// The log in a node's answer, after checking its certificate.
    pub(super) fn checked(&self, shown: &Shown, now: u64) -> Result<Certified, End> {
        let certified = self.authority.log(&shown.log, &shown.certificate).map_err(unverified)?;
        check_age(certified.time, now)?;
        let configuration = certified.log.configuration;
        if configuration != self.pinned.hash() {
            let why = format!("the configuration {} is not the pinned one", hex::encode(configuration));
            return Err(unverified(why));
        }
        Ok(certified)
    }

    /// Halts the verifier, with two certificates that contradict each other as evidence.
    fn halt(&mut self, what: String, evidence: impl FnOnce(&mut D, &Pinned) -> io::Result<()>) -> End {
        match self.take() {
            Ok(verifier) => verifier.halt(what, |disk| evidence(disk, &self.pinned)).into(),
            Err(end) => end,
        }
    }

    /// The prefix of a fork that stands in the place of the last certified log. `continued` says that this log is the prefix, and
    /// `error` why its proof does not show that. If the log is no fork, the node's proof is false: that is trouble.
    async fn other(&self, continued: Prefix, error: LogError, now: u64) -> Result<Prefix, End> {
        let false_proof = || unverified("a node's consistency proof is false".to_owned());
        let (root, whole) = (continued.root, continued.certified.log.checkpoint);
        let other = if continued.size == whole.size {
            Prefix { root: whole.root, consistency: Vec::new(), ..continued }
        } else if continued.size.is_power_of_two() {
            self.complete(continued.size, now).await?
        } else {
            // The hashes of the proof lead to both roots.
            let LogError::Root { found, .. } = error else { return Err(false_proof()) };
            Prefix { root: found, ..continued }
        };
        if other.verify().is_err() || other.root == root {
            return Err(false_proof());
        }
        Ok(other)
    }

    /// The prefix whose size is a power of two, as a node shows it. A consistency proof from there begins with the prefix's root and
    /// so does not contain it. The one from the first head contains the other hashes of the prefix.
    async fn complete(&self, size: u64, now: u64) -> Result<Prefix, End> {
        let cut_off = || unverified("a node's consistency proof is cut off".to_owned());
        let shown = self.network.checkpoint(1).await?;
        let certified = self.checked(&shown, now)?;
        let first = heads(&self.network, 0, 1).await?;
        let first = first.first().ok_or_else(cut_off)?;
        let levels = size.trailing_zeros() as usize;
        let (path, consistency) = shown.consistency.split_at_checked(levels).ok_or_else(cut_off)?;
        let root = root_by_inclusion(0, size, leaf_hash(&first.encode()), path).map_err(|_| cut_off())?;
        Ok(Prefix { certified, size, root, consistency: consistency.to_vec() })
    }
}
