//! Checks that the newest certified log continues the last one. If the two contradict each other, they are the evidence, and
//! the verifier halts.

use super::{CERTIFIED, End, Follower, heads, stopped, unverified};
use crate::certificate::Certified;
use crate::disk::Disk;
use crate::evidence::{self, Case, Writer};
use crate::network::{Network, Shown, check_age};
use directory_core::hash::Hash;
use directory_core::log::{Log, verify_consistency};

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
                return Err(self.contradiction(Case::Rollback, what, last, &new));
            }
            if checkpoint.size == old.size && checkpoint.root != old.root {
                let what = evidence::fork_sentence(old.size, &old.root, &checkpoint.root);
                return Err(self.contradiction(Case::Fork, what, last, &new));
            }
            let continues = (old.size, &old.root);
            if known > 0
                && verify_consistency(continues, (checkpoint.size, &checkpoint.root), &shown.consistency).is_err()
            {
                return Err(self.fork(last, &new).await);
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
    fn contradiction(&mut self, case: Case, what: String, last: &Certified, new: &Certified) -> End {
        let pinned = self.pinned.clone();
        match self.take() {
            Ok(verifier) => {
                verifier.halt(what, |disk, _| evidence::contradiction(disk, &pinned, case, [last, new])).into()
            }
            Err(end) => end,
        }
    }

    /// Fetches all heads of a larger certified log that does not seem to continue the last one. If they confirm this, the
    /// verifier halts. Otherwise the node sent a false consistency proof.
    async fn fork(&mut self, last: &Certified, new: &Certified) -> End {
        match self.write_fork(last, new).await {
            Err(end) => end,
            Ok(root) => {
                let old = last.log.checkpoint;
                let what = evidence::fork_sentence(old.size, &old.root, &root);
                match self.take() {
                    Ok(verifier) => verifier.halt(what, |_, _| Ok(())).into(),
                    Err(end) => end,
                }
            }
        }
    }

    /// Writes the evidence of a fork. Returns the root of the new log at the size of the last one.
    async fn write_fork(&mut self, last: &Certified, new: &Certified) -> Result<Hash, End> {
        let (old, checkpoint) = (last.log.checkpoint, new.log.checkpoint);
        let Some(verifier) = &mut self.verifier else { return Err(stopped()) };
        let mut writer = Writer::new(verifier.disk_mut(), evidence::FILE, &self.pinned, Case::Fork)?;
        writer.certified(last)?;
        writer.certified(new)?;
        let mut log = Log::<Vec<Hash>>::default();
        while log.size() < checkpoint.size {
            let heads = heads(&self.network, log.size(), checkpoint.size).await?;
            heads.iter().for_each(|head| log.append(&head.encode()));
            writer.heads(&heads)?;
        }
        let root = log.root(old.size);
        if log.root(checkpoint.size) != checkpoint.root || root == old.root {
            return Err(unverified("a node shows another history than the certified one".to_owned()));
        }
        writer.finish()?;
        Ok(root)
    }
}
